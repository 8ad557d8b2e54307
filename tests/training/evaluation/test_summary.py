"""What ``threat train`` prints of the table: rankings that order the rows alike are one line, which says so."""

from __future__ import annotations

from fixtures import evidence
from fixtures.evidence import at_capacity, figure, ranking
from fixtures.validation_bars import bar

from threat.release.documents.evaluation import Evaluation
from training.evaluation.summary import Remarks, comparison_lines, summary_lines


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
    return evidence.evaluation(rankings=rankings, comparison=terms | {"rankings": compared})


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
