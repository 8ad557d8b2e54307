"""The decision curve on the card: a table, a chart with its target, and nothing that calls anybody safe."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import evidence

from model_cards.decision import decision_chart, decision_curve_field
from model_cards.words import PUBLISH
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.card import Table
from threat.release.documents.evaluation import MODEL
from threat.release.evidence import RunDocuments
from training.evaluation.table import Ranking, evaluate


def documents(hits: int, *, probability: bool = True) -> RunDocuments:
    """Evidence with the curve of 400 rows of which the first ``hits`` have an outcome and lead the list of 20."""
    label = (np.arange(400) < hits).astype(float)
    score = -np.arange(400.0)
    ranking = Ranking(MODEL, "LightGBM", score, np.where(label > 0, 0.3, 0.001) if probability else None)
    resampling = Resampling(replicates=20, seed=1)
    measured = evaluate(Labelled.of(label=label), [ranking], length=ListLength(20), resampling=resampling)
    return RunDocuments(evaluation=evidence.evaluation(decision=measured.decision))


def test_the_table_has_every_way_to_decide_at_every_threshold() -> None:
    value = decision_curve_field(documents(hits=12))
    assert isinstance(value, Table)
    assert value.columns[:3] == ("Who is reviewed", "1 in 400", "1 in 200")
    assert [row[0] for row in value.rows] == [
        "Everybody", "LightGBM, by probability", "LightGBM, lists of 20", "Nobody",
    ]  # fmt: skip
    assert value.rows[1][1:8] == ("30.00",) * 7  # all 12 of 400 and nobody else
    assert value.rows[2][7] == "25.00"  # 12 less 8 x 0.2 / 0.8 = 10 of 400
    assert value.rows[2][8] == "where an outcome found is worth 2 reviews or more"
    assert value.rows[3][1:8] == ("0.00",) * 7


def test_the_chart_is_of_the_probabilities_or_else_of_the_lists_against_the_better_of_everybody_and_nobody() -> None:
    with_probability, without = (decision_chart(documents(12, probability=given)) for given in (True, False))
    assert with_probability is not None
    assert without is not None
    assert with_probability.sentence.startswith("LightGBM, by probability: ")
    assert without.sentence.startswith("LightGBM, lists of 20: ")
    targets = [point.target for point in with_probability.points]
    assert targets[0] == pytest.approx(1_000 * (12 - 388 * 0.0025 / 0.9975) / 400)
    assert targets[-1] == 0.0
    assert "says nothing about anybody who is not reviewed" in without.sentence


def test_few_outcomes_are_withheld_and_a_run_of_before_has_no_curve() -> None:
    few = documents(hits=PUBLISH - 1)
    assert decision_curve_field(few) == "withheld (under 10 rows with an outcome)"
    assert decision_chart(few) is None
    before = RunDocuments(evaluation=evidence.evaluation())
    assert (decision_curve_field(before), decision_chart(before)) == (None, None)
