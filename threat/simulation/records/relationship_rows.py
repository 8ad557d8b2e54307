"""The relationships table of a block: a row per record of a relationship, and later versions where its kind changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.history.schema import RELATIONSHIP_KINDS, RELATIONSHIPS
from threat.simulation.records.event_rows import words
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.world import states
from threat.simulation.world.population import CURRENT, EX

I64 = NDArray[np.int64]

_CHANGING = (CURRENT, EX)
"""Kinds that turn into each other; a family kind or an unknown kind never changes."""


@dataclass(frozen=True, slots=True)
class KindChanges:
    """Changes of kind that the police write down, in order of ``recorded``.

    ``relation``: row of the relationship; ``kind``: a number of ``population``; ``at``, ``recorded``: int64 seconds.
    """

    relation: I64
    kind: I64
    at: I64
    recorded: I64


def kind_changes(rows: RawRows) -> KindChanges:
    """Return the recorded changes between partner and ex-partner; a pair that harms both ways changes as a whole."""
    changes = rows.take(np.isin(rows.raw["what"], (states.SEPARATION, states.RECONCILIATION)))
    changes = changes.take(changes.draw("kind known", rows.numbers["kind_change_known"]))
    recorded = changes.delayed("kind lag", rows.numbers["kind_change_lag"], changes.at)
    kind = np.where(changes.raw["what"] == states.SEPARATION, EX, CURRENT)
    relations, people = changes.relation, rows.people
    mirror = people.relations["mirror"][relations]
    both = np.flatnonzero(mirror >= 0)
    other = people.relation_offsets[people.cluster[relations[both]]] + mirror[both]
    place = np.concatenate([np.arange(len(changes)), both])
    relation = np.concatenate([relations, other])
    order = np.lexsort((relation, recorded[place]))
    place = place[order]
    return KindChanges(relation[order], kind[place], changes.at[place], recorded[place])


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions of relationship records, the first of each record before its later ones.

    ``record``: row of the record; ``kind``: number of RELATIONSHIP_KINDS; ``recorded``, ``valid_from``: int64 seconds.
    """

    record: I64
    kind: I64
    recorded: I64
    valid_from: I64

    def before(self, end: int) -> Versions:
        """Return the versions recorded before ``end`` (UTC seconds)."""
        kept = self.recorded < end
        return Versions(self.record[kept], self.kind[kept], self.recorded[kept], self.valid_from[kept])


@dataclass(frozen=True, slots=True)
class RecordPairs:
    """Whom each relationship record is about: ids, and whether the person at risk is unknown."""

    relationship_id: I64
    subject_id: I64
    person_at_risk_id: I64
    unknown: NDArray[np.bool_]


def versions(changes: KindChanges, relation: I64, kind: I64, first: I64) -> Versions:
    """Return the versions of records of the relationships ``relation``, first recorded at ``first`` (int64 seconds).

    ``kind``: kind of each record at the outset (a number of RELATIONSHIP_KINDS). What was recorded by then is in the
    first version. A change to the kind already on record, or from before a change already on record, is not written
    down; nor is any where the kind is unknown.
    """
    of_relation: dict[int, list[int]] = {}
    for i, row in enumerate(changes.relation.tolist()):
        of_relation.setdefault(row, []).append(i)
    out: list[tuple[int, int, int, int]] = []
    for record, row in enumerate(relation.tolist()):
        start, now, latest = int(first[record]), int(kind[record]), 0
        written = [(record, now, start, start)]
        for i in of_relation.get(row, ()) if now in _CHANGING else ():
            new, at, recorded = int(changes.kind[i]), int(changes.at[i]), int(changes.recorded[i])
            if new == now or at < latest:
                continue
            now, latest = new, at
            if recorded <= start:
                written[0] = (record, now, start, start)
            else:
                written.append((record, now, recorded, at))
        out += written
    columns = np.array(out, np.int64).reshape(-1, 4).T
    return Versions(*columns)


def relationships(rows: Versions, pairs: RecordPairs) -> pa.Table:
    """Return the versions of relationship records as the history holds them (RELATIONSHIPS)."""
    record = rows.record
    return pa.table(
        {
            "relationship_id": pairs.relationship_id[record],
            "recorded_at": rows.recorded,
            "subject_id": pairs.subject_id[record],
            "person_at_risk_id": pa.array(pairs.person_at_risk_id[record], mask=pairs.unknown[record]),
            "kind": words(rows.kind, RELATIONSHIP_KINDS),
            "valid_from": rows.valid_from,
            "withdrawn_at": pa.nulls(len(record), pa.int64()),
        },
        schema=RELATIONSHIPS,
    )


def first_versions(table: pa.Table) -> int:
    """Return how many rows of ``relationships`` begin a record: a later version is valid from before its recording."""
    return int(pc.sum(pc.equal(table["valid_from"], table["recorded_at"])).as_py() or 0)
