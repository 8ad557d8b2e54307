"""The approaches on drawn rows: what each fits, that a recipe fits again, and which of them ranks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fixtures.drawn_samples import CANDIDATE, DrawnCohort

from features import load_catalogue
from training.cohorts.sample import Sample
from training.config import Settings, TreeSettings
from training.models import candidates, distilled, trees
from training.models.base_recipe import BaseRecipe
from training.models.candidates import Recipe, compare_approaches, growth_of, without
from training.models.linear import log_loss

READ = ("domestic_incidents_365d", "serious_harm_incidents_ever", "in_custody", "days_until_release")
NOT_READ = next(definition.name for definition in load_catalogue() if not definition.base)
CATALOGUE = load_catalogue().only([*READ, NOT_READ])


def drawn(seed: int, n: int = 2_000, *, strength: float = 0.8) -> Sample:
    """Rows whose log odds are ``strength`` times the first two features, all others noise; nobody in custody."""
    rng = np.random.default_rng(seed)
    values = rng.poisson(1.0, (n, len(CATALOGUE))).astype(np.float32)
    values[:, 2], values[:, 3] = 0, np.nan
    odds = -3 + strength * np.log1p(values[:, 0]) + strength * np.log1p(values[:, 1])
    label = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.uint8)
    return Sample(values, label, np.ones(n), person=np.arange(n) % 700, cycle=np.arange(n) % 4)


def settings(**of_trees: Any) -> Settings:
    small = {"candidates": [CANDIDATE], "max_rounds": 60, "patience": 10, "seeds": 2}
    return Settings(name="drawn", title="Drawn rows", trees=TreeSettings(**(small | of_trees)))


COHORT = DrawnCohort(settings(), CATALOGUE)
PAIRS = [(drawn(1), drawn(2)), (drawn(3), drawn(4))]


@pytest.fixture(scope="module")
def compared() -> candidates.ComparedApproaches:
    return compare_approaches(COHORT, PAIRS)


def test_every_approach_is_scored_on_every_fold_by_a_model_fitted_without_it(compared) -> None:
    assert [choice.approach for choice in compared.tried] == ["distilled", "on_base", "scratch"]
    for approach, recipe in compared.recipes.items():
        for (fit, measured), scores in zip(PAIRS, compared.out_of_fold[approach], strict=True):
            np.testing.assert_array_equal(recipe.fit(fit).raw_score(measured.values), scores)
    for (fit, measured), scores in zip(PAIRS, compared.base_out_of_fold, strict=True):
        np.testing.assert_array_equal(
            BaseRecipe(CATALOGUE, COHORT.settings).fit(fit).base.score(measured.values), scores
        )


def test_trees_on_the_base_are_a_candidate_only_where_a_round_lowers_the_loss_of_the_base(compared) -> None:
    measured = [rows for _, rows in PAIRS]
    of_base = np.concatenate(
        [log_loss(rows.label, scores) for rows, scores in zip(measured, compared.base_out_of_fold, strict=True)]
    ).mean()
    on_base = compared.tried[1]
    assert on_base.start_log_loss == pytest.approx(of_base, rel=1e-9)
    assert on_base.compared == (min(tried.log_loss for tried in on_base.tried) < of_base)
    assert on_base.compared == ("on_base" in compared.recipes)


def test_where_no_round_helps_trees_on_the_base_are_left_out_unless_nothing_else_is_left() -> None:
    """No feature says anything: trees of many small leaves, added whole, can only lose."""
    noise = [(drawn(1, 800, strength=0.0), drawn(2, strength=0.0))]
    hasty = {"num_leaves": 31, "min_data_in_leaf": 2, "lambda_l2": 0.0, "learning_rate": 1.0}
    wild = {"candidates": [CANDIDATE.model_copy(update=hasty)]}
    both = compare_approaches(DrawnCohort(settings(**wild), CATALOGUE), noise)
    assert not both.tried[1].compared
    assert "on_base" not in both.recipes
    alone = compare_approaches(DrawnCohort(settings(approaches=["on_base"], **wild), CATALOGUE), noise)
    assert alone.chosen.approach == "on_base"
    assert alone.chosen.rounds >= 1


def test_a_model_on_the_base_starts_from_it_and_the_others_are_trees_alone(compared) -> None:
    rows = drawn(5)
    base = BaseRecipe(CATALOGUE, COHORT.settings).fit(rows).base
    on_base = Recipe("on_base", CANDIDATE, 5, growth_of(COHORT, "on_base"), BaseRecipe(CATALOGUE, COHORT.settings))
    model = on_base.fit(rows)
    assert model.base is not None
    assert model.base.document == base.document
    added = trees.fit(trees.TreeRows.of_outcomes(rows, base.score(rows.values)), CANDIDATE, 5, on_base.growth)
    expected = base.score(rows.values) + added.predict(rows.values, raw_score=True)
    np.testing.assert_allclose(model.raw_score(rows.values), expected, atol=1e-12)
    assert on_base.growth.seeds == 2
    for approach in ("distilled", "scratch"):
        assert replace(on_base, approach=approach).fit(rows).base is None


def test_distilled_trees_rank_as_the_base_does_and_read_nothing_else() -> None:
    rows = drawn(6)
    compared = compare_approaches(DrawnCohort(settings(approaches=["distilled"]), CATALOGUE), PAIRS)
    recipe = compared.chosen
    assert recipe.growth.seeds == 1
    model, base = recipe.fit(rows), BaseRecipe(CATALOGUE, COHORT.settings).fit(rows).base
    scores, of_base = model.raw_score(rows.values), base.score(rows.values)
    assert np.corrcoef(scores, of_base)[0, 1] > 0.99
    used = {model.names[number] for number in np.flatnonzero(model.booster.feature_importance())}
    assert used <= {column.feature for column in base.document.columns}


def test_blanked_features_move_no_score(compared) -> None:
    rows = drawn(7)
    model = without(compared.chosen, rows, {READ[0]})
    moved = rows.values.copy()
    moved[:, 0] += 3
    np.testing.assert_array_equal(model.raw_score(moved), model.raw_score(rows.values))
    assert (compared.chosen.fit(rows).raw_score(moved) != model.raw_score(rows.values)).any()


def test_choices_on_the_edge_are_said() -> None:
    few = settings(
        approaches=["scratch"], max_rounds=10, candidates=[CANDIDATE, CANDIDATE.model_copy(update={"num_leaves": 2})]
    )
    slow = [candidate.model_copy(update={"learning_rate": 0.01}) for candidate in few.trees.candidates]
    few = few.model_copy(update={"trees": few.trees.model_copy(update={"candidates": slow})})
    said = compare_approaches(DrawnCohort(few, CATALOGUE), PAIRS).tried[0].warnings
    assert said[0] == "LightGBM from scratch: the best number of rounds, 10, is the most that was allowed."
    assert said[1].startswith("LightGBM from scratch: the leaves of a tree, ")


def test_the_same_rows_give_the_same_bytes(compared) -> None:
    again = compare_approaches(DrawnCohort(settings(), CATALOGUE), PAIRS)
    assert again.tried == compared.tried
    assert again.choice == compared.choice
    text = compared.chosen.fit(drawn(8)).booster.model_to_string()
    assert compared.chosen.fit(drawn(8)).booster.model_to_string() == text


def test_distilled_trees_grow_every_round_however_little_it_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows beyond those fitted on keep their distance: an early stop took that for trees that had come close enough."""
    cohort = DrawnCohort(settings(approaches=["distilled"]), CATALOGUE)
    (tried,) = compare_approaches(cohort, PAIRS).tried
    assert tried.chosen.rounds == distilled.STOPPING.max_rounds == 100
    assert tried.warnings == ()
    losses = []
    for rounds in (5, 100):
        monkeypatch.setattr(distilled, "STOPPING", trees.Stopping(max_rounds=rounds, patience=None))
        losses.append(compare_approaches(cohort, PAIRS).tried[0].tried[0].log_loss)
    assert losses[1] < losses[0] / 5
