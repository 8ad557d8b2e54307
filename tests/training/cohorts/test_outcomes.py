"""Which outcomes count: all of a rung on record by a date, or only those that bring a new severe kind."""

from __future__ import annotations

import pytest
from fixtures import golden_force as golden

from threat.errors import UsageError
from threat.history.snapshot import Snapshot
from threat.outcomes import occurrences
from training.cohorts.outcomes import only_new_kinds, recorded_outcomes
from training.config import load


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return golden.build(tmp_path_factory.mktemp("golden") / "history").snapshot()


def test_only_an_outcome_with_a_new_severe_kind_counts_in_the_sensitivity(snapshot: Snapshot) -> None:
    outcomes = occurrences(snapshot, "Y2")
    fresh = only_new_kinds(snapshot, outcomes, "Y2", None)
    names = {golden.incident_id(row["incident"]): row["incident"] for row in golden.rows()}
    assert {names[i] for i in outcomes["incident_id"]} - {names[i] for i in fresh["incident_id"]} == {
        "c-5"  # strangulation and injury: G03's subject had both on record before
    }


def test_only_what_was_recorded_before_the_date_counts(snapshot: Snapshot) -> None:
    settings = load("demo")
    everything = recorded_outcomes(snapshot, settings, None)
    last = everything.loc[everything["recorded_at"].idxmax()]
    at = int(last["recorded_at"])
    before, after = (set(recorded_outcomes(snapshot, settings, cut)["incident_id"]) for cut in (at, at + 1))
    assert after - before == {last["incident_id"]}


def test_new_charges_only_is_refused_for_outcomes_of_the_person_at_risk_alone(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="new_charges_only cannot be used with Y5"):
        recorded_outcomes(snapshot, load("demo", rung="Y5", new_charges_only=True), None)
