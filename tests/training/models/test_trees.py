"""Trees on small arrays: the same bytes twice, directions kept, the least loss chosen."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.drawn_samples import CANDIDATE, sample

from threat.release.scorer import raw_score
from training.config import TreeCandidate, TreeSettings
from training.models import linear, trees


@pytest.fixture(scope="module")
def booster():
    return trees.fit(sample(1), CANDIDATE, 60, [1, 1, 0, 1, 0], seed=7, threads=1)


def test_the_same_inputs_give_the_same_model_text(booster) -> None:
    again = trees.fit(sample(1), CANDIDATE, 60, [1, 1, 0, 1, 0], seed=7, threads=2)
    other = trees.fit(sample(1), CANDIDATE, 60, [1, 1, 0, 1, 0], seed=8, threads=1)
    strip = lambda text: text.replace("[num_threads: 2]", "[num_threads: 1]")  # noqa: E731
    assert strip(again.model_to_string()) == booster.model_to_string()
    assert other.model_to_string() != booster.model_to_string()


def test_a_constrained_feature_never_lowers_the_score(booster) -> None:
    values = np.nan_to_num(sample(2).values)
    for column in (0, 1, 3):
        scores = [
            raw_score(booster, np.where(np.arange(5) == column, np.float32(v), values).astype(np.float32))
            for v in range(6)
        ]
        assert (np.diff(scores, axis=0) >= 0).all()


def test_choice_takes_the_least_loss_and_gives_its_own_out_of_fold_scores() -> None:
    folds = [(sample(1), sample(2)), (sample(3), sample(4))]
    settings = TreeSettings(
        candidates=[TreeCandidate(num_leaves=4, min_data_in_leaf=50, lambda_l2=10.0), CANDIDATE], max_rounds=80
    )
    choice = trees.choose(folds, settings, [0] * 5, seed=7, threads=1)
    best = min(choice.tried, key=lambda tried: tried.log_loss)
    assert (choice.candidate.num_leaves, choice.rounds) == (best.num_leaves, best.rounds)
    pooled = np.mean([linear.log_loss(m.label, s) for (_, m), s in zip(folds, choice.scores, strict=True)])
    assert pooled == pytest.approx(best.log_loss, rel=1e-6)


def test_the_rounds_chosen_are_those_of_the_least_pooled_loss_counted_by_rows() -> None:
    """A small fold that would stop early does not decide for a large one: losses are pooled over rows."""
    folds = [(sample(1, 400), sample(2, 60)), (sample(3), sample(4))]
    choice = trees.choose(folds, TreeSettings(candidates=[CANDIDATE], max_rounds=60), [0] * 5, seed=7, threads=1)
    boosters = [trees.fit(fit, CANDIDATE, 60, [0] * 5, seed=7, threads=1) for fit, _ in folds]
    pooled = []
    for rounds in range(1, 61):
        losses = [
            linear.log_loss(measured.label, booster.predict(measured.values, raw_score=True, num_iteration=rounds))
            for booster, (_, measured) in zip(boosters, folds, strict=True)
        ]
        pooled.append(np.concatenate(losses).mean())
    assert choice.rounds == int(np.argmin(pooled)) + 1
    for booster, (_, measured), scores in zip(boosters, folds, choice.scores, strict=True):
        again = booster.predict(measured.values, raw_score=True, num_iteration=choice.rounds)
        np.testing.assert_allclose(scores, again)
