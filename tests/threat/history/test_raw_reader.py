"""The product and a plain reader of the raw rows agree.

Who is who, what stands, what each person sees, who is dead, who is in custody, and who is considered.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from fixtures.drawn import drawn
from fixtures.raw_considered import OPEN, RawConsidered
from fixtures.raw_histories import AS_OFS, PEOPLE, histories, stored
from fixtures.raw_reader import NOBODY, RawReader, Seen
from hypothesis import HealthCheck, given, settings

from threat.asof import DAY
from threat.eligibility import eligible
from threat.history import Snapshot
from threat.history.custody import Custody
from threat.history.deaths import Deaths
from threat.history.schema import DOMESTIC
from threat.history.sightings import Sightings
from threat.ids import pair_ids
from threat.policy import load_policy
from threat.vocabulary import kinds

POLICY = load_policy()
ROLES = ("subject", "at_risk", "about")


def seen_in(sightings: Sightings, person: int, as_of: int) -> list[Seen]:
    """What the sightings show a person, but for the versions of stated relationships."""
    where = np.arange(*sightings.rows_of(person).indices(len(sightings.kind))[:2])
    where = where[
        sightings.visible_at(as_of, where) & (sightings.kind[where] != kinds()["relationship_recorded"].number)
    ]
    return [
        Seen(int(sightings.event_id[i]), ROLES[sightings.role[i]], int(other), DOMESTIC[sightings.domestic[i]])
        for i, other in zip(where.tolist(), sightings.ids_of(sightings.counterpart[where]), strict=True)
    ]


def agree(raw: RawReader) -> None:
    """Assert that the product reads the rows as the plain reader does."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = stored(raw, Path(folder))
        sightings = snapshot.sightings()  # opened once: opening the arrays for each question took half of the time
        pairs = [(s, at) for s in PEOPLE for at in (*PEOPLE, NOBODY) if s != at]
        ids = pair_ids(*zip(*pairs, strict=True))
        for as_of in AS_OFS:
            who = [raw.who(person, as_of) for person in PEOPLE]
            assert snapshot.links.resolve(PEOPLE, as_of).tolist() == who, as_of
            stands = [
                pair for pair, is_one in zip(pairs, snapshot.relationships.stands(ids, as_of), strict=True) if is_one
            ]
            assert stands == [pair for pair in pairs if raw.stands(pair, as_of)], as_of
            said = dict(zip(pairs, snapshot.relationships.kind_at(ids, as_of).tolist(), strict=True))
            assert {p: said[p] for p in stands} == {p: raw.kind(p, as_of) for p in stands}, as_of
            for person in set(who) - {NOBODY}:
                assert seen_in(sightings, person, as_of) == raw.seen(person, as_of), (person, as_of)
            considered_alike(snapshot, RawConsidered(raw, as_of), pairs)


def considered_alike(snapshot: Snapshot, plain: RawConsidered, pairs: list[tuple[int, int]]) -> None:
    """Assert that the product and the plain reader agree on deaths, custody and each step of the attrition."""
    as_of, sightings = plain.as_of, snapshot.sightings()
    deaths, custody = Deaths.of(sightings), Custody.at(sightings, as_of, OPEN)
    for mask, expected in (
        (deaths.on_record(PEOPLE, as_of), [plain.dead(person) for person in PEOPLE]),
        (deaths.unrecorded(PEOPLE, as_of), [plain.dead_unrecorded(person) for person in PEOPLE]),
        (deaths.died_within(PEOPLE, as_of, 3 / DAY), [plain.died_within(person, 3) for person in PEOPLE]),
        (custody.until(PEOPLE), [plain.until(person) for person in PEOPLE]),
        (custody.seconds_since(PEOPLE, 1), [plain.seconds_since(person, 1) for person in PEOPLE]),
    ):
        assert mask.tolist() == expected, as_of
    cohort, kept = eligible(snapshot, as_of, POLICY), plain.kept(pairs)
    steps = {step.step: step.kept for step in cohort.attrition}
    assert {step: steps[step] for step in kept} == {step: len(some) for step, some in kept.items()}, as_of
    # All happened in a few seconds, so that the window in days keeps every pair.
    ids = [int(pair_ids(*pair)[0]) for pair in kept["subject_dead"]]
    assert cohort.rows.relationship_id.tolist() == sorted(ids), as_of


@drawn(60)
@given(histories())
def test_every_reader_sees_the_same(raw: RawReader) -> None:
    agree(raw)


@pytest.mark.long
@settings(deadline=None, max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(histories())
def test_every_reader_sees_the_same_in_ten_thousand_histories(raw: RawReader) -> None:
    agree(raw)
