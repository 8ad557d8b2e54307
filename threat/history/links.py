"""Who a person was known to be at any as-of: merges and unmerges, and persons recorded as unknown or organisations.

A link says *source was found to be person*. A link is in force at an as-of where it is visible (``threat.asof``; an
unmerge is an appended row with ``withdrawn_at``). Links chain; of several links of one source in force the latest
recorded counts, of those of one second the one of the greater score (none given is the greatest: such a link is no
machine's guess), then the one to the person whom more is on record of by then. A link that would close a circle is
ignored and counted; of the links of one second the one from the person of whom least is on record is followed first, so
that the person known best gives the name. Ids decide only between links that are equal in all of this.

Whoever is on record as an organisation or as unknown is not one person, and nobody's history, until a later row says
*person*. Without a row everybody is a person. An unknown person who is linked to a person, or said to be one, brings
the history along from then on.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER, visible
from threat.history.columns import filled, ints, places, times
from threat.history.sightings import NO_PERSON
from threat.history.sorted_ids import position
from threat.history.spans import Spans, sorted_spans, spans_where
from threat.history.statements import in_force, statement_ends
from threat.history.tables import Tables
from threat.ids import pair_ids

Ints = NDArray[np.int64]

BEGINNING = -(1 << 62)
"""Before any record: the first span of a person begins here."""

PERSON_KINDS = ("organisation", "unknown", "person")
"""Kinds of persons; of two recorded in one second the later here counts, because a person is looked after as one."""


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Who some persons were known to be, in spans without a gap: at ``start < as_of <= end`` person was ``survivor``.

    ``person``: sorted ids of those who ever were a source of a link, an organisation or unknown; all others are
    themselves. ``spans``: by place in ``person``. ``survivor``: one id per span, NO_PERSON for nobody;
    ``organisation``: and whether that is because the survivor is an organisation. ``circular``: how many links were
    ignored because they would close a circle.
    """

    person: Ints
    spans: Spans
    survivor: Ints
    organisation: NDArray[np.bool_]
    circular: int = 0

    @classmethod
    def of(cls, tables: Tables) -> Links:
        """Replay the ``person_links`` of some batches, and the kinds of their persons."""
        names = ["source_person_id", "person_id", "recorded_at", "withdrawn_at", "score"]
        persons = tables.table("persons", ["person_id", "kind", "recorded_at"])

        def records(persons: Ints, at: Ints) -> list[int]:
            return _records(tables, persons, at)

        return replay(tables.table("person_links", names), persons, records)

    def resolve(self, person_ids: ArrayLike, as_of: ArrayLike) -> Ints:
        """Return the ids these persons were known by at each as-of.

        ``as_of``: int64 UTC seconds, one in all or one per person.
        NO_PERSON, and who was on record as an organisation or unknown by then, give NO_PERSON.
        """
        ids = np.atleast_1d(np.asarray(person_ids, dtype=np.int64))
        out = ids.copy()
        some, span = self._spans_of(ids, as_of)
        out[some] = self.survivor[span]
        return out

    def is_organisation(self, person_ids: ArrayLike, as_of: ArrayLike) -> NDArray[np.bool_]:
        """Mask of the persons who were known to be an organisation at each as-of."""
        ids = np.atleast_1d(np.asarray(person_ids, dtype=np.int64))
        out = np.zeros(len(ids), dtype=bool)
        some, span = self._spans_of(ids, as_of)
        out[some] = self.organisation[span]
        return out

    def _spans_of(self, ids: Ints, as_of: ArrayLike) -> tuple[NDArray[np.bool_], Ints]:
        """Mask of the ids that have spans, and the place of the span of each of these at its as-of."""
        at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape)
        where = position(ids, self.person)
        some = where >= 0
        return some, self.spans.at(where[some], at[some])


Records = Callable[[Ints, Ints], list[int]]
"""How often events on record by some times (UTC seconds, one per person) name each person, as recorded."""


def _none_on_record(persons: Ints, at: Ints) -> list[int]:
    return [0] * len(persons)


def replay(links: pa.Table, persons: pa.Table, records: Records = _none_on_record) -> Links:
    """Return the spans of link rows (source_person_id, person_id, recorded_at, withdrawn_at, score) and persons rows.

    ``persons``: person_id, kind, recorded_at. ``records`` is asked only of persons in links of one second.
    """
    linked, circular = _linked(links, records)
    nobody = _nobody(persons)
    # Who is nobody at some time and is never linked: themselves, but for those spans.
    unlinked = np.setdiff1d(nobody[:, 0], linked[:, 0])
    whole = np.stack([unlinked, np.full_like(unlinked, BEGINNING), np.full_like(unlinked, NEVER), unlinked], axis=1)
    named = np.concatenate([linked, whole])
    split = _split_by_nobody(named, nobody)
    person, key = np.unique(split[:, 0], return_inverse=True)
    spans, order = sorted_spans(key.astype(np.int64), split[:, 1], split[:, 2], len(person))
    return Links(person, spans, split[order, 3], split[order, 4] == 1, circular)


def _records(tables: Tables, persons: Ints, at: Ints) -> list[int]:
    """Return how often the events recorded up to ``at`` name each person, as recorded; ``at``: one per person."""
    recorded, some = ints(tables, "recorded_at"), np.unique(persons)
    named, times_named = [], []
    for name in ("subject_id", "person_at_risk_id", "person_id"):
        place = position(ints(tables, name), some)
        named.append(place[place >= 0])
        times_named.append(recorded[place >= 0])
    moments = np.concatenate(times_named)
    spans, _ = sorted_spans(np.concatenate(named), moments, moments, len(some))
    first = spans.first[position(persons, some)]
    after = spans.first[position(persons, some) + 1]
    return [
        int(np.searchsorted(spans.start[low:high], time, side="right"))
        for low, high, time in zip(first.tolist(), after.tolist(), at.tolist(), strict=True)
    ]


class _Key(NamedTuple):
    """A link: a source was found to be a person, as recorded at a time."""

    source: int
    person: int
    recorded: int


def _linked(links: pa.Table, records: Records) -> tuple[Ints, int]:
    """Return rows (person, start, end, survivor) of every source of a link, and how many links close a circle."""
    source, person = (filled(links.column(name), NO_PERSON) for name in ("source_person_id", "person_id"))
    recorded, withdrawn = (times(links.column(name)) for name in ("recorded_at", "withdrawn_at"))
    score = np.asarray(pc.fill_null(links.column("score"), math.inf).to_numpy(), dtype=np.float64)
    # A link said again counts from then: of two links of one source the one said last is followed.
    ended = statement_ends(pair_ids(source, person), np.zeros(len(source), dtype=np.int64), recorded, withdrawn)
    states = withdrawn > recorded
    columns = (column[states].tolist() for column in (source, person, recorded, ended, score))
    ends: dict[_Key, int] = {}
    scores: dict[_Key, float] = {}
    for of_source, of_person, at, end, of_link in zip(*columns, strict=True):
        key = _Key(of_source, of_person, at)
        ends[key], scores[key] = end, max(of_link, scores.get(key, -math.inf))
    groups = [_in_order(group, scores, records) for group in _groups(list(ends)).values()]
    rows: list[tuple[int, int, int, int]] = []
    circular: set[_Key] = set()
    for group in groups:
        rows += _spans([(key, ends[key]) for key in group], circular)
    return np.array(rows, dtype=np.int64).reshape(-1, 4), len(circular)


def _in_order(links: list[_Key], scores: dict[_Key, float], records: Records) -> list[_Key]:
    """Return the links of one component in the order in which they are followed, by the rule of this module."""
    count = Counter(key.recorded for key in links)
    tied = [key for key in links if count[key.recorded] > 1]
    weights: dict[_Key, tuple[int, float, int]] = {}
    if tied:
        ids = np.array([(key.source, key.person, key.recorded) for key in tied], dtype=np.int64)
        of_sources, of_persons = records(ids[:, 0], ids[:, 2]), records(ids[:, 1], ids[:, 2])
        of_tied = zip(of_sources, (scores[key] for key in tied), of_persons, strict=True)
        weights = dict(zip(tied, of_tied, strict=True))
    return sorted(links, key=lambda key: (key.recorded, weights.get(key, ()), key))


def _nobody(persons: pa.Table) -> Ints:
    """Return rows (person, start, end, 1 for an organisation) of the spans in which somebody is not one person."""
    person, recorded = filled(persons.column("person_id"), NO_PERSON), times(persons.column("recorded_at"))
    words = pa.chunked_array([persons.column("kind").cast(pa.string()).combine_chunks().dictionary_encode()])
    kind = places(words, PERSON_KINDS).astype(np.int64)
    ever = np.isin(person, person[kind != PERSON_KINDS.index("person")])
    person, kind, recorded = person[ever], kind[ever], recorded[ever]
    stated = in_force(person, kind, recorded, np.full(len(person), NEVER, dtype=np.int64))
    nobody = kind[stated.row] != PERSON_KINDS.index("person")
    organisation = kind[stated.row] == PERSON_KINDS.index("organisation")
    return np.stack([person[stated.row], stated.start, stated.end, organisation], axis=1)[nobody].astype(np.int64)


def _split_by_nobody(named: Ints, nobody: Ints) -> Ints:
    """Return rows (person, start, end, survivor, 1 for an organisation): NO_PERSON while the survivor is nobody."""
    order = np.argsort(nobody[:, 0], kind="stable")
    nobody = nobody[order]
    first = np.searchsorted(nobody[:, 0], named[:, 3], side="left")
    count = np.searchsorted(nobody[:, 0], named[:, 3], side="right") - first
    row = np.repeat(np.arange(len(named)), count)
    place = np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(row))
    whole = (np.arange(len(named)), named[:, 1], named[:, 2])
    gone = (row, np.maximum(named[row, 1], nobody[place, 1]), np.minimum(named[row, 2], nobody[place, 2]))
    as_person = spans_where([whole, gone], len(named), lambda is_open: (is_open[:, 0] > 0) & (is_open[:, 1] == 0))
    is_known, some = as_person.keys(), gone[1] < gone[2]
    columns = [
        np.concatenate([named[is_known, 0], named[row[some], 0]]),
        np.concatenate([as_person.start, gone[1][some]]),
        np.concatenate([as_person.end, gone[2][some]]),
        np.concatenate([named[is_known, 3], np.full(int(some.sum()), NO_PERSON)]),
        np.concatenate([np.zeros(len(is_known), dtype=np.int64), nobody[place[some], 3]]),
    ]
    return np.stack(columns, axis=1)


def _groups(keys: list[_Key]) -> dict[int, list[_Key]]:
    """Return the links by connected component, so that each component is replayed by itself."""
    parent: dict[int, int] = {}

    def root(person: int) -> int:
        parent.setdefault(person, person)
        while parent[person] != person:
            parent[person] = parent[parent[person]]
            person = parent[person]
        return person

    for source, person, _ in keys:
        parent[root(source)] = root(person)
    groups: dict[int, list[_Key]] = defaultdict(list)
    for key in keys:
        groups[root(key[0])].append(key)
    return groups


def _spans(links: list[tuple[_Key, int]], circular: set[_Key]) -> list[tuple[int, int, int, int]]:
    """Return the spans (person, start, end, survivor) of every source in one component.

    ``links``: each with its withdrawal, in the order in which they are followed.
    """
    moments = sorted({at for key, withdrawn in links for at in (key.recorded, withdrawn) if at < NEVER})
    edges = [BEGINNING, *moments, NEVER]
    sources = sorted({key.source for key, _ in links})
    last: dict[int, tuple[int, int, int, int]] = {}
    out: list[tuple[int, int, int, int]] = []
    for start, end in pairwise(edges):
        to: dict[int, int] = {}
        for key, withdrawn in links:
            source, person, recorded = key
            # The first as-of of the span: nothing of the history changes between it and the last.
            if start != BEGINNING and visible(recorded, withdrawn, start + 1):
                if _follow(to, person, stop=source) == source:
                    circular.add(key)
                else:
                    to[source] = person
        for source in sources:
            survivor = _follow(to, source)
            previous = last.get(source)
            if previous is not None and previous[3] == survivor:
                last[source] = (source, previous[1], end, survivor)
            else:
                if previous is not None:
                    out.append(previous)
                last[source] = (source, start, end, survivor)
    return out + list(last.values())


def _follow(to: dict[int, int], person: int, stop: int | None = None) -> int:
    """Follow the links from ``person`` to the last person, or to ``stop``."""
    while person != stop and person in to:
        person = to[person]
    return person
