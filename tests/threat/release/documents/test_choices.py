"""Choices of version 1, of trees from scratch alone, are still read; choices on the edge are said in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fixtures import evidence

from threat.errors import BadInput, IntegrityFailure
from threat.release.documents.choices import BaseChoice, Choices

CHOSEN = {
    "num_leaves": 8, "min_data_in_leaf": 50, "lambda_l2": 10.0, "learning_rate": 0.03, "feature_fraction": 0.5,
    "bagging_fraction": 0.7, "rounds": 120,
}  # fmt: skip
BEFORE: dict[str, Any] = {
    "version": 1, "chosen_on": "validation", "trees": {"chosen": CHOSEN, "tried": [CHOSEN | {"log_loss": 0.09}]},
    "elastic_net": {"chosen": 0.1, "tried": [{"penalty": 0.1, "log_loss": 0.1}]}, "validation_rows": 8_000,
    "validation_rows_with_outcome": 200, "model_sha256": "a" * 64,
}  # fmt: skip


def parsed(document: dict[str, Any]) -> Choices:
    return Choices.parse(json.dumps(document).encode(), "choices.json")


def test_version_1_is_read_as_trees_from_scratch() -> None:
    choices = parsed(BEFORE)
    assert (choices.version, choices.approach, choices.compared, choices.base) == (2, "scratch", None, None)
    assert (choices.model.chosen.rounds, choices.model.seeds, choices.model.tried[0].log_loss) == (120, 1, 0.09)
    assert choices.warnings == ()
    assert parsed(choices.as_json()) == choices


def test_a_version_1_without_its_trees_and_a_version_to_come_are_refused() -> None:
    with pytest.raises(IntegrityFailure, match="does not have the fields"):
        parsed({name: value for name, value in BEFORE.items() if name != "trees"})
    with pytest.raises(BadInput, match="written as version 3, where this product reads version 2"):
        parsed(BEFORE | {"version": 3})


def test_the_approach_that_ranks_is_among_the_approaches() -> None:
    document = evidence.choices("text").as_json()
    with pytest.raises(IntegrityFailure) as caught:
        parsed(document | {"approach": "on_base"})
    assert "the approach that ranks is among the approaches" in str(caught.value.value)


def test_the_edges_of_the_model_the_base_and_the_regression_are_said_together() -> None:
    choices = evidence.choices("text")
    edged = choices.model_copy(
        update={
            "approaches": (choices.model.model_copy(update={"warnings": ("model",)}),),
            "base": BaseChoice(chosen=50.0, tried=(), warnings=("base",)),
            "elastic_net": choices.elastic_net.model_copy(update={"warnings": ("net",)}),
        }
    )
    assert edged.warnings == ("model", "base", "net")
