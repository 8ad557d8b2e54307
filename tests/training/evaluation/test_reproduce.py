"""Rankings measured again are compared to nine digits; a RUN without predictions is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.measured_run import measured_run

from threat.errors import BadInput, UsageError
from threat.measuring.list_length import ListLength
from threat.release.documents.evaluation import RankingFigures
from training.evaluation.reproduce import reproduce, same_rankings


def ranking(value: float | None = 0.4, **fields: Any) -> RankingFigures:
    return evidence.ranking("score", evidence.figure("recall", value, 0.3, 0.5, **fields))


@pytest.mark.parametrize(
    ("again", "same"),
    [
        (ranking(), True),
        (ranking(0.4 + 1e-12), True),  # the last digits depend on the order a machine adds up in
        (ranking(0.4 + 1e-6), False),
        (ranking(None), False),
        (ranking(events=299), False),
        (ranking(method="Wilson 95%"), False),
        (ranking(interval=(0.3, 0.51)), False),
        (evidence.ranking("score"), False),
        (evidence.ranking("rule_days", *ranking().figures), False),
    ],
)
def test_what_counts_as_the_same(again: RankingFigures, same: bool) -> None:
    assert same_rankings((ranking(),), (again,)) is same


def test_a_run_of_before_says_of_no_ranking_that_another_is_alike() -> None:
    """There is nothing to compare with then; where the RUN says so, the same must come out again."""
    first, second = ranking(), evidence.ranking("rule", *ranking().figures)
    alike = second.model_copy(update={"same_order_as": "score"})
    assert same_rankings((first, second), (first, alike))
    assert same_rankings((first, alike), (first, alike))
    assert not same_rankings((first, alike), (first, second))


def test_another_number_of_rankings_is_not_the_same() -> None:
    assert not same_rankings((ranking(),), (ranking(), ranking()))


def test_a_run_without_predictions_has_nothing_to_evaluate(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to evaluate") as caught:
        reproduce(evidence.make_run(tmp_path))
    assert "predictions.parquet, outcomes.parquet" in str(caught.value)


def test_a_length_given_as_a_share_comes_out_again_with_its_own_ladder_and_its_halves(tmp_path: Path) -> None:
    run = measured_run(tmp_path, ListLength.of_share(0.2, rows=120, lists=3))
    again = reproduce(run)
    assert again.reproduced is True
    assert (again.evaluation.capacity, again.evaluation.capacity_share) == (8, 0.2)
    assert again.evaluation.figure("score", "mean_recall").slice["capacities"] == [2, 4, 8, 12, 16]
    assert [half.cycles for half in again.evaluation.halves] == [(4, 5), (6,)]
    assert [half.events for half in again.evaluation.halves][1] == again.evaluation.halves[1].figures[0].events
    assert again.evaluation.warnings[0] == "said once"


def test_another_length_has_the_ladder_of_places_and_nothing_to_be_compared_with(tmp_path: Path) -> None:
    other = reproduce(measured_run(tmp_path, ListLength.of_share(0.2, rows=120, lists=3)), capacity=4)
    assert (other.reproduced, other.evaluation.capacity, other.evaluation.capacity_share) == (None, 4, None)
    assert other.evaluation.figure("score", "mean_recall").slice["capacities"] == [1, 2, 4, 8, 16]
    assert other.evaluation.warnings[0] == "said once"


def test_halves_that_were_changed_are_not_reproduced(tmp_path: Path) -> None:
    whole = reproduce(measured_run(tmp_path / "a", ListLength(8))).evaluation
    shifted = whole.halves[0].model_copy(update={"events": whole.halves[0].events + 1})
    run = measured_run(tmp_path / "b", ListLength(8), halves=(shifted, whole.halves[1]))
    assert reproduce(run).reproduced is False


def test_a_run_that_another_version_evaluated_is_not_compared(tmp_path: Path) -> None:
    run = measured_run(tmp_path, ListLength(8), version=1)
    with pytest.raises(BadInput, match="evaluated as version 1, where this product measures version 2"):
        reproduce(run)
