"""Rankings that order the rows alike share a line of every table, which names them all."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures import evidence
from fixtures.evidence import figure, ranking

from threat.release.documents.evaluation import Evaluation, Measured
from threat.release.documents.table_lines import table_lines


def folded(**fields: Any) -> Evaluation:
    """The model and a rule order the rows alike, and so do the base and two more rules."""
    rankings = (
        ranking("score", title="LightGBM"),
        ranking("base", title="The base alone"),
        ranking("rule_days", title="Days", same_order_as="score"),
        ranking("rule_rfg", title="Recency", same_order_as="base"),
        ranking("rule_rfgv", title="Recency with victims", same_order_as="base"),
        ranking("rule_count", title="Count"),
    )
    return evidence.evaluation(rankings=rankings, **fields)


def compared(*names: str) -> dict[str, Any]:
    difference = figure("mean_recall_difference", 0.0, 0.0, 0.0)
    rankings = [
        {"name": name, "title": name.capitalize(), "difference": difference, "verdict": "not_worse", "power": None}
        for name in names
    ]
    terms = {"version": "c", "measure": "mean_recall", "margin": 0.02, "places": [50], "plan": None, "events": 90}
    return terms | {"rankings": rankings}


def test_the_first_keeps_the_line_and_the_line_names_the_others() -> None:
    lines = folded().lines
    assert [(line.row.name, [other.name for other in line.alike]) for line in lines] == [
        ("score", ["rule_days"]),
        ("base", ["rule_rfg", "rule_rfgv"]),
        ("rule_count", []),
    ]
    assert [line.title for line in lines] == [
        "LightGBM, and days, which orders these rows alike",
        "The base alone, and recency and recency with victims, which order these rows alike",
        "Count",
    ]
    assert [line.note for line in lines] == [
        "days orders these rows alike",
        "recency and recency with victims order these rows alike",
        "",
    ]


def test_the_planned_comparison_folds_as_the_table_does_and_says_where_a_ranking_is_the_model() -> None:
    """The base is not compared with: of the rules that equal it, the first keeps the line."""
    lines = folded(comparison=compared("rule_days", "rule_rfg", "rule_count", "rule_rfgv")).compared_lines
    assert [line.title for line in lines] == [
        "Rule_days, and the model, which orders these rows alike",
        "Rule_rfg, and rule_rfgv, which orders these rows alike",
        "Rule_count",
    ]
    assert lines[0].note == "the model orders these rows alike"
    assert folded().compared_lines == ()


def test_without_rankings_that_are_alike_every_row_is_a_line() -> None:
    rows = evidence.rankings()
    assert [line.row for line in table_lines(rows, {})] == list(rows)


@pytest.mark.parametrize("first", ["rule_days", "rule_after", "nothing"])
def test_a_ranking_cannot_be_folded_into_a_ranking_without_a_line_before_it(first: str) -> None:
    rankings = (
        ranking("score"),
        ranking("rule_days", same_order_as="score"),
        ranking("rule_count", same_order_as=first),
        ranking("rule_after"),
    )
    fields = {"capacity": 50, "rankings": rankings, "calibration": None, "freshness": (), "warnings": ()}
    with pytest.raises(ValueError, match=f"rule_count is ordered as {first}, which has no line before it"):
        Measured(**fields)


def test_an_evaluation_of_before_says_of_no_ranking_that_another_is_alike() -> None:
    written = evidence.evaluation().as_json()
    for item in written["rankings"]:
        del item["same_order_as"]
    again = Evaluation.model_validate(written)
    assert again == evidence.evaluation()
    assert len(again.lines) == len(again.rankings)
