"""Building the relationships of a snapshot: the spans in which each pair stands, from stated rows and from events."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.errors import IntegrityFailure
from threat.history.columns import hidden, ints, kind_numbers, words
from threat.history.derived import open_or_build, read_array
from threat.history.schema import DOMESTIC, RELATIONSHIP_KINDS
from threat.history.sightings import NO_PERSON
from threat.history.spans import Spans, sorted_spans, spans_where
from threat.history.stated import NOT_RELATED, UNKNOWN, Stated
from threat.history.tables import Tables
from threat.ids import pair_ids, show_id
from threat.vocabulary import kinds

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_ARRAYS = ("relationship_id", "subject_id", "person_at_risk_id")
_SPANS = ("first", "start", "end")

NO_TIES = frozenset({"assault_emergency_worker"})
"""Kinds whose person at risk is no partner and no relative: an officer hurt at the scene makes no relationship."""

NO_TIE_THEMES = frozenset({"unit", "record_keeping"})
"""Themes that make no relationship: what the unit does itself is no sign of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The relationships sorted by id, with the spans in which each stands and the spans of its stated kinds.

    ``kind`` indexes ``RELATIONSHIP_KINDS``, one entry per span of ``kinds``.
    """

    relationship_id: Ints
    subject_id: Ints
    person_at_risk_id: Ints
    standing: Spans
    kinds: Spans
    kind: Ints


def open_pairs(tables: Tables) -> Pairs:
    """Return the relationships of a snapshot, built on first use and kept on disk."""
    folder = open_or_build(tables, "relationships", _layout(), lambda path: _write(build(tables), path))
    plain: dict[str, Any] = {name: read_array(folder, name) for name in (*_ARRAYS, "kind")}
    spans: dict[str, Any] = {
        name: Spans(*(np.asarray(read_array(folder, f"{name}_{part}")) for part in _SPANS))
        for name in ("standing", "kinds")
    }
    return Pairs(**plain, **spans)


def _layout() -> str:
    """Return a hash that changes with the meaning of the arrays: the words, or the number of the rule at the end."""
    said = [*_ARRAYS, *RELATIONSHIP_KINDS, *sorted(NO_TIES), *sorted(NO_TIE_THEMES), *kinds(), "3"]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:8]


def _write(pairs: Pairs, folder: Path) -> str:
    for name in (*_ARRAYS, "kind"):
        np.save(folder / f"{name}.npy", getattr(pairs, name))
    for name in ("standing", "kinds"):
        for part in _SPANS:
            np.save(folder / f"{name}_{part}.npy", getattr(getattr(pairs, name), part))
    return json.dumps({"rows": len(pairs.relationship_id)})


def build(tables: Tables) -> Pairs:
    """Return the relationships that stand at some time.

    A pair stands while a stated row of it is in force (but ``not_related``), or a domestic event that makes a
    relationship (``_events``); never while its latest stated kind is ``not_related``.
    """
    stated = Stated.of(tables)
    events = _events(tables, stated)
    subject = np.concatenate([stated.subject_id, events.subject])
    at_risk = np.concatenate([stated.person_at_risk_id, events.at_risk])
    ids, first, pair = np.unique(np.concatenate([stated.pair, events.pair]), return_index=True, return_inverse=True)
    subject_id, person_at_risk_id = subject[first], at_risk[first]
    _refuse_shared_ids(ids[pair], (subject, subject_id[pair]), (at_risk, person_at_risk_id[pair]))
    n, of_stated, of_events = len(ids), pair[: len(stated)], pair[len(stated) :]
    kind_spans, kind = _kinds(of_stated, stated, n)
    related = stated.kind != NOT_RELATED
    not_related = kind == NOT_RELATED
    standing = spans_where(
        [
            (of_stated[related], stated.start[related], stated.end[related]),
            _together(of_events, events.start, events.end),
            (kind_spans.keys()[not_related], kind_spans.start[not_related], kind_spans.end[not_related]),
        ],
        n,
        lambda is_open: ((is_open[:, 0] > 0) | (is_open[:, 1] > 0)) & (is_open[:, 2] == 0),
    )
    ever = np.flatnonzero(np.diff(standing.first) > 0)
    kind_spans, kept = _of_keys(kind_spans, ever)
    standing, _ = _of_keys(standing, ever)
    return Pairs(
        ids[ever],
        subject_id[ever],
        person_at_risk_id[ever],
        standing=standing,
        kinds=kind_spans,
        kind=kind[kept],
    )


def _refuse_shared_ids(ids: Ints, *columns: tuple[Ints, Ints]) -> None:
    """Refuse two pairs under one id: with 63 bits, one chance in a million for four million pairs."""
    shared = np.logical_or.reduce([given != of_id for given, of_id in columns])
    if shared.any():
        raise IntegrityFailure(
            "Two different pairs of persons share one relationship id.", value=show_id("R", int(ids[shared][0]))
        )


def _of_keys(spans: Spans, keys: Ints) -> tuple[Spans, Ints]:
    """Return the spans of some keys, which are numbered anew, and the places of those spans."""
    counts = np.diff(spans.first)[keys]
    first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    kept = np.repeat(spans.first[keys] - first[:-1], counts) + np.arange(int(first[-1]))
    return Spans(first, spans.start[kept], spans.end[kept]), kept


def _together(key: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the spans with those that never end as one a key: nearly all events are never withdrawn."""
    endless = end >= NEVER
    by_start = np.lexsort((start[endless], key[endless]))
    keys, first = np.unique(key[endless][by_start], return_index=True)
    starts = start[endless][by_start][first]
    return (
        np.concatenate([keys, key[~endless]]),
        np.concatenate([starts, start[~endless]]),
        np.concatenate([np.full(len(keys), NEVER), end[~endless]]),
    )


def _kinds(pair: Ints, stated: Stated, n: int) -> tuple[Spans, Ints]:
    """Return the spans of the latest stated kind of each pair, and the kind of each span.

    A version that states ``unknown`` says nothing of the kind: that of the version before goes on. Of rows of several
    references the latest recorded counts; of those of one second, the kind named first in ``RELATIONSHIP_KINDS``.
    """
    rows, end = _known_kinds(pair, stated)
    spans, order = sorted_spans(pair[rows], stated.start[rows], end, n)
    kind, key = stated.kind[rows][order], pair[rows][order]
    overlapping = np.unique(key[1:][(key[1:] == key[:-1]) & (spans.start[1:] < spans.end[:-1])])
    if not len(overlapping):
        return spans, kind
    plain = ~np.isin(key, overlapping)
    parts = [np.stack([key[plain], spans.start[plain], spans.end[plain], kind[plain]], axis=1)]
    for number in overlapping.tolist():
        where = slice(int(spans.first[number]), int(spans.first[number + 1]))
        parts.append(_latest(number, spans.start[where], spans.end[where], kind[where]))
    table = np.concatenate(parts)
    spans, order = sorted_spans(table[:, 0], table[:, 1], table[:, 2], n)
    return spans, table[order, 3]


def _known_kinds(pair: Ints, stated: Stated) -> tuple[Ints, Ints]:
    """Return the versions that state a kind, and until when each kind is the one stated last under its reference."""
    order = np.lexsort((stated.start, stated.reference))
    follows = (
        (stated.reference[order[1:]] == stated.reference[order[:-1]])
        & (pair[order[1:]] == pair[order[:-1]])
        & (stated.start[order[1:]] == stated.end[order[:-1]])
    )
    # Versions that follow one another without a gap, numbered.
    run = np.concatenate([np.zeros(min(1, len(order)), dtype=np.int64), np.cumsum(~follows)])
    run_end = np.zeros(int(run[-1]) + 1 if len(run) else 0, dtype=np.int64)
    run_end[run] = stated.end[order]
    telling = np.flatnonzero(stated.kind[order] != UNKNOWN)
    end = run_end[run[telling]]
    same_run = run[telling[1:]] == run[telling[:-1]]
    end[:-1][same_run] = stated.start[order[telling[1:]]][same_run]
    return order[telling], end


def _latest(key: int, start: Ints, end: Ints, kind: Ints) -> Ints:
    """Return rows (key, start, end, kind) of one pair whose stated rows overlap: the latest recorded of them counts."""
    moments = np.unique(np.concatenate([start, end]))
    out = []
    for begins, ends in zip(moments[:-1].tolist(), moments[1:].tolist(), strict=True):
        in_force = np.flatnonzero((start <= begins) & (end > begins))
        if len(in_force):
            latest = in_force[start[in_force] == start[in_force].max()]
            out.append((key, begins, ends, int(kind[latest].min())))
    return np.array(out, dtype=np.int64).reshape(-1, 4)


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """Spans in which an event names a pair, int64[n] each."""

    subject: Ints
    at_risk: Ints
    pair: Ints
    start: Ints
    end: Ints


def _events(tables: Tables, stated: Stated) -> _Named:
    """Return the domestic events that make a relationship, with the spans in which each does.

    An event makes one while it is in force and flagged ``yes``, names a subject and another person or none, is not
    proactive, and its kind makes one (``NO_TIES``, ``NO_TIE_THEMES``). Whose person at risk is unknown makes none while
    another such event of the same incident and subject names the person, or, where the source names no incident, one of
    the same record; and who is hurt in an incident that also names a stated relationship of the subject gets none from
    that incident alone.
    """
    event_id, start, kind = ints(tables, "event_id"), ints(tables, "recorded_at"), kind_numbers(tables)
    end = hidden(tables, event_id, start, kind)
    subject, at_risk = ints(tables, "subject_id"), ints(tables, "person_at_risk_id")
    in_force = (start < end) & (kind != kinds()["withdrawn"].number) & (subject != NO_PERSON) & (subject != at_risk)
    ties = np.array([k.name not in NO_TIES and k.theme not in NO_TIE_THEMES for k in kinds().values()], dtype=bool)
    makes = in_force & ties[kind] & (words(tables, "domestic", DOMESTIC)[0] == DOMESTIC.index("yes"))
    makes &= ~tables.table("events", ["proactive"]).column("proactive").to_numpy()
    incident = pair_ids(ints(tables, "incident_id"), subject)
    several = _several_named(incident, at_risk, in_force, makes)
    of_record = _named_in_record(tables, subject, at_risk, makes)
    several[of_record[0]] = True
    alone = np.flatnonzero(makes & ~several)
    simple = _Named(subject[alone], at_risk[alone], pair_ids(subject[alone], at_risk[alone]), start[alone], end[alone])
    rows = np.flatnonzero(in_force & several)
    if not len(rows):
        return simple
    named = _Named(subject[rows], at_risk[rows], pair_ids(subject[rows], at_risk[rows]), start[rows], end[rows])
    unnamed, namer = of_record
    by_record = np.searchsorted(rows, unnamed), start[namer], end[namer]
    shared = _in_shared_incidents(named, incident[rows], makes[rows], stated, by_record)
    return _Named(*(np.concatenate([getattr(simple, f.name), getattr(shared, f.name)]) for f in fields(_Named)))


def _several_named(incident: Ints, at_risk: Ints, in_force: Mask, makes: Mask) -> Mask:
    """Mask of the events whose incident and subject have several persons at risk, and an event that makes a pair."""
    rows = np.flatnonzero(in_force)
    out = np.zeros(len(incident), dtype=bool)
    if not len(rows):
        return out
    group, distinct = pd.factorize(incident[rows])
    # The person of the last event of each group stands for the group: another one says there are several.
    last = np.empty(len(distinct), dtype=np.int64)
    last[group] = at_risk[rows]
    several, useful = np.zeros(len(distinct), dtype=bool), np.zeros(len(distinct), dtype=bool)
    several[group[at_risk[rows] != last[group]]] = True
    useful[group[makes[rows]]] = True
    out[rows] = (several & useful)[group]
    return out


def _named_in_record(tables: Tables, subject: Ints, at_risk: Ints, makes: Mask) -> tuple[Ints, Ints]:
    """Return the places of events without a known person at risk, and of those of their record that name a person.

    For events of no incident but their record: intake forms an incident only of events that name both parties.
    """
    record = ints(tables, "record_id")
    unnamed = np.flatnonzero(makes & (at_risk == NO_PERSON) & (record == ints(tables, "incident_id")))
    if not len(unnamed):
        return unnamed, unnamed
    namers = np.flatnonzero(makes & (at_risk != NO_PERSON))
    namers = namers[np.isin(record[namers], record[unnamed])]
    left, right = _matches(pair_ids(record[unnamed], subject[unnamed]), pair_ids(record[namers], subject[namers]))
    return unnamed[left], namers[right]


def _in_shared_incidents(
    named: _Named, incident: Ints, makes: Mask, stated: Stated, by_record: tuple[Ints, Ints, Ints]
) -> _Named:
    """Return the spans in which the events of incidents with several persons at risk make a relationship.

    ``named``: all events in force of such incidents; ``makes``: those that would make a relationship by themselves.
    ``by_record``: places in ``named``, start and end: while another event of the record names the person at risk.
    """
    related = stated.take(stated.kind != NOT_RELATED)
    has_person = named.at_risk != NO_PERSON
    # What blocks others: (incident, person named, start, end), while a stated pair is named in force ...
    left, right = _matches(named.pair, related.pair)
    by_stated = pd.DataFrame(
        {
            "incident": incident[left],
            "person": named.at_risk[left],
            "start": np.maximum(named.start[left], related.start[right]),
            "end": np.minimum(named.end[left], related.end[right]),
            "stated": True,
        }
    )
    # ... and, for events without a known person, while any event that makes a pair names one.
    names = np.flatnonzero(makes & has_person)
    by_event = pd.DataFrame(
        {
            "incident": incident[names],
            "person": named.at_risk[names],
            "start": named.start[names],
            "end": named.end[names],
            "stated": False,
        }
    )
    blocks = pd.concat([by_stated[by_stated["person"] != NO_PERSON], by_event]).query("start < end").drop_duplicates()
    rows = np.flatnonzero(makes)
    left, right = _matches(incident[rows], blocks["incident"].to_numpy())
    applies = (~has_person[rows][left]) | (
        blocks["stated"].to_numpy()[right] & (blocks["person"].to_numpy()[right] != named.at_risk[rows][left])
    )
    left, right = left[applies], right[applies]
    unnamed, named_from, named_until = by_record
    blocked = np.concatenate([left, np.searchsorted(rows, unnamed)])
    spans = spans_where(
        [
            (np.arange(len(rows)), named.start[rows], named.end[rows]),
            (
                blocked,
                np.concatenate([blocks["start"].to_numpy()[right], named_from]),
                np.concatenate([blocks["end"].to_numpy()[right], named_until]),
            ),
        ],
        len(rows),
        lambda is_open: (is_open[:, 0] > 0) & (is_open[:, 1] == 0),
    )
    of = rows[spans.keys()]
    return _Named(named.subject[of], named.at_risk[of], named.pair[of], spans.start, spans.end)


def _matches(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return the places of all pairs of equal values: an inner join."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - first
    of_left = np.repeat(np.arange(len(left)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return of_left, order[np.repeat(first, count) + step]
