"""Any numbering of references and persons, and any order of rows, gives the same outcomes and the same labels."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fixtures.drawn import drawn
from fixtures.raw_histories import AS_OFS, OUTCOME_KINDS, PEOPLE, histories, stored
from fixtures.raw_reader import NOBODY, RawReader
from fixtures.renumbering import ambiguous, renumbered
from hypothesis import assume, given
from hypothesis import strategies as st

from threat.asof import DAY
from threat.history import Snapshot
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
