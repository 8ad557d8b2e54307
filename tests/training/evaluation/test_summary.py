"""What ``threat train`` prints of the table: rankings that order the rows alike are one line, which says so."""

from __future__ import annotations

from typing import Any

from fixtures import evidence
from fixtures.evidence import at_capacity, figure, ranking
from fixtures.validation_bars import bar

from threat.release.documents.evaluation import Evaluation
from training.evaluation.summary import Remarks, calibration_lines, comparison_lines, halves_lines, summary_lines


def folded() -> Evaluation:
    """A rule that orders the rows as the model does, and two rules that order the rows alike."""
    difference = figure("mean_recall_difference", -0.1, -0.2, 0.0)
    rankings = (
        ranking("score", at_capacity("recall_at_capacity", 0.4, 0.3, 0.5), title="LightGBM on the base"),
        ranking("rule_days", title="Days", same_order_as="score"),
        ranking("rule_rfg", at_capacity("recall_at_capacity", 0.2, 0.1, 0.3), title="Recency"),
        ranking("rule_rfgv", title="Recency with victims", same_order_as="rule_rfg"),
    )
    terms = {"version": "c", "measure": "mean_recall", "margin": 0.02, "places": [50], "plan": None, "events": 90}
    compared = [
        {"name": name, "title": title, "difference": difference, "verdict": verdict, "power": None}
        for name, title, verdict in (
            ("rule_days", "Days", "not_worse"),
            ("rule_rfg", "Recency", "not_enough_evidence"),
            ("rule_rfgv", "Recency with victims", "not_enough_evidence"),
        )
    ]
    return evidence.evaluation(rankings=rankings, comparison=terms | {"rankings": compared}, calibration=None)


def test_the_table_has_a_line_for_each_order_of_the_rows() -> None:
    table = summary_lines("r", folded(), Remarks()).split("ranking  ")[1].splitlines()[1:]
    assert [line[:50].rstrip() for line in table] == ["LightGBM on the base", "Recency"]
    assert table[0].endswith("; days orders these rows alike")
    assert table[1].startswith(f"{'Recency':<50} 0.200 (0.100 to 0.300)")
    assert table[1].endswith("; recency with victims orders these rows alike")


def test_the_planned_comparison_has_a_line_for_each_order_of_the_rows() -> None:
    days, recency = (line for line in comparison_lines(folded()) if line.startswith("  "))
    difference = "mean recall -0.100 (-0.200 to +0.000)"
    assert days == f"  {'not worse':<20} {'Days':<50} {difference}; the model orders these rows alike"
    assert recency.startswith(f"  {'not enough evidence':<20} {'Recency':<50} {difference}")
    assert recency.endswith("; recency with victims orders these rows alike")
    assert comparison_lines(evidence.evaluation()) == []


def test_the_bar_on_validation_is_said_with_what_the_lists_of_validation_chose() -> None:
    said = summary_lines("r", folded(), Remarks(choices=evidence.choices("model", bar=bar()))).splitlines()
    at = said.index(bar().sentence)
    assert said[at - 1].startswith("Of the ways to a model the lists of validation chose: ")
    assert said[at + 1] == bar().how_to_read


def of_half(half: str, cycles: tuple[int, ...], events: int, calibrated: bool) -> dict[str, Any]:
    by = {"events": events, "slice": {"half": half, "ranking": "score"}}
    figures = [
        figure("recall_at_capacity", 0.5, 0.3, 0.7, **by),
        figure("mean_recall", 0.4, 0.3, 0.5, **by),
        figure("auc", 0.7, 0.6, 0.8, **by),
    ]
    slope, ratio = figure("slope", 0.9, 0.7, 1.1), figure("observed_over_expected", 1.25, 1.0, 1.5)
    calibration = {"slope": slope, "intercept": slope, "observed_over_expected": ratio, "bins": ()}
    return {
        "half": half, "cycles": cycles, "n": 400, "events": events, "figures": figures,
        "calibration": calibration if calibrated else None,
    }  # fmt: skip


def test_both_halves_are_said_each_with_its_calibration() -> None:
    lists = [
        {
            "cycle": cycle, "start": f"2025-0{cycle - 3}-01T00:00:00+00:00", "n": 200, "with_outcome": 4, "listed": 50,
            "listed_with_outcome": 2, "new_since_last": None,
        }
        for cycle in (4, 5, 6)
    ]  # fmt: skip
    halves = [of_half("first", (4, 5), 40, calibrated=True), of_half("second", (6,), 1_030, calibrated=False)]
    recalls = "model's recall at capacity 0.500 (0.300 to 0.700), mean recall 0.400 (0.300 to 0.500), AUC 0.700"
    assert halves_lines(evidence.evaluation(replay=lists, halves=halves)) == [
        f"First half of the test, lists of 2025-01-01 to 2025-02-01, 40 outcome events: {recalls} (0.600 to 0.800); "
        "slope 0.90 (0.70 to 1.10), observed over expected 1.25 (1.00 to 1.50) (both 1 where the probabilities are "
        "right).",
        f"Second half of the test, lists of 2025-03-01 to 2025-03-01, 1,030 outcome events: {recalls} (0.600 to "
        "0.800).",
    ]
    assert halves_lines(evidence.evaluation()) == []


def test_calibration_is_said_or_why_there_is_none() -> None:
    right = "(both 1 where the probabilities are right)"
    assert calibration_lines(evidence.evaluation()) == [
        f"Calibration of the model: slope 1.00 (0.90 to 1.10), observed over expected 1.10 (0.90 to 1.20) {right}."
    ]
    why = "No probability: 41 rows with an outcome."
    none = evidence.evaluation(calibration=None, no_probability=why)
    assert calibration_lines(none) == [f"Calibration of the model: {why}"]
    assert calibration_lines(evidence.evaluation(calibration=None)) == []
