"""Calibrators never fall, keep the mean, count weights as rows, and are flat where validation found nothing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from threat.release.scorer import probability
from training.models.calibrator import ENOUGH_FOR_ISOTONIC, calibrator, logistic_line


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
    assert table.method == method
    grid = np.linspace(-20, 20, 401)
    p = probability(table, grid)
    assert (np.diff(p) >= 0).all()
    assert ((p >= 0) & (p <= 1)).all()
    assert probability(table, scores).mean() == pytest.approx(label.mean(), abs=1e-6)


def test_a_worthless_ranking_is_calibrated_to_the_base_rate() -> None:
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0], np.uint8)
    table = calibrator(np.array([0.0, 1, 2, 3, 4, 5, 6, 7]), label)
    np.testing.assert_allclose(probability(table, np.array([-3.0, 9.0])), [2.5 / 9, 2.5 / 9])


def test_without_any_outcome_the_probability_is_half_an_outcome_and_not_0() -> None:
    table = calibrator(np.arange(8.0), np.zeros(8, np.uint8))
    np.testing.assert_allclose(probability(table, np.array([3.0])), [0.5 / 9])


@pytest.mark.parametrize(("events", "method"), [(ENOUGH_FOR_ISOTONIC - 1, "platt"), (ENOUGH_FOR_ISOTONIC, "isotonic")])
def test_a_staircase_needs_enough_outcomes(events: int, method: str) -> None:
    label = (np.arange(2_000) < events).astype(np.uint8)
    assert calibrator(np.random.default_rng(1).normal(size=2_000) + label, label).method == method


@pytest.mark.parametrize("n", [300, 3_000])
def test_a_weight_counts_as_that_many_rows(n: int) -> None:
    """Weights are inverse sampling shares: a row of weight 3 stands for three such rows."""
    rng = np.random.default_rng(n)
    scores = np.round(rng.normal(size=n), 1)
    label = (rng.random(n) < 1 / (1 + np.exp(-scores))).astype(np.uint8)
    weight = np.where(label, 1, 3)
    weighted = calibrator(scores, label, weight.astype(float))
    repeated = calibrator(np.repeat(scores, weight), np.repeat(label, weight))
    assert weighted.method == repeated.method == ("platt" if n == 300 else "isotonic")
    grid = np.linspace(-3, 3, 61)
    np.testing.assert_allclose(probability(weighted, grid), probability(repeated, grid), atol=1e-9)
    assert probability(calibrator(scores, label), grid).mean() > probability(weighted, grid).mean() + 0.05
