"""Random days: each eligible relationship at most once in a cycle, at an instant at which it is eligible."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import golden_force as golden

from threat.asof import DAY, parse_as_of
from threat.eligibility import eligible
from threat.history.snapshot import Snapshot
from threat.policy import load_policy
from training.cohorts.cohort import Cohort
from training.cohorts.folds import cycles
from training.cohorts.random_days import INSTANTS, random_days

MONTHS = cycles(parse_as_of("2024-01-01"), parse_as_of("2024-06-30"), "month", spread=False)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return golden.build(tmp_path_factory.mktemp("golden") / "history").snapshot()


def drawn(snapshot: Snapshot, seed: int = 7, lag: int = 0) -> Cohort:
    return random_days(snapshot, MONTHS, load_policy(), lag=lag, seed=seed)


def test_a_row_is_of_its_cycle_and_eligible_at_its_instant(snapshot: Snapshot) -> None:
    got, policy = drawn(snapshot), load_policy()
    starts, ends = ({cycle.number: at for cycle in MONTHS for at in [getattr(cycle, end)]} for end in ("start", "end"))
    assert len(got) > 3 * len(MONTHS)
    for relationship, as_of, cycle in zip(got.rows.relationship_id, got.rows.as_of, got.cycle, strict=True):
        assert starts[cycle] <= as_of < ends[cycle]
        assert relationship in eligible(snapshot, int(as_of), policy).rows.relationship_id


def test_a_relationship_is_a_row_at_most_once_in_a_cycle_and_of_a_few_instants(snapshot: Snapshot) -> None:
    got = drawn(snapshot)
    assert len({*zip(got.rows.relationship_id.tolist(), got.cycle.tolist(), strict=True)}) == len(got)
    for cycle in MONTHS:
        assert 1 < len(np.unique(got.rows.as_of[got.cycle == cycle.number])) <= INSTANTS


def test_a_seed_decides_the_days(snapshot: Snapshot) -> None:
    first, again, other = drawn(snapshot), drawn(snapshot), drawn(snapshot, seed=8)
    np.testing.assert_array_equal(first.rows.as_of, again.rows.as_of)
    assert set(first.rows.as_of.tolist()) != set(other.rows.as_of.tolist())


def test_eligibility_is_asked_before_the_lag_of_the_feed(snapshot: Snapshot) -> None:
    got, policy = drawn(snapshot, lag=10 * DAY), load_policy()
    for relationship, as_of in zip(got.rows.relationship_id, got.rows.as_of, strict=True):
        assert relationship in eligible(snapshot, int(as_of) - 10 * DAY, policy).rows.relationship_id
