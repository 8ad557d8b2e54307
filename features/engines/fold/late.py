"""The part of the past that was not yet known: events that happened before an as-of and were recorded after it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engines.fold.build import person_index
from features.engines.fold.compiling import compiled, read_only
from threat.asof_compiled import happened, on_record
from threat.history.sightings import Rows, Sightings
from threat.vocabulary import kinds


def late_known(sightings: Sightings, rows: Rows) -> NDArray[np.int64]:
    """Return the events of either party, by row (int64, n): occurred before as-of, first visible at or after it.

    A feature that filtered on the date of the event would have counted them. Kinds known in advance are left out, and
    an event that both parties are in counts once.
    """
    out = np.zeros(len(rows), np.int64)
    _count(
        _Parties(
            person_index(sightings.persons, rows.subject),
            person_index(sightings.persons, rows.at_risk),
            read_only(rows.as_of),
        ),
        _Columns(*(read_only(getattr(sightings, name)) for name in _Columns._fields)),
        np.array([kind.known_in_advance for kind in kinds().values()]),
        out,
    )
    return out


class _Parties(NamedTuple):
    """Both parties by person index, and the as-of, of each row."""

    subject: NDArray[np.int64]
    at_risk: NDArray[np.int64]
    as_of: NDArray[np.int64]


class _Columns(NamedTuple):
    """The arrays of ``Sightings`` that are read, by the same names."""

    offsets: NDArray[np.int64]
    occurred_at: NDArray[np.int64]
    visible_from: NDArray[np.int64]
    event_id: NDArray[np.int64]
    kind: NDArray[np.int16]


@compiled
def _unknown(columns: _Columns, j: int, high: int, now: int) -> tuple[int, bool]:
    """End of the run of rows of one event from ``j`` on, and whether none of them was visible before ``now``."""
    end, unknown = j, True
    while end < high and columns.event_id[end] == columns.event_id[j]:
        unknown = unknown and not on_record(columns.visible_from[end], now)
        end += 1
    return end, unknown


@compiled
def _is_counted(columns: _Columns, subject: int, j: int, now: int) -> bool:
    """True when the event of row ``j`` is in the subject's history too, unknown there as well: it was counted there."""
    occurred_at = columns.occurred_at
    left, last = columns.offsets[subject], columns.offsets[subject + 1]
    beyond = last
    while left < beyond:
        middle = (left + beyond) // 2
        if occurred_at[middle] < occurred_at[j]:
            left = middle + 1
        else:
            beyond = middle
    while left < last and occurred_at[left] == occurred_at[j]:
        after, unknown = _unknown(columns, left, last, now)
        if columns.event_id[left] == columns.event_id[j] and unknown:
            return True
        left = after
    return False


@compiled
def _count(parties: _Parties, columns: _Columns, in_advance: NDArray[np.bool_], out: NDArray[np.int64]) -> None:
    """Count for each row: first the subject's events, then those of the person at risk that the subject is not in."""
    for row in range(len(parties.as_of)):
        now, subject = parties.as_of[row], parties.subject[row]
        for half in range(2):
            person = subject if half == 0 else parties.at_risk[row]
            j, high = (columns.offsets[person], columns.offsets[person + 1]) if person >= 0 else (0, 0)
            while j < high and happened(columns.occurred_at[j], now):
                end, unknown = _unknown(columns, j, high, now)
                if unknown and half == 1 and subject >= 0 and _is_counted(columns, subject, j, now):
                    unknown = False
                if unknown and not in_advance[columns.kind[j]]:
                    out[row] += 1
                j = end
