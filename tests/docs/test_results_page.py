"""The results page: what is withheld, and sentences that follow from intervals."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fixtures import evidence
from fixtures.cohort_evidence import cohort
from pages.results_comparison import comparison_lines, losses
from pages.results_page import _brier, _commentary, _in_no_figure, _reliability, few_on_the_list, number, percent

from threat.measuring.figure import Figure
from threat.release.documents.evaluation import FreshnessBand, RankingFigures


def drawn(
    name: str, value: float | None, interval: tuple[float, float] | None = None, events: int = 40, **by
) -> Figure:
    reason = "" if value is not None else "no outcomes"
    return Figure(
        name=name, title=name, value=value, n=900, events=events, interval=interval, method="m", slice=by, reason=reason
    )


@pytest.mark.parametrize(
    ("figure", "public", "expected"),
    [
        (drawn("auc", 0.7, (0.65, 0.75)), True, "0.700 (0.650 to 0.750)"),
        (drawn("auc", 0.7, (0.65, 0.75), events=9), True, "withheld"),
        (drawn("auc", 0.7, (0.65, 0.75), events=9), False, "0.700 (0.650 to 0.750)"),
        (drawn("auc", 0.7), True, "0.700"),
        (drawn("auc", None), True, "-"),
        (None, True, "-"),
    ],
)
def test_a_figure_on_fewer_than_ten_events_is_withheld(figure, public: bool, expected: str) -> None:
    assert number(figure, 3, public=public) == expected


def test_percent_and_sign() -> None:
    assert percent(drawn("recall", 0.123, (0.1, 0.15))) == "12.3% (10.0 to 15.0)"
    assert number(drawn("auc_difference", 0.02, (-0.01, 0.05)), 3, signed=True) == "+0.020 (-0.010 to +0.050)"


@pytest.mark.parametrize(
    ("recall", "precision", "few"),
    [
        (0.30, 0.20, False),  # 12 of 40 events, 40 of 200 rows
        (0.20, 0.20, True),  # 8 of 40 events
        (0.30, 0.04, True),  # 8 of 200 rows
    ],
)
def test_a_list_that_held_fewer_than_ten_is_told_only_as_that(recall: float, precision: float, few: bool) -> None:
    ranking = evidence.ranking(
        "score",
        drawn("recall_at_capacity", recall, capacity=50),
        drawn("precision_at_capacity", precision, capacity=50),
    )
    assert few_on_the_list(ranking, 50, 200) is few


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        (
            (46, 0),
            ["fresh: AUC 0.700 (its counts would give away those withheld)", "old: fewer than 10 outcomes, withheld"],
        ),
        ((46, 9, 8), ["fresh: 500 rows, 46 events, AUC 0.700", "old: fewer", "older: fewer"]),
        ((46, 12), ["fresh: 500 rows, 46 events, AUC 0.700", "old: 500 rows, 12 events, AUC 0.700"]),
    ],
)
def test_a_withheld_band_cannot_be_had_by_subtraction(events: tuple[int, ...], shown: list[str]) -> None:
    bands = [
        FreshnessBand(band=name, n=500, events=n, figures=(drawn("auc", 0.7, ranking="score"),))
        for name, n in zip(("fresh", "old", "older"), events, strict=False)
    ]
    text = "\n".join(_reliability(evidence.evaluation(calibration=None, freshness=bands), public=True))
    for part in shown:
        assert part in text
    assert ("46" in text) is (events != (46, 0))


def test_what_no_figure_holds_is_said_and_small_counts_are_withheld() -> None:
    lines = "\n".join(_in_no_figure(cohort(), public=True))
    assert "a death in fewer than 10 rows, the outcome in 12; left out of fitting 43" in lines
    assert "- Severe incidents that no rung counts, or only a lower one: 21 the domestic flag is blank." in lines
    assert "a death in 1 rows" in "\n".join(_in_no_figure(cohort(), public=False))


def test_the_page_says_what_was_lost_before_anything_else_and_withholds_what_few_outcomes_say() -> None:
    difference = drawn("mean_recall_difference", -0.06, (-0.1, -0.02))
    regression = {"name": "elastic_net", "title": "Elastic net", "difference": difference, "verdict": "worse"}
    terms = {"version": "c", "measure": "mean_recall", "margin": 0.02, "places": [50], "plan": None}
    regression["power"] = {"standard_error": 0.02, "not_worse": 0.17, "detectable": 0.057}

    def run(events: int) -> Any:
        comparison = terms | {"events": events, "rankings": [regression]}
        return SimpleNamespace(evaluation=evidence.evaluation(comparison=comparison))

    said = ["- **`x`: The model loses to the elastic net: mean recall -0.060 (-0.100 to -0.020).**"]
    assert losses({"x": run(90)}, public=True) == losses({"x": run(9)}, public=False) == said
    assert losses({"x": run(9)}, public=True) == []
    row = "| Elastic net | -0.060 (-0.100 to -0.020) | worse | 0.057 |"
    assert row in comparison_lines(run(90).evaluation, public=True)
    assert "Elastic net" not in "\n".join(comparison_lines(run(9).evaluation, public=True))
    assert comparison_lines(evidence.evaluation(), public=True) == []


def test_the_commentary_says_plainly_where_the_model_does_not_beat_counting() -> None:
    at = {"capacity": 50}

    def ranking(name: str, *differences: tuple[float, float, float]) -> RankingFigures:
        names = ("recall_difference", "mean_recall_difference", "auc_difference")
        pairs = zip(names, differences, strict=True) if differences else ()
        listed = [drawn("recall_at_capacity", 0.5, **at), drawn("precision_at_capacity", 0.5, **at)]
        compared = [drawn(name, value, (low, high)) for name, (value, low, high) in pairs]
        return evidence.ranking(name, *listed, *compared)

    evaluation = evidence.evaluation(
        cohort__lists=4,
        rankings=(
            ranking("score"),
            ranking("counting", (0.1, -0.02, 0.2), (0.1, 0.02, 0.2), (0.03, 0.01, 0.05)),
            ranking("linear", (0.0, -0.1, 0.1), (-0.1, -0.2, -0.05), (0.0, -0.01, 0.01)),
        ),
    )
    text = "\n".join(_commentary(evaluation, public=True))
    assert "- LightGBM ranks better than counting (mean recall and AUC)." in text
    assert "- **LightGBM ranks worse than linear (mean recall).**" in text
    assert (
        "- **LightGBM does not beat, as far as these rows can tell, counting (recall); linear (recall and AUC).**"
        in text
    )


def test_rankings_that_order_the_rows_alike_are_one_row_and_keep_their_own_brier_scores() -> None:
    listed = (drawn("recall_at_capacity", 0.5, capacity=50), drawn("precision_at_capacity", 0.5, capacity=50))
    evaluation = evidence.evaluation(
        cohort__lists=4,
        rankings=(
            evidence.ranking("score", *listed, drawn("brier", 0.01), title="LightGBM"),
            evidence.ranking("elastic_net", *listed, drawn("brier", 0.02), title="Elastic net", same_order_as="score"),
            evidence.ranking("counting", *listed, drawn("auc_difference", 0.1, (0.05, 0.2)), title="Counting"),
            evidence.ranking("recency", *listed, title="Recency", same_order_as="counting"),
            evidence.ranking("without_sensitive", *listed, title="The model without", same_order_as="score"),
        ),
    )
    model, counting = evaluation.lines
    assert _brier(model, public=True) == "0.0100; elastic net: 0.0200"
    assert _brier(counting, public=True) == "-"
    text = "\n".join(_commentary(evaluation, public=True))
    assert "- **LightGBM orders these rows exactly as elastic net: it ranks no better and no worse.**" in text
    assert "| Counting, and recency, which orders these rows alike | - | - | +0.100 (+0.050 to +0.200) |" in text
    assert "- LightGBM ranks better than counting, and recency, which orders these rows alike (AUC)." in text
    assert "| Elastic net" not in text
    assert "| Recency" not in text
