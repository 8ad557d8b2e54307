"""Rankings that order the rows alike are one line of every table and chart of the card."""

from __future__ import annotations

from typing import Any

from fixtures import evidence
from fixtures.evidence import at_capacity, figure, ranking

from model_cards.card import build
from model_cards.decision import decision_curve_field
from model_cards.results import comparison_field, differences_field, rankings_field
from threat.release.documents.card import Table
from threat.release.evidence import RunDocuments

MODEL_LINE = "LightGBM, and the model without, which orders these rows alike"
RULE_LINE = "Recency, and recency with victims, which orders these rows alike"


def folded(**fields: Any) -> RunDocuments:
    rankings = (
        ranking("score", at_capacity("recall_at_capacity", 0.4), title="LightGBM"),
        ranking(
            "rule_rfg", at_capacity("recall_at_capacity", 0.3), at_capacity("recall_difference", 0.1), title="Recency"
        ),
        ranking(
            "rule_rfgv",
            at_capacity("recall_at_capacity", 0.3),
            at_capacity("recall_difference", 0.1),
            title="Recency with victims",
            same_order_as="rule_rfg",
        ),
        ranking(
            "without_sensitive",
            at_capacity("recall_at_capacity", 0.4),
            at_capacity("recall_difference", 0.0),
            title="The model without",
            same_order_as="score",
        ),
    )
    return RunDocuments(evaluation=evidence.evaluation(rankings=rankings, **fields))


def first_cells(table: Any) -> list[str]:
    assert isinstance(table, Table)
    return [row[0] for row in table.rows]


def test_the_tables_and_the_chart_have_a_line_for_each_order() -> None:
    documents = folded()
    assert first_cells(rankings_field(documents)) == [MODEL_LINE, RULE_LINE]
    assert first_cells(differences_field(documents)) == [RULE_LINE]
    (chart,) = build(documents, run_id="r", manifest_sha256="a" * 64).charts
    assert [point.label for point in chart.points] == [MODEL_LINE, RULE_LINE]


def test_the_planned_comparison_has_a_line_for_each_order() -> None:
    difference = figure("mean_recall_difference", 0.1, 0.05, 0.15)
    compared = [
        {"name": name, "title": title, "difference": difference, "verdict": "better", "power": None}
        for name, title in (("rule_rfg", "Recency"), ("rule_rfgv", "Recency with victims"))
    ]
    terms = {"version": "c", "measure": "mean_recall", "margin": 0.02, "places": [50], "plan": None, "events": 90}
    value = comparison_field(folded(comparison=terms | {"rankings": compared}))
    assert isinstance(value, tuple)
    assert value[1:-1] == (f"{RULE_LINE}: better; mean recall +0.100 (+0.050 to +0.150)",)


def test_curves_by_list_fold_and_curves_by_probability_do_not() -> None:
    def curve(name: str, cut: str, value: float) -> dict[str, Any]:
        return {"name": name, "title": f"{name} by {cut}", "cut": cut, "figures": [figure("net_benefit", value)]}

    curves = [
        curve("all", "everybody", 1.0),
        curve("score", "probability", 2.0),
        curve("without_sensitive", "probability", 3.0),
        *(curve(name, "list", 4.0) for name in ("score", "rule_rfg", "rule_rfgv", "without_sensitive")),
    ]
    decision = {"thresholds": [0.1], "capacity": 50, "positives": 40, "curves": curves, "lists": []}
    value = decision_curve_field(folded(decision=decision))
    assert first_cells(value) == [
        "all by everybody",
        "score by probability",
        "without_sensitive by probability",
        "score by list, and without_sensitive by list, which orders these rows alike",
        "rule_rfg by list, and rule_rfgv by list, which orders these rows alike",
        "Nobody",
    ]
