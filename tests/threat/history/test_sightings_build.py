"""Merges, withdrawals and corrections as each person sees them: drawn cases, and the arrays against a recomputation."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, events, links, pair, persons, relationships

from threat.history import Snapshot, Store
from threat.history.gravity import kind_ranks
from threat.history.links import replay
from threat.history.sightings import NO_PERSON
from threat.vocabulary import kinds

STATED = kinds()["relationship_recorded"].number


def snapshot_of(folder: Path, **tables: pa.Table) -> Snapshot:
    store = Store.create(folder)
    store.append(BATCH, tables)
    return store.snapshot()


def seen(snapshot: Snapshot, person: int, as_of: int) -> list[tuple[int, int, int]]:
    """(event, role, counterpart) visible to a person at an as-of, in order."""
    sightings = snapshot.sightings()
    where = sightings.rows_of(person)
    out = []
    for i in range(where.start, where.stop):
        if sightings.kind[i] == STATED:
            continue
        if sightings.visible_from[i] < as_of <= sightings.visible_until[i]:
            other = int(sightings.counterpart[i])
            out.append(
                (int(sightings.event_id[i]), int(sightings.role[i]), -1 if other < 0 else int(sightings.persons[other]))
            )
    return out


def test_roles_and_order(tmp_path: Path) -> None:
    snapshot = snapshot_of(
        tmp_path / "s",
        persons=pa.concat_tables([persons(5, 6), persons(7, kind="unknown"), persons(8, kind="organisation")]),
        events=events(
            {"event_id": 4, "subject_id": 5, "person_at_risk_id": 6, "occurred_at": 20, "recorded_at": 30},
            {"event_id": 3, "subject_id": 5, "person_at_risk_id": 6, "occurred_at": 20, "recorded_at": 30},
            {"event_id": 2, "subject_id": 6, "person_at_risk_id": 5, "occurred_at": 20, "recorded_at": 25},
            {"event_id": 1, "person_id": 5, "kind": "arrest", "occurred_at": 40},
            {"event_id": 5, "subject_id": 5, "person_at_risk_id": 7, "occurred_at": 10},
            {"event_id": 6, "subject_id": 8, "person_at_risk_id": 6, "occurred_at": 10},
        ),
    )
    assert seen(snapshot, 5, 99) == [(5, 0, -1), (2, 1, 6), (3, 0, 6), (4, 0, 6), (1, 2, -1)]
    assert seen(snapshot, 6, 99) == [(6, 1, -1), (2, 0, 5), (3, 1, 5), (4, 1, 5)]
    assert snapshot.sightings().persons.tolist() == [5, 6]
    assert seen(snapshot, 5, 30) == [(5, 0, -1), (2, 1, 6)]


def kind_told(person: int, kind: str, recorded: int) -> pa.Table:
    row = {"person_id": person, "kind": kind, "birth_year": None, "recorded_at": recorded}
    return pa.Table.from_pylist([row], schema=persons(person).schema)


@pytest.mark.parametrize("kind", ["organisation", "unknown"])
def test_who_is_found_to_be_nobody_later(tmp_path: Path, kind: str) -> None:
    store = Store.create(tmp_path / "s")
    rows = events(
        {"event_id": 1, "subject_id": 5, "person_at_risk_id": 6, "occurred_at": 10, "recorded_at": 12},
        {"event_id": 2, "subject_id": 5, "person_at_risk_id": 6, "occurred_at": 35, "recorded_at": 40},
        {"event_id": 3, "subject_id": 6, "person_at_risk_id": 5, "occurred_at": 20, "recorded_at": 22},
    )
    pairs = relationships((9, 5, 6, 12))
    store.append(BATCH, {"persons": persons(5, 6), "events": rows, "relationships": pairs})
    before = store.snapshot()
    store.append(BATCH, {"persons": kind_told(6, kind, 40)})
    after = store.snapshot()
    # Nothing recorded at or after an as-of changes anything at it ...
    for at in (12, 13, 23, 40):
        assert [seen(after, who, at) for who in (5, 6)] == [seen(before, who, at) for who in (5, 6)]
        assert after.rows([pair(5, 6)], at).at_risk.tolist() == before.rows([pair(5, 6)], at).at_risk.tolist() == [6]
    assert seen(after, 6, 40) == [(1, 1, 5), (3, 0, 5)]
    # ... and afterwards all of the history is seen without that person, also what was recorded before.
    assert seen(after, 6, 41) == []
    assert seen(after, 5, 41) == [(1, 0, -1), (3, 1, -1), (2, 0, -1)]
    assert after.rows([pair(5, 6)], 41).at_risk.tolist() == [NO_PERSON]


def test_a_merge_into_who_is_found_to_be_nobody(tmp_path: Path) -> None:
    snapshot = snapshot_of(
        tmp_path / "s",
        persons=pa.concat_tables([persons(1, 6), kind_told(2, "organisation", 60)]),
        person_links=links((1, 2, 50, 80)),
        events=events({"event_id": 1, "subject_id": 6, "person_at_risk_id": 1, "occurred_at": 10}),
    )
    found = {at: (seen(snapshot, 6, at), seen(snapshot, 2, at)) for at in (50, 51, 60, 61, 80, 81)}
    merged, nobody, alone = ([(1, 0, 2)], [(1, 1, 6)]), ([(1, 0, -1)], []), ([(1, 0, 1)], [])
    assert found == {50: alone, 51: merged, 60: merged, 61: nobody, 80: nobody, 81: alone}


def test_withdrawal_and_correction(tmp_path: Path) -> None:
    pair = {"subject_id": 5, "person_at_risk_id": 6}
    snapshot = snapshot_of(
        tmp_path / "s",
        events=events(
            {"event_id": 1, **pair, "occurred_at": 10, "recorded_at": 12},
            {"event_id": 2, "supersedes_event_id": 1, "kind": "withdrawn", "occurred_at": 20},
            {"event_id": 3, **pair, "occurred_at": 11, "recorded_at": 13, "kind": "assault_with_injury"},
            {"event_id": 4, **pair, "supersedes_event_id": 3, "occurred_at": 11, "recorded_at": 30, "kind": "wounding"},
            # Corrected before it could be seen: never visible.
            {"event_id": 5, **pair, "occurred_at": 11, "recorded_at": 15},
            {"event_id": 6, **pair, "supersedes_event_id": 5, "occurred_at": 11, "recorded_at": 15},
        ),
    )
    visible = {at: [event for event, _, _ in seen(snapshot, 5, at)] for at in (12, 13, 14, 20, 21, 30, 31)}
    assert visible == {12: [], 13: [1], 14: [1, 3], 20: [1, 3, 6], 21: [3, 6], 30: [3, 6], 31: [6, 4]}
    assert 2 not in snapshot.sightings().event_id
    assert 5 not in snapshot.sightings().event_id


def test_merged_persons_and_counterparts(tmp_path: Path) -> None:
    snapshot = snapshot_of(
        tmp_path / "s",
        persons=persons(1, 2, 6),
        person_links=links((1, 2, 50, 80)),
        events=events(
            {"event_id": 1, "subject_id": 1, "person_at_risk_id": 6, "occurred_at": 10},
            {"event_id": 2, "subject_id": 2, "person_at_risk_id": 6, "occurred_at": 20},
            {"event_id": 3, "subject_id": 6, "person_at_risk_id": 1, "occurred_at": 60},
        ),
        relationships=relationships((9, 1, 6)),
    )
    # Before, during and after the merge: under the survivor only while the link stands ...
    assert [seen(snapshot, 2, at) for at in (50, 51, 81)] == [[(2, 0, 6)], [(1, 0, 6), (2, 0, 6)], [(2, 0, 6)]]
    assert seen(snapshot, 2, 70) == [(1, 0, 6), (2, 0, 6), (3, 1, 6)]
    # ... and under its own id while it does not ...
    assert [seen(snapshot, 1, at) for at in (50, 70, 81)] == [[(1, 0, 6)], [], [(1, 0, 6), (3, 1, 6)]]
    # ... and the counterpart is who it was known to be.
    assert seen(snapshot, 6, 50) == [(1, 1, 1), (2, 1, 2)]
    assert seen(snapshot, 6, 70) == [(1, 1, 2), (2, 1, 2), (3, 0, 2)]
    assert seen(snapshot, 6, 81) == [(1, 1, 1), (2, 1, 2), (3, 0, 1)]
    assert snapshot.rows([pair(1, 6)] * 3, [50, 51, 81]).subject.tolist() == [1, 2, 1]


def in_force(rows: list[dict[str, Any]], as_of: int) -> list[dict[str, Any]]:
    """The versions in force at an as-of, by definition: of rows that supersede one another, the last on record."""
    by_id = {row["event_id"]: row for row in rows}

    def rank(row: dict[str, Any]) -> tuple[int, int]:
        """Not before what it corrects, and after it."""
        corrected = by_id.get(row.get("supersedes_event_id"))
        if corrected is None:
            return row["recorded_at"], 0
        at, depth = rank(corrected)
        return max(at, row["recorded_at"]), depth + 1

    def rank_among(row: dict[str, Any]) -> tuple[Any, ...]:
        gravity = kind_ranks()[kinds()[row["kind"]].number]
        return *rank(row), row["kind"] == "withdrawn", gravity, row["event_id"]

    def root(row: dict[str, Any]) -> int:
        corrected = by_id.get(row.get("supersedes_event_id"))
        return row["event_id"] if corrected is None else root(corrected)

    facts: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        facts.setdefault(root(row), []).append(row)
    out = []
    for versions in facts.values():
        versions.sort(key=rank_among)
        for version, following in zip(versions, [*versions[1:], None], strict=True):
            if version["recorded_at"] < as_of and (following is None or following["recorded_at"] >= as_of):
                out.append(version)
    return out


def recompute(
    rows: list[dict[str, Any]],
    merges: list[tuple[int, int, int, int | None]],
    told: dict[int, int],
    as_of: int,
) -> set[Any]:
    """(person, event, role, counterpart) by definition: every standing event, with who was known at the as-of."""
    people = [kind_told(person, "organisation", at) for person, at in told.items()]
    known = replay(links(*merges), pa.concat_tables(people))

    def who(person: int | None) -> int:
        return -1 if person is None else int(known.resolve(person, as_of)[0])

    out = set()
    for row in in_force(rows, as_of):
        if row["kind"] == "withdrawn":
            continue
        for role, person, other in (
            (0, row.get("subject_id"), row.get("person_at_risk_id")),
            (1, row.get("person_at_risk_id"), row.get("subject_id")),
            (2, row.get("person_id"), None),
        ):
            if person is not None and who(person) != NO_PERSON:
                out.add((who(person), row["event_id"], role, who(other)))
    return out


@pytest.mark.parametrize("seed", range(12))
def test_against_a_plain_recomputation(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for event in range(1, 60):
        occurred = rng.randrange(0, 50)
        row: dict[str, Any] = {
            "event_id": event,
            "occurred_at": occurred,
            "recorded_at": occurred + rng.randrange(0, 30),
        }
        if rng.random() < 0.2:
            row |= {"kind": "arrest", "person_id": rng.randrange(1, 11)}
        else:
            row |= {"kind": "stalking", "subject_id": rng.randrange(1, 11)}
            row["person_at_risk_id"] = rng.choice([None, *range(1, 11)])
        if event > 5 and rng.random() < 0.2:
            row["supersedes_event_id"] = rng.randrange(1, event)
            if rng.random() < 0.5:
                row |= {"kind": "withdrawn"}
        rows.append(row)
    merges = []
    for _ in range(rng.randrange(1, 8)):
        recorded = rng.randrange(0, 60)
        merges.append(
            (rng.randrange(1, 9), rng.randrange(1, 9), recorded, rng.choice([None, recorded + rng.randrange(1, 30)]))
        )
    # Some turn out to be organisations at some time; of them only 8 may have been merged into.
    told = {person: rng.randrange(0, 80) for person in ((9, 10) if any(row[0] == 8 for row in merges) else (8, 9, 10))}
    people = pa.concat_tables([kind_told(person, "organisation", at) for person, at in told.items()])
    snapshot = snapshot_of(tmp_path / "s", persons=people, events=events(*rows), person_links=links(*merges))
    sightings = snapshot.sightings()
    for as_of in (5, 20, 40, 60, 90):
        standing = set(snapshot.links.resolve(np.arange(1, 11), as_of).tolist()) - {NO_PERSON}
        found = set()
        for person in standing:
            visible = seen(snapshot, person, as_of)
            assert len(visible) == len({(event, role) for event, role, _ in visible})
            found |= {(person, *row) for row in visible}
        assert found == recompute(rows, merges, told, as_of)
    order = list(
        zip(
            np.repeat(np.arange(len(sightings.persons)), np.diff(sightings.offsets)).tolist(),
            sightings.occurred_at.tolist(),
            sightings.recorded_at.tolist(),
            kind_ranks()[sightings.kind].tolist(),
            sightings.role.tolist(),
            sightings.event_id.tolist(),
            strict=True,
        )
    )
    assert order == sorted(order)
