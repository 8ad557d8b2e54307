"""The ridge regression: its gradient, its bounds, its optimum next to scikit-learn's, an offset that was drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.models.ridge import Problem, minimise

N, C = 3_000, 6


def problem(seed: int, *, signs=(0,) * C, offset: float = 0.0) -> Problem:
    """Rows drawn from known coefficients; half of the columns are correlated."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(N, C))
    columns[:, 1] = 0.9 * columns[:, 0] + 0.3 * columns[:, 1]
    shift = offset * rng.normal(size=N)
    odds = -2.5 + columns @ np.array([0.8, -0.5, 0.4, 0.0, -0.3, 0.1]) + shift
    label = (rng.random(N) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    return Problem(columns, label, rng.uniform(0.5, 3.0, N), shift, np.array(signs, np.int8), np.zeros(C))


def test_the_gradient_is_that_of_finite_differences() -> None:
    drawn = problem(1, offset=1.0)
    at = np.random.default_rng(2).normal(size=1 + C) * 0.5
    gradient, curvature = drawn.slopes(at, 7.0)
    h = 1e-5
    for place in range(1 + C):
        step = np.eye(1 + C)[place] * h
        numeric = (drawn.objective(at + step, 7.0) - drawn.objective(at - step, 7.0)) / (2 * h)
        assert gradient[place] == pytest.approx(numeric, rel=1e-5, abs=1e-4)
    # The curvature of the intercept alone, which no penalty bends.
    step = np.eye(1 + C)[0] * h
    above, below = drawn.slopes(at + step, 7.0)[0][0], drawn.slopes(at - step, 7.0)[0][0]
    assert curvature.sum() == pytest.approx((above - below) / (2 * h), rel=1e-5)


@pytest.mark.parametrize("penalty", [0.5, 20.0, 2_000.0])
def test_without_bounds_the_optimum_is_scikit_learns(penalty) -> None:
    drawn = problem(3)
    solution = minimise(drawn, penalty)
    other = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000)
    other.fit(drawn.columns, drawn.label, sample_weight=drawn.weight)
    np.testing.assert_allclose(solution, [*other.intercept_, *other.coef_[0]], atol=2e-5)


def test_bounds_hold_and_no_coefficient_could_do_better_within_them() -> None:
    signs = np.array([1, 1, -1, -1, 1, 0])
    drawn = problem(4, signs=tuple(signs))
    solution = minimise(drawn, 5.0)
    assert (solution[1:] * signs >= 0).all()
    assert {1, 2, 4} <= set(np.flatnonzero(solution[1:] == 0).tolist())  # bound the other way than they were drawn
    gradient, _ = drawn.slopes(solution, 5.0)
    free = np.concatenate([[True], solution[1:] != 0])
    assert np.abs(gradient[free]).max() < 1e-3
    # At a bound the objective would fall only beyond the bound.
    assert (gradient[1:][solution[1:] == 0] * signs[solution[1:] == 0] >= -1e-3).all()


def test_bounds_that_do_not_bind_change_nothing() -> None:
    free, bound = problem(5), problem(5, signs=(1, -1, 1, 0, -1, 0))
    np.testing.assert_allclose(minimise(free, 5.0), minimise(bound, 5.0), atol=1e-6)


def test_an_offset_is_taken_as_known() -> None:
    drawn = problem(6, offset=1.5)
    with_offset = minimise(drawn, 1.0)
    np.testing.assert_allclose(with_offset[1:], [0.8, -0.5, 0.4, 0.0, -0.3, 0.1], atol=0.25)
    blind = Problem(drawn.columns, drawn.label, drawn.weight, np.zeros(N), drawn.signs, np.zeros(C))
    assert drawn.losses(with_offset).sum() < blind.losses(minimise(blind, 1.0)).sum() - 100


def test_a_start_elsewhere_ends_at_the_same_optimum() -> None:
    drawn = problem(7, signs=(1, 0, 0, 1, -1, 0))
    far = np.array([2.0, 3.0, -4.0, 4.0, 1.0, -2.0, 5.0])
    np.testing.assert_allclose(minimise(drawn, 3.0, far), minimise(drawn, 3.0), atol=1e-5)


def test_without_an_outcome_the_fit_ends() -> None:
    drawn = problem(8)
    none = Problem(drawn.columns, np.zeros(N), drawn.weight, drawn.offset, drawn.signs, np.zeros(C))
    solution = minimise(none, 1.0)
    assert np.isfinite(solution).all()
    assert solution[0] < -8


CENTRE = np.array([0.5, -0.4, 0.3, 0.2, -0.1, 0.0])


def test_the_gradient_around_a_centre_is_that_of_finite_differences() -> None:
    drawn = replace(problem(6), centre=CENTRE)
    at = np.random.default_rng(7).normal(size=1 + C) * 0.5
    gradient, _ = drawn.slopes(at, 40.0)
    for place in range(1 + C):
        step = np.eye(1 + C)[place] * 1e-5
        numeric = (drawn.objective(at + step, 40.0) - drawn.objective(at - step, 40.0)) / 2e-5
        assert gradient[place] == pytest.approx(numeric, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("penalty", [5.0, 500.0])
def test_pulled_towards_a_centre_is_shrunk_to_0_around_an_offset_of_the_centre(penalty: float) -> None:
    drawn = problem(8)
    pulled = minimise(replace(drawn, centre=CENTRE), penalty)
    rest = minimise(replace(drawn, offset=drawn.offset + drawn.columns @ CENTRE), penalty)
    np.testing.assert_allclose(pulled, rest + np.concatenate([[0.0], CENTRE]), atol=2e-5)


def test_a_penalty_without_end_gives_the_centre_as_far_as_the_signs_allow() -> None:
    signs = np.array([1, 1, -1, -1, 1, 0])
    solution = minimise(replace(problem(9, signs=tuple(signs)), centre=CENTRE), 1e12)
    within = np.where(signs * CENTRE < 0, 0.0, CENTRE)
    np.testing.assert_allclose(solution[1:], within, atol=1e-7)
    assert set(np.flatnonzero(within != CENTRE)) == {1, 2, 3, 4}


def test_a_part_keeps_the_centre_and_a_centre_of_0_changes_no_bit() -> None:
    drawn = problem(10, signs=(1, 0, 0, -1, 0, 0))
    assert (replace(drawn, centre=CENTRE).part(np.arange(5)).centre == CENTRE).all()
    at = np.random.default_rng(11).normal(size=1 + C)
    gradient, _ = drawn.slopes(at, 3.0)
    assert drawn.objective(at, 3.0) == float(drawn.losses(at).sum() + 1.5 * (at[1:] @ at[1:]))
    chance = 1.0 / (1.0 + np.exp(-drawn.log_odds(at)))
    gap = drawn.weight * (chance - drawn.label)
    assert (gradient[1:] == gap @ drawn.columns + 3.0 * at[1:]).all()
