"""What MLflow is told of a RUN's folds, approaches and candidates, read from its documents."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures import evidence
from fixtures.drawn_priors import source
from fixtures.small_model import model_text

from threat.release.documents.choices import BaseChoice, Choices
from training.tracking.content import Entry, children_of

TREES: dict[str, Any] = {
    "num_leaves": 4, "min_data_in_leaf": 50, "lambda_l2": 10.0, "learning_rate": 0.03, "feature_fraction": 0.5,
    "bagging_fraction": 0.7, "rounds": 60,
}  # fmt: skip
MORE_LEAVES = TREES | {"num_leaves": 8, "rounds": 40}
BASE = {
    "chosen": 5.0,
    "tried": [
        {"multiple": 2.0, "log_loss": 0.080, "difference": 0.0, "standard_error": 0.0},
        {"multiple": 5.0, "log_loss": 0.081, "difference": 0.001, "standard_error": 0.002},
    ],
}
COUNTS = {"rows": 900, "rows_with_outcome": 30, "subjects": 80, "lists": 4, "places": [5, 10]}


def option(name: str, recall: float, difference: float, error: float | None) -> dict[str, Any]:
    return {"name": name, "mean_recall": recall, "difference": difference, "standard_error": error}


WEIGHTS = COUNTS | {
    "chosen": "0.3", "best": "0.3", "options": [option("0.0", 0.2, -0.05, 0.02), option("0.3", 0.25, 0.0, None)],
}  # fmt: skip


def chosen_on_two_folds() -> Choices:
    """The distilled trees rank: scratch is better by less than a standard error, and no round on the base helps."""
    of_base = BaseChoice.model_validate(BASE | {"prior": {"weight": 0.3, "source": source(), "compared": WEIGHTS}})
    choices = evidence.choices(
        model_text(),
        approach="distilled",
        approaches=[
            {
                "approach": "distilled", "seeds": 1, "start_log_loss": None, "compared": True, "chosen": TREES,
                "tried": [TREES | {"log_loss": 0.02, "by_fold": [0.015, 0.025]}],
            },
            {
                "approach": "on_base", "seeds": 10, "start_log_loss": 0.08, "compared": False, "chosen": TREES,
                "tried": [TREES | {"log_loss": 0.081, "by_fold": [0.08, 0.082]}],
            },
            {
                "approach": "scratch", "seeds": 10, "start_log_loss": None, "compared": True, "chosen": MORE_LEAVES,
                "tried": [
                    TREES | {"log_loss": 0.09, "by_fold": [0.07, 0.11]},
                    MORE_LEAVES | {"log_loss": 0.085, "by_fold": [0.06, 0.11]},
                ],
            },
        ],
        compared=COUNTS | {
            "chosen": "distilled", "best": "scratch",
            "options": [option("distilled", 0.30, -0.01, 0.02), option("scratch", 0.31, 0.0, None)],
        },
        fit_rows=COUNTS | {
            "chosen": "index", "best": "index",
            "options": [option("index", 0.30, 0.0, None), option("monthly", 0.28, -0.02, 0.01)],
        },
    )  # fmt: skip
    return choices.model_copy(update={"base": of_base})


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Entry]:
    test = evidence.folds().folds[0].model_dump()
    validation = [test | {"name": f"validation_{number}"} for number in (1, 2)]
    planned = evidence.folds(folds=[*validation, test])
    run = evidence.make_run(tmp_path_factory.mktemp("runs"), replacing=[chosen_on_two_folds(), planned])
    entries = list(children_of(run))
    assert len({entry.name for entry in entries}) == len(entries)
    return {entry.name: entry for entry in entries}


def test_there_is_a_run_for_each_fold_approach_and_candidate(children: dict[str, Entry]) -> None:
    by_kind = {kind: [name for name, entry in children.items() if entry.tags["kind"] == kind]
               for kind in ("fold", "approach", "candidate")}  # fmt: skip
    assert by_kind == {
        "fold": ["fold validation_1", "fold validation_2", "fold test"],
        "approach": ["LightGBM distilled from the base", "LightGBM on the base", "LightGBM from scratch"],
        "candidate": [
            "LightGBM distilled from the base, 1", "LightGBM on the base, 1", "LightGBM from scratch, 1",
            "LightGBM from scratch, 2", "elastic net, penalty 0.1", "base, penalty 2 per outcome row",
            "base, penalty 5 per outcome row", "prior weight, 0.0", "prior weight, 0.3", "fit rows, index",
            "fit rows, monthly",
        ],
    }  # fmt: skip
    chosen = {name for name, entry in children.items() if entry.tags.get("chosen") == "true"}
    assert chosen == {
        "LightGBM distilled from the base", "LightGBM distilled from the base, 1", "elastic net, penalty 0.1",
        "base, penalty 5 per outcome row", "prior weight, 0.3", "fit rows, index",
    }  # fmt: skip


def test_a_validation_fold_has_the_loss_of_each_approach_s_best_candidate_and_the_test_has_none(
    children: dict[str, Entry],
) -> None:
    losses = {
        name: {figure: value for figure, value in children[f"fold {name}"].figures.items() if "log_loss" in figure}
        for name in ("validation_1", "validation_2", "test")
    }
    assert losses == {
        "validation_1": {"distilled.log_loss": 0.015, "on_base.log_loss": 0.08, "scratch.log_loss": 0.06},
        "validation_2": {"distilled.log_loss": 0.025, "on_base.log_loss": 0.082, "scratch.log_loss": 0.11},
        "test": {},
    }


def test_an_approach_says_how_its_lists_compare_and_a_candidate_what_it_came_to(children: dict[str, Entry]) -> None:
    assert children["LightGBM distilled from the base"].figures == {
        "mean_recall": 0.30, "difference": -0.01, "standard_error": 0.02,
    }  # fmt: skip
    assert children["LightGBM on the base"].figures == {"start_log_loss": 0.08}
    assert children["LightGBM from scratch"].figures == {"mean_recall": 0.31, "difference": 0.0}
    best = children["LightGBM from scratch, 2"]
    assert best.figures == {"rounds": 40, "log_loss": 0.085, "log_loss.fold_1": 0.06, "log_loss.fold_2": 0.11}
    assert (best.parameters["approach"], best.parameters["num_leaves"]) == ("scratch", "8")
    assert children["base, penalty 5 per outcome row"].figures == {
        "log_loss": 0.081, "difference": 0.001, "standard_error": 0.002,
    }  # fmt: skip
    assert children["prior weight, 0.0"].figures == {"mean_recall": 0.2, "difference": -0.05, "standard_error": 0.02}
    assert children["fit rows, monthly"].figures == {"mean_recall": 0.28, "difference": -0.02, "standard_error": 0.01}
