"""Fitting on small arrays: the same bytes twice, directions kept, calibrators that never fall."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from threat.errors import IntegrityFailure
from threat.release.scorer import contributions, probability, raw_score
from training.cohorts.sample import Sample
from training.config import LinearSettings, TreeCandidate, TreeSettings
from training.models import linear, trees
from training.models.calibrator import calibrator, logistic_line

CANDIDATE = TreeCandidate(num_leaves=6, min_data_in_leaf=20, lambda_l2=5.0, learning_rate=0.1)


def sample(seed: int, n: int = 2_000) -> Sample:
    rng = np.random.default_rng(seed)
    values = rng.poisson(1.5, (n, 5)).astype(np.float32)
    odds = -3 + 0.5 * values[:, 0] + 0.3 * np.minimum(values[:, 1], 2) - 0.4 * values[:, 2]
    label = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.uint8)
    values[rng.random((n, 5)) < 0.1] = np.nan
    return Sample(values, label, np.ones(n))


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


def test_contributions_sum_to_the_raw_score(booster) -> None:
    values = sample(3).values
    parts = contributions(booster, values)
    assert parts.shape == (2_000, 6)
    np.testing.assert_allclose(parts.sum(axis=1), raw_score(booster, values), atol=1e-9)


def test_contributions_that_do_not_sum_are_refused(booster) -> None:
    class Wrong:
        def predict(self, values, pred_contrib=False, **_):
            return np.ones((len(values), 6)) if pred_contrib else np.zeros(len(values))

    with pytest.raises(IntegrityFailure, match="do not sum to the score"):
        contributions(Wrong(), sample(3).values)


def test_choice_takes_the_least_loss_and_gives_its_own_out_of_fold_scores() -> None:
    folds = [(sample(1), sample(2)), (sample(3), sample(4))]
    settings = TreeSettings(
        candidates=[TreeCandidate(num_leaves=4, min_data_in_leaf=50, lambda_l2=10.0), CANDIDATE], max_rounds=80
    )
    choice = trees.choose(folds, settings, [0] * 5, seed=7, threads=1)
    best = min(choice.tried, key=lambda one: one["log_loss"])
    assert (choice.candidate.num_leaves, choice.rounds) == (best["num_leaves"], best["rounds"])
    pooled = np.mean([linear.log_loss(m.label, s) for (_, m), s in zip(folds, choice.scores, strict=True)])
    assert pooled == pytest.approx(best["log_loss"], rel=1e-6)


def test_elastic_net_scales_indicates_and_leaves_out_what_never_varies() -> None:
    s = sample(5)
    values = np.hstack([s.values, np.full((2_000, 1), 3, np.float32), np.full((2_000, 1), np.nan, np.float32)])
    got = linear.fit(Sample(values, s.label, s.weight), 0.05, LinearSettings(), seed=7)
    assert got.scaling.keep.tolist() == [0, 1, 2, 3, 4]
    assert got.scaling.indicated.tolist() == [0, 1, 2, 3, 4]
    columns = got.scaling.columns(values)
    assert columns.shape == (2_000, 10)
    assert np.isfinite(columns).all()
    np.testing.assert_allclose(columns[:, 0].mean(), 0, atol=1e-6)
    named = got.as_dict([f"x{i}" for i in range(7)])["coefficients"]
    assert next(iter(named)) in {"x0", "x2"}
    assert named["x0"] > 0 > named["x2"]


@pytest.mark.parametrize("shift", [0.0, -4.0])
def test_a_penalty_means_the_same_for_a_common_outcome_and_a_rare_one(shift: float) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(20_000, 4)).astype(np.float32)
    label = (rng.random(20_000) < 1 / (1 + np.exp(2 - shift - values[:, 0]))).astype(np.uint8)
    weight = np.where(label, 1.0, 25.0)
    path = linear.path(Sample(values, label, weight), LinearSettings(penalties=[0.1, 0.99]), seed=7)
    assert [one.penalty for one in path] == [0.99, 0.1]
    assert [np.flatnonzero(np.abs(one.coefficients) > 0.02).tolist() for one in path] == [[], [0]]
    assert path[1].coefficients[0] > 0.4
    assert all(one.converged for one in path)


def test_few_rows_of_great_weight_do_not_run_away() -> None:
    rng = np.random.default_rng(4)
    values = rng.poisson(0.3, (1_200, 30)).astype(np.float32)
    label = np.repeat([1, 0], 600).astype(np.uint8)
    values[:600, 0] += 1
    path = linear.path(Sample(values, label, np.where(label, 1.0, 200.0)), LinearSettings(), seed=7)
    assert all(-9 < one.intercept < -4 for one in path)
    assert all(one.coefficients.argmax() == 0 and one.coefficients.max() < 3 for one in path)


def test_logistic_line_equals_the_library() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    y = (rng.random(400) < 1 / (1 + np.exp(1 - 0.7 * x))).astype(float)
    weight = rng.integers(0, 3, (400, 3)).astype(float)
    intercept, slope = logistic_line(x, y, weight)
    for b in range(3):
        model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[:, None], y, sample_weight=weight[:, b])
        np.testing.assert_allclose([intercept[b], slope[b]], [model.intercept_[0], model.coef_[0, 0]], atol=1e-4)
    assert np.isnan(logistic_line(x, np.zeros(400), weight)[1]).all()


@pytest.mark.parametrize(("n", "method"), [(400, "platt"), (6_000, "isotonic")])
def test_a_calibrator_never_falls_and_keeps_the_mean(n: int, method: str) -> None:
    rng = np.random.default_rng(n)
    scores = np.round(rng.normal(-2, 1, n), 1)
    label = (rng.random(n) < 1 / (1 + np.exp(-0.8 * scores))).astype(np.uint8)
    table = calibrator(scores, label)
    assert table["method"] == method
    grid = np.linspace(-20, 20, 401)
    p = probability(table, grid)
    assert (np.diff(p) >= 0).all()
    assert ((p >= 0) & (p <= 1)).all()
    assert probability(table, scores).mean() == pytest.approx(label.mean(), abs=1e-6)


def test_a_worthless_ranking_is_calibrated_to_the_base_rate() -> None:
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0], np.uint8)
    table = calibrator(np.array([0.0, 1, 2, 3, 4, 5, 6, 7]), label)
    np.testing.assert_allclose(probability(table, np.array([-3.0, 9.0])), [2.5 / 9, 2.5 / 9])


@pytest.mark.parametrize(
    "table",
    [
        {"method": "platt", "slope": -1.0, "intercept": 0.0},
        {"method": "isotonic", "x": [0, 1], "y": [0.5, 0.4]},
        {"method": "isotonic", "x": [1, 0], "y": [0.4, 0.5]},
        {"method": "isotonic", "x": [], "y": []},
        {"method": "other"},
    ],
)
def test_a_calibrator_that_falls_is_refused(table) -> None:
    with pytest.raises(IntegrityFailure):
        probability(table, np.zeros(2))
