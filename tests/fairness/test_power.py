"""What the audit can tell with so many events: seldom a false alarm, never a pass on next to nothing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fairness.commands import app
from fairness.policy import load_policy
from fairness.power import Groups, verdict_rates

POLICY = load_policy()


def rates(events: int, ratio: float, other_groups: int = 0, policy=POLICY) -> dict[str, dict[str, float]]:
    return verdict_rates(Groups(events, 400, 0.5, ratio, other_groups), policy, draws=150)


@pytest.mark.parametrize("ratio", [1.0, 0.8, 0.5])
def test_ten_events_never_pass(ratio: float) -> None:
    assert rates(10, ratio)["group"]["pass"] == 0


@pytest.mark.parametrize(
    ("events", "ratio", "verdict", "low", "high"),
    [
        (160, 1.0, "fail", 0.0, 0.02),
        (160, 1.0, "pass", 0.75, 1.0),
        (160, 0.5, "fail", 0.98, 1.0),
        (160, 0.8, "pass", 0.0, 0.15),
        (40, 0.5, "pass", 0.0, 0.01),
        (40, 0.5, "fail", 0.8, 1.0),
    ],
)
def test_known_groups(events: int, ratio: float, verdict: str, low: float, high: float) -> None:
    assert low <= rates(events, ratio)["group"][verdict] <= high


def test_shares_add_up_and_repeat() -> None:
    first, second = rates(40, 0.7, 2), rates(40, 0.7, 2)
    assert first == second
    for shares in first.values():
        assert sum(shares.values()) == pytest.approx(1)


def test_holm_keeps_many_small_groups_from_condemning_a_fair_ranking() -> None:
    bare = POLICY.model_copy(update={"multiplicity": "none"})
    alone, adjusted = (rates(20, 1.0, 6, policy)["characteristic"]["fail"] for policy in (bare, POLICY))
    assert alone > 0.25
    assert adjusted < 0.15


def test_the_best_served_group_needs_enough_events() -> None:
    shares = verdict_rates(Groups(20, 40, recall=0.5, ratio=0.5), POLICY, draws=50)
    assert shares["group"] == {"pass": 0.0, "fail": 0.0, "not_enough_evidence": 1.0}


def test_the_command() -> None:
    asked = ["audit-power", "--events", "10", "--reference-events", "400", "--json"]
    result = CliRunner().invoke(app, asked)
    assert json.loads(result.stdout)["group"]["pass"] == 0
    wrong = CliRunner().invoke(app, [*asked, "--recall", "0.9", "--ratio", "2"])
    assert "above 1" in str(wrong.exception)
