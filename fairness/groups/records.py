"""How much was on record about a person before the list was made: people with few records are harder to rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from fairness.groups.age import banded
from fairness.groups.parties import Ids, resolve
from threat.asof import how_many_on_record, withdrawn
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import position

NOTE = "records about this person that were visible at the as-of; people with few are harder to rank"

_SPAN = np.int64(1) << 34
"""Seconds: later than any recorded_at (the year 2514), so that one sorted key holds person and time."""

_PARTS = ("subject_id", "person_at_risk_id", "person_id")
"""The columns of an event that name a person."""


@dataclass(frozen=True, slots=True, eq=False)
class _Visible:
    """Spans in which a record about a person was visible: ``start < as_of <= end``. int64 each, in no order.

    Spans of one person and record do not overlap, so the spans that hold an as-of are the records visible at the as-of.
    """

    person: Ids
    start: Ids
    end: Ids


def record_bands(snapshot: Snapshot, ids: Ids, as_of: Ids, lower: tuple[int, ...]) -> pd.Series:
    """Band of the number of records visible at the as-of in which the person is a party or the subject matter.

    ``none`` for no record at all; None for a person who is not known.
    """
    count = np.where(ids >= 0, visible_records(snapshot, ids, as_of), np.nan)
    return banded(count, lower).where(~(count == 0), "none").where(ids >= 0, None)


def visible_records(snapshot: Snapshot, ids: Ids, as_of: Ids) -> Ids:
    """Return how many records about each person were visible at each as-of, int64[n]; 0 for who is in none.

    ``ids``: as ``resolve`` gives the ids; ``as_of``: UTC seconds, one per id. A record counts once, however many of its
    events name the person, and no longer once all of these events are withdrawn.
    """
    spans = _spans(snapshot)
    people, code = np.unique(spans.person, return_inverse=True)
    place = position(ids, people)
    first = np.maximum(place, 0) * _SPAN

    def before(times: Ids) -> Ids:
        # Both sides of the comparison are moved by the person's share of the key, so the rule of time holds within it.
        key = np.sort(code.astype(np.int64) * _SPAN + np.minimum(times, _SPAN - 1))
        counted: Ids = how_many_on_record(key, first + as_of) - np.searchsorted(key, first)
        return counted

    return np.where(place >= 0, before(spans.start) - before(spans.end), 0)


def _spans(snapshot: Snapshot) -> _Visible:
    """Read when the events of each record were visible, under each person whom the events name."""
    # Arrow to NumPy, never through a frame: a frame turns ids next to nulls into float64, which has 53 of 63 bits.
    events = snapshot.table("events", [*_PARTS, "event_id", "record_id", "recorded_at"])
    record, start = (events.column(name).to_numpy() for name in ("record_id", "recorded_at"))
    end = snapshot.hidden_at(events.column("event_id").to_numpy())
    named = [pc.fill_null(events.column(part), NO_PERSON).to_numpy() for part in _PARTS]
    person = resolve(snapshot, np.concatenate(named))
    record, start, end = (np.tile(column, len(_PARTS)) for column in (record, start, end))
    kept = (person != NO_PERSON) & (start < end)  # an event hidden at its own recording was never in force
    return _joined(*(column[kept] for column in (person, record, start, end)))


def _joined(person: Ids, record: Ids, start: Ids, end: Ids) -> _Visible:
    """Join the spans of one person and record that overlap or touch.

    Record 5 names person 7 in an event that is corrected at 20 and whose correction is withdrawn at 30, and from 40:

    >>> spans = _joined(*np.array([[7, 5, 10, 20], [7, 5, 20, 30], [7, 5, 40, 50], [7, 6, 10, 50]]).T)
    >>> list(zip(spans.start.tolist(), spans.end.tolist()))
    [(10, 30), (40, 50), (10, 50)]
    """
    order = np.lexsort((start, record, person))
    person, record, start, end = (column[order] for column in (person, record, start, end))
    is_new = np.ones(len(person), dtype=bool)
    is_new[1:] = (person[1:] != person[:-1]) | (record[1:] != record[:-1])
    latest = pd.Series(end).groupby(np.cumsum(is_new)).cummax().to_numpy(np.int64)
    is_new[1:] |= withdrawn(latest[:-1], start[1:])
    first = np.flatnonzero(is_new)
    return _Visible(person[first], start[first], np.maximum.reduceat(end, first) if len(first) else end)
