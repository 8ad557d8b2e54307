"""Intervals and posteriors against tables worked out elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fairness.rates import RatioPosterior, effective_n, jeffreys, wilson


@pytest.mark.parametrize(
    ("successes", "n", "expected_wilson", "expected_jeffreys"),
    [
        (6, 8, (0.41, 0.93), (0.41, 0.94)),
        (15, 20, (0.53, 0.89), (0.54, 0.90)),
        (75, 100, (0.66, 0.82), (0.66, 0.83)),
        (375, 500, (0.71, 0.79), (0.71, 0.79)),
    ],
)
def test_intervals_of_three_quarters(successes, n, expected_wilson, expected_jeffreys) -> None:
    assert tuple(round(end, 2) for end in wilson(successes, n)) == expected_wilson
    assert tuple(round(end, 2) for end in jeffreys(successes, n)) == expected_jeffreys


def test_the_ends() -> None:
    low, high = jeffreys(0, 10)
    assert low == 0.0
    assert high == pytest.approx(0.2172, abs=1e-4)  # 97.5 % point of Beta(0.5, 10.5)
    assert jeffreys(10, 10)[1] == 1.0
    assert jeffreys(10, 10)[0] == pytest.approx(1 - high)
    assert wilson(0, 0) == (0.0, 1.0)
    assert jeffreys(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0


@pytest.mark.parametrize(
    ("successes", "n", "expected"), [(12, 20, 0.65), (24, 40, 0.70), (48, 80, 0.76), (16, 20, 0.06)]
)
def test_probability_that_a_ratio_is_below_the_line(successes: int, n: int, expected: float) -> None:
    assert RatioPosterior(successes, n, 320, 400).below(0.8) == pytest.approx(expected, abs=0.005)


def test_the_quadrature_agrees_with_simulation() -> None:
    draw = np.random.default_rng(3)
    ratios = draw.beta(7.5, 12.5, 400_000) / draw.beta(60.5, 40.5, 400_000)
    posterior = RatioPosterior(7, 19, 60, 100)
    assert posterior.below(0.8) == pytest.approx(np.mean(ratios < 0.8), abs=0.003)
    assert posterior.interval() == pytest.approx(np.percentile(ratios, [2.5, 97.5]), abs=0.005)


def test_nothing_observed_leaves_the_prior() -> None:
    low, high = RatioPosterior(0, 0, 320, 400).interval()
    assert low < 0.01
    assert high > 1.2


@pytest.mark.parametrize(
    ("rate", "n", "variance", "clusters", "expected"),
    [
        (0.5, 100, 0.0025, 90, 100),  # exactly binomial
        (0.5, 100, 0.0050, 90, 50),  # twice the variance: half the events
        (0.5, 100, 0.0001, 90, 100),  # never worth more than they are
        (1.0, 100, 0.0, 40, 40),  # nothing varies: people stand in
        (0.0, 30, math.nan, 12, 12),
        (0.5, 0, 0.1, 0, 0),
    ],
)
def test_effective_n(rate: float, n: float, variance: float, clusters: int, expected: float) -> None:
    assert effective_n(rate, n, variance, clusters) == pytest.approx(expected)
