"""Trees on small arrays: the same bytes twice, directions kept, the least loss chosen, growth stopped in step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from fixtures.drawn_samples import CANDIDATE, sample

from threat.release.scorer import raw_score
from training.config import TreeCandidate
from training.models import trees
from training.models.linear import log_loss
from training.models.trees import Growth, Stopping, TreeRows

DIRECTIONS = [1, 1, 0, 1, 0]
FREE = Growth(constraints=[0] * 5, seed=7)


def rows(seed: int, n: int = 2_000) -> TreeRows:
    return TreeRows.of_outcomes(sample(seed, n))


@pytest.fixture(scope="module")
def booster():
    return trees.fit(rows(1), CANDIDATE, 60, Growth(constraints=DIRECTIONS, seed=7))


def test_the_same_inputs_give_the_same_model_text_on_any_number_of_threads(booster) -> None:
    again = trees.fit(rows(1), CANDIDATE, 60, Growth(constraints=DIRECTIONS, seed=7, threads=2))
    other = trees.fit(rows(1), CANDIDATE, 60, Growth(constraints=DIRECTIONS, seed=8))
    assert again.model_to_string() == booster.model_to_string()
    assert other.model_to_string() != booster.model_to_string()


def test_several_seeds_are_averaged_and_the_first_is_the_seed_of_the_training(booster) -> None:
    growth = Growth(constraints=DIRECTIONS, seed=7, seeds=3)
    seeds = [growth.member_seed(member) for member in range(3)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 3
    alone = [trees.fit(rows(1), CANDIDATE, 20, Growth(constraints=DIRECTIONS, seed=seed)) for seed in seeds]
    values = sample(2).values
    mean = np.mean([raw_score(booster, values) for booster in alone], axis=0)
    together = trees.fit(rows(1), CANDIDATE, 20, growth)
    np.testing.assert_allclose(raw_score(together, values), mean, rtol=0, atol=1e-12)
    assert together.num_trees() == 60


def test_a_constrained_feature_never_lowers_the_score(booster) -> None:
    values = np.nan_to_num(sample(2).values)
    for column in (0, 1, 3):
        scores = [
            raw_score(booster, np.where(np.arange(5) == column, np.float32(v), values).astype(np.float32))
            for v in range(6)
        ]
        assert (np.diff(scores, axis=0) >= 0).all()


def pooled_losses(folds, candidate: TreeCandidate, rounds: int) -> list[float]:
    """Pooled log loss after each number of rounds, by fits of their own that nothing stops."""
    boosters = [trees.fit(fitted, candidate, rounds, FREE) for fitted, _ in folds]
    out = []
    for number in range(1, rounds + 1):
        losses = [
            log_loss(measured.target > 0, booster.predict(measured.values, raw_score=True, num_iteration=number))
            for booster, (_, measured) in zip(boosters, folds, strict=True)
        ]
        out.append(float(np.concatenate(losses).mean()))
    return out


def test_the_choice_is_the_least_pooled_loss_of_all_candidates_and_rounds() -> None:
    """A small fold that would stop early does not decide for a large one: losses are pooled over rows."""
    folds = [(rows(1, 400), rows(2, 60)), (rows(3), rows(4))]
    candidates = [TreeCandidate(num_leaves=4, min_data_in_leaf=50, lambda_l2=10.0), CANDIDATE]
    choice = trees.choose(folds, candidates, Stopping(max_rounds=60, patience=60), FREE)
    curves = [pooled_losses(folds, candidate, 60) for candidate in candidates]
    for tried, curve in zip(choice.tried, curves, strict=True):
        assert tried.rounds == int(np.argmin(curve)) + 1
        assert tried.log_loss == pytest.approx(min(curve), rel=1e-12)
    best = int(np.argmin([min(curve) for curve in curves]))
    assert choice.candidate == candidates[best]
    assert choice.rounds == int(np.argmin(curves[best])) + 1


@pytest.mark.parametrize("patience", [1, 4])
def test_growing_stops_after_as_many_rounds_without_a_lower_loss(patience: int) -> None:
    """Drawn by hand: the rounds looked at end ``patience`` after the last that was lower than all before it."""
    folds = [(rows(1, 400), rows(2, 200))]
    curve = pooled_losses(folds, CANDIDATE, 60)
    lowest, best = np.inf, 0
    for number, loss in enumerate(curve, start=1):
        if loss < lowest:
            lowest, best = loss, number
        elif number - best == patience:
            break
    choice = trees.choose(folds, [CANDIDATE], Stopping(max_rounds=60, patience=patience), FREE)
    assert choice.rounds == best
    assert choice.tried[0].log_loss == pytest.approx(lowest, rel=1e-12)


def test_trees_that_start_from_log_odds_add_to_them() -> None:
    """Started from the base rate's log odds, the trees are those that LightGBM grows from the base rate by itself."""
    drawn = sample(1)
    start = np.full(len(drawn.label), np.log(drawn.label.mean() / (1 - drawn.label.mean())))
    added, whole = (
        raw_score(trees.fit(TreeRows.of_outcomes(drawn, given), CANDIDATE, 30, FREE), drawn.values)
        for given in (start, None)
    )
    np.testing.assert_allclose(start + added, whole, atol=1e-6)


def test_trees_fitted_to_log_odds_come_close_to_them() -> None:
    drawn = sample(1)
    odds = -3 + 0.5 * np.nan_to_num(drawn.values[:, 0])
    teacher = TreeRows(drawn.values, odds.astype(np.float32), drawn.weight, "regression")
    gaps = [
        np.abs(raw_score(trees.fit(teacher, CANDIDATE, rounds, FREE), drawn.values) - odds).mean()
        for rounds in (1, 20, 80)
    ]
    assert all(later < earlier / 2 for earlier, later in pairwise(gaps))
