"""The planned comparison: drawn verdicts, what is said first, and how much a test of so few outcomes can tell."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from fixtures import evidence
from fixtures.evidence import figure, ranking

from threat.measuring.power import of_standard_error, standard_error_of
from threat.release.documents.choices import Choices
from threat.release.documents.comparison import (
    Comparison,
    ComparisonPlan,
    ComparisonVerdict,
    PlannedRanking,
    Power,
    verdict_of,
)
from threat.release.documents.settings import ComparisonSettings
from training.evaluation.comparison import compare

SETTINGS = ComparisonSettings(against=["rule_rfgv", "elastic_net"])
PLAN = ComparisonPlan(
    rows_with_outcome=120,
    people=40,
    days=540.0,
    test_days=540.0,
    rankings=(
        PlannedRanking(name="rule_rfgv", title="R", power=Power(standard_error=0.02, not_worse=0.2, detectable=0.1)),
    ),
)


def measured(*differences: tuple[str, tuple[float, float] | None]) -> Any:
    """An evaluation of 90 events with the intervals of the model minus each ranking."""
    model = ranking("score", figure("mean_recall", 0.4, events=90, slice={"capacities": [12, 25, 50]}))
    others = [
        ranking(
            name,
            figure("mean_recall_difference", ends and sum(ends) / 2, *(ends or (0, 0)), events=90),
            title=name.capitalize().replace("_", " "),
        )
        for name, ends in differences
    ]
    return evidence.evaluation(rankings=(model, *others))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.001, 0.2, "better"),
        (0.0, 0.2, "not_worse"),
        (-0.019, 0.2, "not_worse"),
        (-0.02, 0.2, "not_enough_evidence"),
        (-0.1, 0.0, "not_enough_evidence"),
        (-0.1, -0.001, "worse"),
        # Within the margin and yet wholly below 0: it is less, and that is said.
        (-0.015, -0.001, "worse"),
    ],
)
def test_the_interval_and_the_margin_give_the_verdict(low: float, high: float, verdict: ComparisonVerdict) -> None:
    difference = figure("mean_recall_difference", (low + high) / 2, low, high)
    assert verdict_of(difference, margin=0.02) == verdict


def test_without_a_difference_or_an_interval_nothing_is_concluded() -> None:
    assert verdict_of(None, margin=0.02) == "not_measured"
    assert verdict_of(figure("d", 0.1, interval=None, reason="few"), margin=0.02) == "not_enough_evidence"
    assert verdict_of(figure("d", None), margin=0.02) == "not_enough_evidence"


def test_every_planned_ranking_is_in_the_comparison_in_the_planned_order() -> None:
    compared = compare(measured(("elastic_net", (-0.1, 0.1))), SETTINGS, PLAN)
    assert [(item.name, item.verdict) for item in compared.rankings] == [
        ("rule_rfgv", "not_measured"),
        ("elastic_net", "not_enough_evidence"),
    ]
    assert compared.rankings[0].title == "Recency, frequency, gravity and number of victims"
    assert (compared.places, compared.events, compared.margin, compared.version) == (
        (12, 25, 50),
        90,
        0.02,
        "comparison-1",
    )
    assert compared.rankings[1].power.standard_error == pytest.approx(0.2 / 3.92, abs=1e-4)
    assert Comparison.model_validate_json(compared.model_dump_json()) == compared


def test_margin_and_power_are_said_before_any_verdict() -> None:
    compared = compare(measured(("rule_rfgv", (0.0196, 0.0588)), ("elastic_net", (-0.1, -0.02))), SETTINGS, PLAN)
    assert compared.terms == (
        "Comparison written down before the test was opened (comparison-1): mean recall over lists of 12, 25, "
        "50, model minus each ranking, margin 0.02. Planned on 120 rows of validation with an outcome (40 "
        "people), in recall within the cohort: differences of 0.100 are found at 80% power, and a model exactly "
        "as good is found not worse "
        "in 20% of tests. With the 90 outcome events of the test, in recall of all of them: differences of 0.028 "
        "to 0.057 are found at "
        "80% power, and a model exactly as good is found not worse in 16% to 52% of tests."
    )
    assert compared.lost == "The model loses to the elastic net: mean recall -0.060 (-0.100 to -0.020)."
    assert compared.in_short == "Mean recall of the model, margin 0.02; worse: elastic net; better: rule rfgv."


@pytest.mark.parametrize(
    ("of_model", "of_ranking", "verdict", "reason"),
    [
        (0.12, 0.0, "better", ""),  # of 90 outcomes the model caught 10.8
        (0.0, 0.12, "better", ""),
        (0.11, 0.11, "not_enough_evidence", "neither caught 10 outcomes"),  # 9.9 each
    ],
)
def test_where_neither_caught_ten_outcomes_no_interval_is_read(
    of_model: float, of_ranking: float, verdict: ComparisonVerdict, reason: str
) -> None:
    difference = figure("mean_recall_difference", 0.01, 0.001, 0.02, events=90)
    model = ranking("score", figure("mean_recall", of_model, events=90, slice={"capacities": [50]}))
    other = ranking("elastic_net", figure("mean_recall", of_ranking, events=90), difference)
    [_, compared] = compare(evidence.evaluation(rankings=(model, other)), SETTINGS, None).rankings
    assert (compared.verdict, compared.reason, compared.power is None) == (verdict, reason, bool(reason))


def test_only_a_loss_to_the_regression_comes_first() -> None:
    lost = compare(measured(("rule_rfgv", (-0.2, -0.1)), ("elastic_net", (0.01, 0.02))), SETTINGS, None)
    assert lost.lost == ""
    assert "Planned on" not in lost.terms


@pytest.mark.parametrize("error", [0.004, 0.01, 0.03])
def test_power_is_what_drawn_tests_come_to(error: float) -> None:
    """Of 200,000 drawn differences as many are found as said, for no difference and for the detectable one."""
    shown = of_standard_error(error, margin=0.02)
    draws = np.random.default_rng(1).normal(0, error, 200_000)
    half = NormalDist().inv_cdf(0.975) * error
    assert (draws - half > -0.02).mean() == pytest.approx(shown.not_worse, abs=0.005)
    assert (draws + shown.detectable - half > 0).mean() == pytest.approx(0.8, abs=0.005)
    assert standard_error_of((-half, half)) == pytest.approx(error)
    assert of_standard_error(0.0, margin=0.02).not_worse == 1.0


def test_choices_of_before_had_no_plan() -> None:
    assert evidence.choices("text").comparison is None
    assert Choices.model_fields["comparison"].is_required() is False
