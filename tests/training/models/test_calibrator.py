"""Calibrators never fall, keep the mean and count weights as rows; on few outcomes there is none, or half of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from threat.release.scorer import probability
from training.models.calibrator import CalibrationRows, calibrator, logistic_line, own_intercept


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


def rows_of(label: np.ndarray, weight: np.ndarray | None = None, **columns: np.ndarray) -> CalibrationRows:
    """Rows of one person each and of no known kind, unless given otherwise."""
    n = len(label)
    whole = {"person": np.arange(n), "kind": np.full(n, "")} | columns
    return CalibrationRows(label.astype(np.uint8), np.ones(n) if weight is None else weight, **whole)


def drawn(n: int, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Raw scores of one decimal, and labels drawn at a line of slope 0.8 on them."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(0, 1, n), 1)
    return scores, (rng.random(n) < expit(logit(rate) + 0.8 * scores)).astype(np.uint8)


@pytest.mark.parametrize(
    ("events", "method"),
    [(99, "none"), (100, "intercept"), (199, "intercept"), (200, "platt"), (999, "platt"), (1_000, "isotonic")],
)
def test_outcomes_decide_what_is_fitted(events: int, method: str) -> None:
    label = (np.arange(3_000) < events).astype(np.uint8)
    table = calibrator(np.random.default_rng(1).normal(size=3_000) + label, rows_of(label))
    assert (table.method, table.n, table.events, table.people) == (method, 3_000, events, events)
    assert (probability(table, np.zeros(1)) is None) is (method == "none")
    assert (table.why_none == "") is (method != "none")


def test_people_with_an_outcome_are_counted_once() -> None:
    label = (np.arange(3_000) < 150).astype(np.uint8)
    table = calibrator(np.zeros(3_000), rows_of(label, person=np.arange(3_000) // 10))
    assert (table.events, table.people) == (150, 15)


def test_rows_that_nearly_all_have_an_outcome_are_too_few_without() -> None:
    label = (np.arange(3_000) >= 99).astype(np.uint8)
    table = calibrator(np.zeros(3_000), rows_of(label))
    assert table.method == "none"
    assert table.why_none.startswith("Ranks alone, no probability: 2,901 of 3,000 rows")


@pytest.mark.parametrize("n", [1_500, 3_000, 15_000])
def test_a_calibrator_never_falls_and_keeps_the_mean(n: int) -> None:
    scores, label = drawn(n, 0.08, n)
    table = calibrator(scores, rows_of(label))
    assert table.method == {1_500: "intercept", 3_000: "platt", 15_000: "isotonic"}[n]
    p = probability(table, np.linspace(-20, 20, 401))
    assert (np.diff(p) >= 0).all()
    assert ((p >= 0) & (p <= 1)).all()
    assert probability(table, scores).mean() == pytest.approx(label.mean(), abs=1e-6)


def test_an_intercept_alone_keeps_the_slope_of_the_raw_log_odds() -> None:
    scores, label = drawn(1_500, 0.08, 1_500)
    table = calibrator(scores, rows_of(label))
    assert table.slope == 1.0
    odds = logit(probability(table, np.array([-1.0, 0.0, 2.0])))
    np.testing.assert_allclose(np.diff(odds), [1.0, 2.0])


def test_a_worthless_ranking_is_calibrated_to_the_base_rate() -> None:
    label = (np.arange(1_000) < 250).astype(np.uint8)
    table = calibrator(np.arange(1_000.0), rows_of(label))
    assert (table.method, table.slope) == ("platt", 0.0)
    np.testing.assert_allclose(probability(table, np.array([-3.0, 9.0])), [0.25, 0.25])


@pytest.mark.parametrize("n", [2_000, 4_000, 20_000])
def test_a_weight_counts_as_that_many_rows(n: int) -> None:
    """Weights are inverse sampling shares: a row of weight 3 stands for three such rows."""
    scores, label = drawn(n, 0.06, n)
    weight = np.where(label, 1, 3)
    weighted = calibrator(scores, rows_of(label, weight.astype(float)))
    repeated = calibrator(np.repeat(scores, weight), rows_of(np.repeat(label, weight)))
    assert weighted.method == repeated.method == {2_000: "intercept", 4_000: "platt", 20_000: "isotonic"}[n]
    grid = np.linspace(-3, 3, 61)
    np.testing.assert_allclose(probability(weighted, grid), probability(repeated, grid), atol=1e-9)
    assert probability(calibrator(scores, rows_of(label)), grid).mean() > probability(weighted, grid).mean() + 0.01


@given(st.lists(st.floats(-8, 8), min_size=3, max_size=30), st.integers(1, 2), st.floats(0.1, 5))
def test_the_intercept_makes_expected_equal_observed(log_odds: list[float], hits: int, weight: float) -> None:
    x, label = np.array(log_odds), (np.arange(len(log_odds)) < hits).astype(float)
    weights = np.where(label > 0, weight, 1.0)
    p = expit(x + own_intercept(x, label, weights))
    assert weights @ p == pytest.approx(weights @ label, abs=1e-6)
