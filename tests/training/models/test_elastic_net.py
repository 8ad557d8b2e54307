"""The solver of the elastic net: the conditions of the minimum on every column, and the library's own solution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from training.models.elastic_net import TOLERANCE, Rows, Solution, emptying_penalty, solve

SHARES = (0.9, 0.5, 0.2, 0.05, 0.005)


def drawn(seed: int, n: int = 400, columns: int = 12) -> Rows:
    rng = np.random.default_rng(seed)
    x = np.asfortranarray(rng.normal(size=(n, columns)), np.float32)
    x[:, 1] = x[:, 0] + 0.1 * x[:, 1]  # two columns that say nearly the same
    label = (rng.random(n) < 1 / (1 + np.exp(2 - x[:, 0] + 0.5 * x[:, 2]))).astype(float)
    label[0], label[1] = 0, 1
    weight = rng.choice([1.0, 7.5], n)
    return Rows(x, label, weight / weight.sum())


def breaches(rows: Rows, solution: Solution, penalty: float, l1_ratio: float) -> np.ndarray:
    """How far the least subgradient is from 0: of the intercept, then of every column."""
    odds = rows.columns.astype(float) @ solution.coefficients + solution.intercept
    residual = rows.weight * (1 / (1 + np.exp(-odds)) - rows.label)
    slopes = rows.columns.T.astype(float) @ residual + penalty * (1 - l1_ratio) * solution.coefficients
    l1 = penalty * l1_ratio
    of_columns = np.where(
        solution.coefficients == 0,
        np.maximum(np.abs(slopes) - l1, 0),
        np.abs(slopes + l1 * np.sign(solution.coefficients)),
    )
    return np.concatenate([[abs(residual.sum())], of_columns])


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 1.0]))
@settings(max_examples=25, deadline=None)
def test_the_conditions_of_the_minimum_hold_on_every_column(seed: int, l1_ratio: float) -> None:
    rows = drawn(seed)
    emptying = emptying_penalty(rows, l1_ratio)
    penalties = [share * emptying for share in SHARES]
    for penalty, solution in zip(penalties, solve(rows, penalties, l1_ratio), strict=True):
        assert solution.converged
        # Columns that were left out are checked in single precision.
        assert breaches(rows, solution, penalty, l1_ratio).max() <= 2 * TOLERANCE * emptying


@pytest.mark.parametrize("share", [0.5, 0.05, 0.005])
def test_the_solution_is_that_of_saga_run_to_convergence(share: float) -> None:
    rows = drawn(3)
    penalty = share * emptying_penalty(rows, 0.5)
    saga = LogisticRegression(l1_ratio=0.5, C=1 / penalty, solver="saga", tol=1e-10, max_iter=200_000, random_state=1)
    # The weights sum to 1, so that the penalty is per row; saga's steps want weights near 1.
    saga.C /= len(rows.label)
    saga.fit(rows.columns.astype(float), rows.label, sample_weight=rows.weight * len(rows.label))
    (solution,) = solve(rows, [penalty], 0.5)
    np.testing.assert_allclose(solution.coefficients, saga.coef_[0], atol=2e-3)
    assert solution.intercept == pytest.approx(saga.intercept_[0], abs=2e-3)
    np.testing.assert_array_equal(np.abs(solution.coefficients) > 5e-3, np.abs(saga.coef_[0]) > 5e-3)


def test_just_above_the_emptying_penalty_nothing_is_left_and_just_below_something_is() -> None:
    rows = drawn(4)
    emptying = emptying_penalty(rows, 0.5)
    above, below = solve(rows, [1.01 * emptying, 0.97 * emptying], 0.5)
    assert not above.coefficients.any()
    assert np.flatnonzero(below.coefficients).size >= 1
    rate = float(rows.weight @ rows.label)
    assert above.intercept == pytest.approx(np.log(rate / (1 - rate)), abs=1e-6)


def test_columns_that_are_the_same_share_a_coefficient() -> None:
    rows = drawn(5)
    twice = Rows(np.asfortranarray(np.hstack([rows.columns[:, :1]] * 2)), rows.label, rows.weight)
    (solution,) = solve(twice, [0.1 * emptying_penalty(twice, 0.5)], 0.5)
    assert solution.coefficients[0] == pytest.approx(solution.coefficients[1], rel=0.05)
    assert solution.coefficients[0] > 0
