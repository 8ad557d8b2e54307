"""A RUN measured again names every figure that does not come out; a RUN without predictions is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.measured_run import measured_run

from threat.errors import BadInput, UsageError
from threat.measuring.list_length import ListLength
from training.evaluation.reproduce import reproduce

Forge = Callable[[dict[str, Any]], dict[str, Any]]


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
    again = reproduce(run)
    assert again.reproduced is False
    (difference,) = again.differences or ()
    events = whole.halves[0].events
    assert (difference.figure, difference.sealed, difference.recomputed) == (
        "halves.first.events",
        str(events + 1),
        str(events),
    )


@pytest.mark.parametrize(
    ("forge", "figure"),
    [
        (lambda whole: {"lead_time": whole["lead_time"] | {"median_days": 90.0}}, "lead_time.median_days"),
        (lambda whole: {"cohort": whole["cohort"] | {"n": 9_000}}, "cohort.n"),
        (
            lambda whole: {"replay": [whole["replay"][0] | {"listed_with_outcome": 8}, *whole["replay"][1:]]},
            "replay.4.listed_with_outcome",
        ),
        (lambda whole: {"warnings": []}, "warnings"),
    ],
)
def test_a_forged_part_beside_the_table_is_named(tmp_path: Path, forge: Forge, figure: str) -> None:
    whole = reproduce(measured_run(tmp_path / "a", ListLength(8))).evaluation.as_json()
    again = reproduce(measured_run(tmp_path / "b", ListLength(8), **forge(whole)))
    assert [difference.figure for difference in again.differences or ()] == [figure]


def test_forged_recall_of_the_model_is_named_with_the_value_that_comes_out(tmp_path: Path) -> None:
    whole = reproduce(measured_run(tmp_path / "a", ListLength(8))).evaluation
    model, rule = whole.rankings
    place = next(i for i, figure in enumerate(model.figures) if figure.name == "recall_at_capacity")
    recall = model.figures[place]
    better = recall.model_copy(update={"value": 0.9, "interval": (0.85, 0.95)})
    forged = model.model_copy(update={"figures": (*model.figures[:place], better, *model.figures[place + 1 :])})
    again = reproduce(measured_run(tmp_path / "b", ListLength(8), rankings=(forged, rule)))
    assert [(item.figure, item.sealed, item.recomputed) for item in again.differences or ()] == [
        ("rankings.score.figures.recall_at_capacity.interval.0", "0.85", str(recall.interval[0])),
        ("rankings.score.figures.recall_at_capacity.interval.1", "0.95", str(recall.interval[1])),
        ("rankings.score.figures.recall_at_capacity.value", "0.9", str(recall.value)),
    ]


def test_a_run_that_another_version_evaluated_is_not_compared(tmp_path: Path) -> None:
    run = measured_run(tmp_path, ListLength(8), version=1)
    with pytest.raises(BadInput, match="evaluated as version 1, where this product measures version 2"):
        reproduce(run)
