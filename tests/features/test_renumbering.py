"""Any numbering of references and persons, and any order of rows, gives the same figures and the same people."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from fixtures.drawn import drawn
from fixtures.raw_histories import AS_OFS, PEOPLE, histories, stored
from fixtures.raw_reader import NOBODY, RawReader
from fixtures.renumbering import ambiguous, renumbered
from hypothesis import assume, given
from hypothesis import strategies as st

from features.engines.fold.build import build
from threat.asof import DAY
from threat.eligibility import eligible
from threat.history import Snapshot
from threat.ids import pair_ids
from threat.policy import load_policy


def figures(snapshot: Snapshot, people: dict[int, int], as_of: int) -> dict[tuple[int, int], bytes]:
    """The features of every pair that stands, by the persons' first ids."""
    pairs = [(s, at) for s in PEOPLE for at in (*PEOPLE, NOBODY) if s != at]
    ids = pair_ids([people[s] for s, _ in pairs], [people.get(at, NOBODY) for _, at in pairs])
    stands = snapshot.relationships.stands(ids, as_of)
    rows = snapshot.rows(ids[stands], as_of)
    kept = (rows.subject != NOBODY) & (rows.subject != rows.at_risk)
    values = build(snapshot.sightings(), rows.take(kept), parallel=False).values
    named = [pair for pair, is_one in zip(pairs, stands, strict=True) if is_one]
    named = [pair for pair, keep in zip(named, kept, strict=True) if keep]
    return {pair: value.tobytes() for pair, value in zip(named, values, strict=True)}


def considered(snapshot: Snapshot, people: dict[int, int], as_of: int) -> set[tuple[int, int]]:
    """Who is considered, by the persons' first ids."""
    first = {new: old for old, new in people.items()} | {NOBODY: NOBODY}
    rows = eligible(snapshot, as_of, load_policy()).rows
    return {(first[s], first[at]) for s, at in zip(rows.subject.tolist(), rows.at_risk.tolist(), strict=True)}


@drawn(60)
@given(histories(scale=30 * DAY), st.integers(0, 1000))
def test_no_numbering_changes_a_figure(raw: RawReader, seed: int) -> None:
    assume(not ambiguous(raw))
    again, people, _ = renumbered(raw, seed)
    same = {person: person for person in PEOPLE}
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        one, other = stored(raw, Path(first)), stored(again, Path(second))
        for as_of in (AS_OFS[1] * 30 * DAY, AS_OFS[-1] * 30 * DAY):
            assert figures(one, same, as_of) == figures(other, people, as_of)
            assert considered(one, same, as_of) == considered(other, people, as_of)
    assert np.array_equal(sorted(people), PEOPLE)
