"""Any numbering of references and persons, and any order of rows, gives the same outcomes and the same labels."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fixtures.drawn import drawn
from fixtures.history_rows import BATCH, events, pair, persons, relationships
from fixtures.raw_histories import AS_OFS, OUTCOME_KINDS, PEOPLE, histories, stored
from fixtures.raw_reader import NOBODY, RawReader
from fixtures.renumbering import ambiguous, renumbered
from hypothesis import assume, given
from hypothesis import strategies as st

from threat.asof import DAY
from threat.history import Snapshot, Store
from threat.ids import pair_ids
from threat.outcomes import label, occurrences, unrecorded
from threat.rungs import all_rules

RUNGS = tuple(dict.fromkeys(rule.rung for rule in all_rules()))
UNIT = 30 * DAY
Pairs = dict[tuple[int, int], tuple[int, bool]]


def outcomes(snapshot: Snapshot, people: dict[int, int], rung: str, cut: int) -> list[list[tuple[int, ...]]]:
    """The occurrences of each incident that has any, by the persons' first ids; in any order of incidents."""
    first = {new: old for old, new in people.items()} | {NOBODY: NOBODY}
    incidents: dict[int, list[tuple[int, ...]]] = {}
    for incident, subject, at_risk, *times in occurrences(snapshot, rung, cut).to_numpy().tolist():
        incidents.setdefault(incident, []).append((first[subject], first[at_risk], *times))
    return sorted(sorted(rows) for rows in incidents.values())


def labels(snapshot: Snapshot, people: dict[int, int], rung: str, as_of: int) -> Pairs:
    """The label of every pair that stands, and whether something unrecorded had happened, by the first ids."""
    pairs = [(s, at) for s in PEOPLE for at in (*PEOPLE, NOBODY) if s != at]
    ids = pair_ids([people[s] for s, _ in pairs], [people.get(at, NOBODY) for _, at in pairs])
    stands = snapshot.relationships.stands(ids, as_of)
    rows, frame = snapshot.rows(ids[stands], as_of), occurrences(snapshot, rung)
    named = [pair for pair, is_standing in zip(pairs, stands, strict=True) if is_standing]
    both = zip(label(frame, rows, 90).tolist(), unrecorded(frame, rows).tolist(), strict=True)
    return dict(zip(named, both, strict=True))


@drawn(30)
@given(
    histories(scale=UNIT, names=OUTCOME_KINDS), st.integers(0, 1000), st.sampled_from(RUNGS), st.sampled_from(AS_OFS)
)
def test_no_numbering_changes_an_outcome_or_a_label(raw: RawReader, seed: int, rung: str, at: int) -> None:
    assume(not ambiguous(raw))
    again, people, _ = renumbered(raw, seed)
    same = {person: person for person in PEOPLE}
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        before, after = stored(raw, Path(first)), stored(again, Path(second))
        assert outcomes(before, same, rung, at * UNIT) == outcomes(after, people, rung, at * UNIT)
        assert labels(before, same, rung, at * UNIT) == labels(after, people, rung, at * UNIT)


def test_moving_a_corollary_victim_changes_the_id_of_nobody_else(tmp_path: Path) -> None:
    """Ids of 63 bits next to one another: once through float64 they would all be one id."""
    s, at_risk, child, other = range(2**62 + 1, 2**62 + 5)
    store = Store.create(tmp_path / "store")
    rows: list[dict[str, Any]] = [
        {"event_id": 1, "subject_id": s, "person_at_risk_id": child, "kind": "murder", "incident_id": 50},
        {"event_id": 2, "subject_id": s, "person_at_risk_id": at_risk, "kind": "harassment", "incident_id": 50},
        # Domestic by what somebody else did: the pair is no relationship, and the incident names none of the subject.
        {"event_id": 3, "subject_id": s, "person_at_risk_id": other, "kind": "murder", "domestic": "no"},
        {"event_id": 4, "subject_id": at_risk, "person_at_risk_id": s, "kind": "harassment"},
    ]
    tables = {
        "persons": persons(s, at_risk, child, other),
        "relationships": relationships((9, s, at_risk)),
        "events": events(*({"occurred_at": 100, "incident_id": 51} | row for row in rows)),
    }
    store.append(BATCH, tables)
    frame = occurrences(store.snapshot(), "Y0")
    assert frame[["incident_id", "subject_id", "person_at_risk_id"]].to_numpy().tolist() == [
        [50, s, at_risk],
        [51, s, other],
    ]
    assert label(frame, store.snapshot().rows([pair(s, at_risk)], 100), 1).tolist() == [1]
