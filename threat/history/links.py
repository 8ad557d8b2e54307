"""Merges and unmerges of persons, replayable: who a person was known to be at any as-of.

A link says *source was found to be person*. A link is in force at an as-of where it is visible (``threat.asof``; an
unmerge is an appended row with ``withdrawn_at``). Links chain; of several links of one source in force the latest
recorded counts; a link that would close a circle is ignored and counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER, on_record, visible
from threat.history.sightings import NO_PERSON
from threat.history.sorted_ids import is_in, since
from threat.history.tables import Tables

BEGINNING = -(1 << 62)
"""Before any record: the first span of a person begins here."""


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Spans sorted by (person, start): at ``start < as_of <= end`` the person was known to be ``survivor``.

    Only persons that ever were a source have spans; all others are themselves. int64 each. ``nobody``: sorted ids of
    organisations and unknown persons. From ``nobody_since`` on (int64 UTC seconds, aligned; known at ``since < as_of``)
    they are not followed as one person. ``organisations``, ``organisations_since``: the organisations among them.
    ``circular``: how many links were ignored because they would close a circle.
    """

    person: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    survivor: NDArray[np.int64]
    nobody: NDArray[np.int64]
    nobody_since: NDArray[np.int64]
    organisations: NDArray[np.int64]
    organisations_since: NDArray[np.int64]
    circular: int = 0

    @classmethod
    def of(cls, tables: Tables) -> Links:
        """Replay the ``person_links`` of some batches."""
        links = tables.table("person_links", ["source_person_id", "person_id", "recorded_at", "withdrawn_at"])
        persons = tables.table("persons", ["person_id", "kind", "recorded_at"])
        kinds = persons.column("kind").cast(pa.string())
        organisation = pc.equal(kinds, "organisation")
        nobody = pc.or_(organisation, pc.equal(kinds, "unknown"))
        return replay(links, _since(persons.filter(nobody)), _since(persons.filter(organisation)))

    def resolve(self, person_ids: ArrayLike, as_of: ArrayLike) -> NDArray[np.int64]:
        """Return the ids these persons were known by at each as-of.

        ``as_of``: int64 UTC seconds, one in all or one per person.
        NO_PERSON, and who was by then recorded as an organisation or unknown, give NO_PERSON.
        """
        ids = np.atleast_1d(np.asarray(person_ids, dtype=np.int64))
        at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape)
        out = ids.copy()
        if len(self.person):
            # The last span that starts before as-of: spans of one person leave no gap.
            linked = np.flatnonzero(is_in(ids, self.person))
            span = np.searchsorted(self.person, ids[linked], side="left")
            last = np.searchsorted(self.person, ids[linked], side="right") - 1
            while True:
                following = self.start[np.minimum(span + 1, len(self.start) - 1)]
                later = (span < last) & on_record(following, at[linked])
                if not later.any():
                    break
                span[later] += 1
            out[linked] = self.survivor[span]
        out[on_record(since(out, self.nobody, self.nobody_since), at)] = NO_PERSON
        return out


def _since(persons: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids of some persons rows, sorted and distinct, and when each was first recorded."""
    ids, recorded = (persons.column(name).to_numpy().astype(np.int64) for name in ("person_id", "recorded_at"))
    order = np.lexsort((recorded, ids))
    distinct, first = np.unique(ids[order], return_index=True)
    return distinct, recorded[order][first]


def replay(
    links: pa.Table,
    nobody: tuple[NDArray[np.int64], NDArray[np.int64]],
    organisations: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Links:
    """Return the spans of link rows (source_person_id, person_id, recorded_at, withdrawn_at).

    ``nobody`` and ``organisations``: sorted ids, and since when each is known to be that.
    """
    in_force: dict[tuple[int, int, int], int] = {}
    for row in links.to_pylist():
        key = (row["source_person_id"], row["person_id"], row["recorded_at"])
        until = NEVER if row["withdrawn_at"] is None else row["withdrawn_at"]
        in_force[key] = min(in_force.get(key, NEVER), until)
    by_group = _groups(list(in_force))
    spans: list[tuple[int, int, int, int]] = []
    circular: set[tuple[int, int, int]] = set()
    for keys in by_group.values():
        spans += _spans(sorted((key, in_force[key]) for key in keys), circular)
    spans.sort()
    table = np.array(spans, dtype=np.int64).reshape(-1, 4)
    person, start, end, survivor = (np.ascontiguousarray(table[:, i]) for i in range(4))
    return Links(person, start, end, survivor, *nobody, *organisations, len(circular))


def _groups(keys: list[tuple[int, int, int]]) -> dict[int, list[tuple[int, int, int]]]:
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
    groups: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for key in keys:
        groups[root(key[0])].append(key)
    return groups


def _spans(
    links: list[tuple[tuple[int, int, int], int]], circular: set[tuple[int, int, int]]
) -> list[tuple[int, int, int, int]]:
    """Return the spans (person, start, end, survivor) of every source in one component."""
    moments = sorted({at for (_, _, recorded), withdrawn in links for at in (recorded, withdrawn) if at < NEVER})
    edges = [BEGINNING, *moments, NEVER]
    sources = sorted({key[0] for key, _ in links})
    in_order = sorted(links, key=lambda link: (link[0][2], link[0]))
    last: dict[int, tuple[int, int, int, int]] = {}
    out: list[tuple[int, int, int, int]] = []
    for start, end in pairwise(edges):
        to: dict[int, int] = {}
        for key, withdrawn in in_order:
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
