"""The table of figures: paired differences, a cohort without outcomes, and rankings that order the rows alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures.ranked_rows import crowd, drawn

from threat.measuring.list_length import ListLength
from threat.measuring.ranked import EventKeys
from threat.measuring.resampling import Resampling
from training.evaluation.table import Ranking, evaluate


def test_differences_are_paired() -> None:
    """A ranking against itself differs by nothing in every replicate."""
    labelled, p = crowd(400, 2)
    both = [Ranking("score", "a", p, p), Ranking("same", "b", p, p)]
    measured = evaluate(labelled, both, length=ListLength(20), resampling=Resampling(replicates=30, seed=3))
    differences = {figure.name: figure for figure in measured.rankings[1].figures if "difference" in figure.name}
    assert set(differences) == {"recall_difference", "mean_recall_difference", "auc_difference", "brier_difference"}
    assert all(figure.interval == (0.0, 0.0) and figure.value == 0.0 for figure in differences.values())


def test_a_cohort_without_outcomes_gets_reasons_and_no_values() -> None:
    labelled, p = crowd(30, 3)
    none = labelled.cycle[:0]
    empty = replace(
        labelled,
        label=labelled.label * 0,
        credit=labelled.credit * 0,
        keys=EventKeys(row=none, event=none, outside=none),
    )
    resampling = Resampling(replicates=10, seed=1)
    measured = evaluate(empty, [Ranking("score", "a", p, p)], length=ListLength(5), resampling=resampling, freshness=p)
    named = {figure.name: figure for figure in measured.rankings[0].figures}
    for name in ("recall_at_capacity", "auc", "lift_at_capacity"):
        assert named[name].value is None
        assert named[name].reason == "no outcomes in the window"
    assert named["precision_at_capacity"].value == 0.0
    assert "Only 0 outcome events" in measured.warnings[0]


NOT_OF_RANKS = {"brier", "brier_skill", "brier_difference"}
"""Figures of probabilities: rankings that order the rows alike may give others."""


def test_a_ranking_that_orders_the_rows_alike_has_every_figure_of_ranking_of_the_first() -> None:
    """The elastic net is a rising function of the rule: it has another Brier score, and no other figure of its own."""
    labelled, p = crowd(400, 2)
    rule = np.round(np.log(p), 1)  # with ties
    rankings = [
        Ranking("score", "Model", p, p),
        Ranking("rule", "Rule", rule, np.exp(rule)),
        Ranking("elastic_net", "Elastic net", 3.0 + rule**3, np.exp(rule) / 2),
        Ranking("other", "Other rule", -rule),
        Ranking("again", "Model again", 2.0 * p),
    ]
    measured = evaluate(labelled, rankings, length=ListLength(20), resampling=Resampling(replicates=30, seed=3))
    assert {ranking.name: ranking.same_order_as for ranking in measured.rankings} == {
        "score": None, "rule": None, "elastic_net": "rule", "other": None, "again": "score",
    }  # fmt: skip
    _, first, alike, other, again = measured.rankings
    figures = [
        [figure for figure in ranking.figures if figure.name not in NOT_OF_RANKS] for ranking in (first, alike, other)
    ]
    assert figures[0] == figures[1] != figures[2]
    assert first.ties == alike.ties
    assert first.figure("brier") != alike.figure("brier")
    assert again.figure("mean_recall_difference").interval == (0.0, 0.0)
    assert [line.title for line in measured.lines] == [
        "Model, and model again, which orders these rows alike",
        "Rule, and elastic net, which orders these rows alike",
        "Other rule",
    ]


NAN = float("nan")
# Two lists of three rows.
SCORES = [3.0, 1.0, 1.0, 5.0, 4.0, 0.0]


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ([0.3, 0.1, 0.1, 0.5, 0.4, 0.0], True),
        ([0.3, 0.1, 0.1, 0.5, 0.4, -0.0], True),  # minus 0 is 0
        ([3.0, 1.0, 1.1, 5.0, 4.0, 0.0], False),  # a tie is broken
        ([3.0, 1.0, 1.0, 5.0, 5.0, 0.0], False),  # a tie is made
        ([1.0, 3.0, 3.0, 5.0, 4.0, 0.0], False),  # another order within a list
        ([9.0, 8.0, 8.0, 5.0, 4.0, 0.0], False),  # each list alike, and another AUC over both
        ([3.0, 1.0, 1.0, 5.0, 4.0, NAN], False),  # the last row is never listed
    ],
)
def test_orders_are_alike_where_all_rows_of_all_lists_rank_and_tie_alike(other: list[float], alike: bool) -> None:
    rows = drawn([(i, i // 3, i % 2, float(i % 2)) for i in range(6)])
    rankings = [Ranking("score", "a", np.array(SCORES)), Ranking("other", "b", np.array(other))]
    measured = evaluate(rows, rankings, length=ListLength(2), resampling=Resampling(replicates=0, seed=1))
    assert measured.rankings[1].same_order_as == ("score" if alike else None)


def test_rankings_that_never_list_the_same_row_are_alike() -> None:
    rows = drawn([(i, 0, i % 2, float(i % 2)) for i in range(3)])
    rankings = [Ranking("a", "a", np.array([NAN, 2.0, 1.0])), Ranking("b", "b", np.array([NAN, 7.0, 6.0]))]
    measured = evaluate(rows, rankings, length=ListLength(2), resampling=Resampling(replicates=0, seed=1))
    assert measured.rankings[1].same_order_as == "a"
