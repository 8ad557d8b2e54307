"""Rankings measured again are compared to nine digits; a RUN without predictions is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence

from threat.errors import UsageError
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


def test_another_number_of_rankings_is_not_the_same() -> None:
    assert not same_rankings((ranking(),), (ranking(), ranking()))


def test_a_run_without_predictions_has_nothing_to_evaluate(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to evaluate") as caught:
        reproduce(evidence.make_run(tmp_path))
    assert "predictions.parquet, outcomes.parquet" in str(caught.value)
