"""Recipes of the ceiling learn a risk that is known, are compared on other subjects, and the best of them is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from features import load_catalogue
from threat.release.documents.expected_captures import TriedRecipe
from training.config import BaseSettings
from training.truth.recipes import (
    TITLES,
    Fitted,
    Recipe,
    SoftModel,
    SoftRows,
    Teaching,
    deviance,
    error_of_sum,
    fit_recipes,
    fit_soft,
    listed_risk,
)

Floats = NDArray[np.floating[Any]]
TEACHING = Teaching(base=BaseSettings(), horizon_days=180, list_share=0.01)


def logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), np.float64)


@pytest.fixture(scope="module")
def drawn() -> SoftRows:
    """Rows of the whole catalogue: three features of the base raise the risk, two together more than one by one."""
    rng = np.random.default_rng(5)
    names = load_catalogue().names
    values = np.zeros((9_000, len(names)), np.float32)
    for name in ("harm_max_ever", "domestic_incidents_365d", "days_since_domestic_incident"):
        values[:, names.index(name)] = rng.poisson(3.0, len(values))
    harm, count = (np.log1p(values[:, names.index(name)]) for name in ("harm_max_ever", "domestic_incidents_365d"))
    risk = logistic(-7.0 + 0.8 * harm + 0.8 * count + 2.0 * (harm > 1.5) * (count > 1.5))
    return SoftRows(values, risk.astype(np.float64), np.arange(9_000) % 3, np.arange(9_000) // 2, 7_000)


def test_every_recipe_is_fitted_and_the_interaction_takes_trees(drawn: SoftRows) -> None:
    fitted = fit_recipes(drawn, tuple(load_catalogue()), TEACHING)
    tried = {recipe.name: recipe for recipe in fitted.tried}
    assert list(tried) == list(TITLES) == [recipe.name for recipe in fitted.recipes]
    assert tried["base"].rounds == 0
    assert tried["base"].deviance_explained == pytest.approx(tried["base_free"].deviance_explained, abs=0.01)
    assert 0.5 < tried["base"].deviance_explained < tried["base_trees"].deviance_explained - 0.05
    assert tried["base_trees"].deviance_explained > 0.9
    assert tried["mean"].rounds == tried["trees"].rounds + tried["base_trees"].rounds > 0
    assert fitted.best.name in {"trees", "base_trees", "mean"}
    most = max(recipe.captured for recipe in fitted.tried)
    assert tried[fitted.best.name].captured >= most - tried[fitted.best.name].standard_error
    assert [recipe.standard_error for recipe in fitted.tried if recipe.captured == most] == [0.0]


def test_a_mean_is_of_log_odds() -> None:
    values = np.random.default_rng(1).random((2_000, 2)).astype(np.float32)
    rows = SoftRows(values, logistic(values.sum(axis=1) - 4.0), np.zeros(2_000, np.int64), np.arange(2_000), 1_500)
    boosters = (fit_soft(rows, None, ["a", "b"], replace(TEACHING, seed=seed)) for seed in (1, 2))
    models = tuple(SoftModel(None, booster) for booster in boosters)
    mean = Recipe("mean", models).score(values)
    np.testing.assert_allclose(mean, (models[0].score(values) + models[1].score(values)) / 2, rtol=1e-12)


def test_soft_labels_teach_the_risk_itself() -> None:
    rng = np.random.default_rng(2)
    values = rng.standard_normal((8000, 3)).astype(np.float32)
    risk = 0.02 * np.exp(values[:, 0].astype(np.float64))
    rows = SoftRows(values, risk, np.zeros(8000, np.int64), np.arange(8000), 6400)
    booster = fit_soft(rows, None, ["a", "b", "c"], TEACHING)
    predicted = np.asarray(booster.predict(values[6400:]))
    assert np.corrcoef(np.log(predicted), np.log(risk[6400:]))[0, 1] > 0.97
    assert predicted.mean() == pytest.approx(risk[6400:].mean(), rel=0.05)


def test_trees_begin_where_they_are_added(drawn: SoftRows) -> None:
    """Started from the log odds of the label itself, there is nothing left to gain."""
    start = np.log(drawn.label / (1 - drawn.label))
    booster = fit_soft(drawn, start, list(load_catalogue().names), TEACHING)
    added = np.asarray(booster.predict(drawn.values, raw_score=True))
    assert np.abs(added).max() < 0.05


@pytest.mark.parametrize(
    ("tried", "best"),
    [
        # the one that explains most of those that hold as much, within one error, as the most
        ([(0.5, 0.10, 0.02), (0.3, 0.20, 0.0), (0.4, 0.19, 0.02)], "c"),
        # further below than its error: what lists hold decides
        ([(0.5, 0.10, 0.02), (0.3, 0.20, 0.0), (0.4, 0.17, 0.02)], "b"),
        ([(0.5, 0.18, 0.02), (0.3, 0.20, 0.0), (0.4, 0.19, 0.02)], "a"),
        # alike in both: the first
        ([(0.5, 0.20, 0.0), (0.5, 0.20, 0.0), (0.4, 0.20, 0.0)], "a"),
    ],
)
def test_which_recipe_is_the_ceiling(tried: list[tuple[float, float, float]], best: str) -> None:
    measured = tuple(
        TriedRecipe(name=name, title=name, rounds=0, deviance_explained=explained, captured=held, standard_error=error)
        for name, (explained, held, error) in zip("abc", tried, strict=True)
    )
    assert Fitted(tuple(Recipe(name, ()) for name in "abc"), measured).best.name == best


def test_listed_risk_against_a_plain_loop() -> None:
    rng = np.random.default_rng(4)
    risk, score, cycle = rng.random(300), rng.random(300), rng.integers(0, 3, 300)
    met = 0.0
    for number in range(3):
        of_list = sorted((-score[i], risk[i]) for i in range(300) if cycle[i] == number)
        places = round(0.1 * len(of_list))
        lengths = [max(1, round(places * multiple)) for multiple in (0.25, 0.5, 1, 2, 4)]
        met += sum(sum(r for _, r in of_list[:length]) for length in lengths) / 5
    rows = SoftRows(np.zeros((300, 1), np.float32), risk, cycle, np.zeros(300, np.int64), 0)
    assert listed_risk(score, rows, 0.1).sum() == pytest.approx(met)


def test_the_error_of_a_sum_is_that_of_draws_of_persons() -> None:
    """Persons drawn with replacement 4,000 times: the sums spread as the formula says."""
    rng = np.random.default_rng(6)
    person = rng.integers(0, 80, 400)
    values = rng.exponential(1.0, 400) * (1 + person % 3)
    sums = np.array([values[person == number].sum() for number in np.unique(person)])
    drawn = sums[rng.integers(0, len(sums), (4_000, len(sums)))].sum(axis=1)
    assert error_of_sum(values, person) == pytest.approx(drawn.std(), rel=0.05)
    assert error_of_sum(values, np.zeros(400, np.int64)) == 0.0


def test_deviance_is_0_only_at_the_label() -> None:
    label = np.array([0.1, 0.02, 0.5])
    assert deviance(label, label) == pytest.approx(0.0, abs=1e-15)
    assert deviance(label, np.array([0.2, 0.02, 0.5])) == pytest.approx(
        (0.1 * np.log(0.1 / 0.2) + 0.9 * np.log(0.9 / 0.8)) / 3
    )
