"""Intervals and posteriors against tables worked out elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from threat.measuring.intervals import (
    BOOTSTRAP,
    Evidence,
    RatioPosterior,
    effective_n,
    jeffreys,
    of_count,
    of_rate,
    of_replicates,
    wilson,
)


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


CROWD = Evidence(people=200, clusters=200)
TEN_OF_MANY = np.array([40.0, *np.linspace(30, 50, 101)])
MANY = np.full(102, 100.0)


def test_enough_cases_have_the_percentile_interval_of_the_replicates() -> None:
    interval = of_rate(TEN_OF_MANY, MANY, CROWD)
    assert (interval.low, interval.high) == pytest.approx((0.305, 0.495))
    assert interval.method == BOOTSTRAP


def test_independent_rows_have_wilsons() -> None:
    interval = of_rate(TEN_OF_MANY, MANY, Evidence(people=200, clusters=200, independent=True))
    assert (interval.low, interval.high) == wilson(40, 100)
    assert interval.method == "Wilson 95%"


@pytest.mark.parametrize(
    ("cases", "people", "method"),
    [
        (10, 10, BOOTSTRAP),
        (9, 10, "Jeffreys 95%"),  # too few cases
        (90, 10, BOOTSTRAP),
        (91, 10, "Jeffreys 95%"),  # too few non-cases
        (50, 9, "Jeffreys 95%"),  # too few people
    ],
)
def test_few_cases_non_cases_or_people_have_jeffreys(cases: int, people: int, method: str) -> None:
    """The replicates vary as much as independent events would: each is worth one."""
    rng = np.random.default_rng(1)
    above = np.append(cases, rng.binomial(100, cases / 100, 400)).astype(float)
    interval = of_rate(above, np.full(401, 100.0), Evidence(people=people, clusters=people))
    assert interval.method.startswith(method)
    assert interval.low < cases / 100 < interval.high


def test_all_caught_of_few_is_not_certain() -> None:
    """Three of three: every replicate says 100 %."""
    interval = of_rate(np.full(201, 3.0), np.full(201, 3.0), Evidence(people=3, clusters=3))
    assert interval.high == 1.0
    assert interval.low == pytest.approx(jeffreys(3, 3)[0])
    assert interval.low < 0.5


def test_clustered_events_are_worth_fewer() -> None:
    rng = np.random.default_rng(2)
    above = np.append(8.0, rng.binomial(10, 0.08, 400) * 10.0)  # ten events a person: all or none
    interval = of_rate(above, np.full(401, 100.0), Evidence(people=10, clusters=10))
    low, high = jeffreys(8, 100)
    assert "independent" in interval.method
    assert interval.high - interval.low > 2 * (high - low)


def test_without_replicates_people_are_counted_instead() -> None:
    interval = of_rate(np.array([20.0]), np.array([100.0]), Evidence(people=40, clusters=40))
    assert (interval.low, interval.high) == jeffreys(8, 40)
    assert interval.method == "Jeffreys 95%, worth 40 independent"


@pytest.mark.parametrize(
    ("observed", "people", "method", "low", "high"),
    [
        (0, 0, "Jeffreys 95% for a count", 0.0, 0.2512),
        (5, 5, "Jeffreys 95% for a count", 0.1908, 1.0960),
        (5, 1, "Jeffreys 95% for a count", 0.0540, 2.3371),  # one person's outcome on five lists
        (20, 20, BOOTSTRAP, 1.0, 3.0),
    ],
)
def test_observed_over_expected(observed: int, people: int, method: str, low: float, high: float) -> None:
    above = np.append(observed, np.repeat([10.0, 20.0, 30.0], 20))
    interval = of_count(above.astype(float), np.full(61, 10.0), people)
    assert interval.method == method
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-3)


def test_a_measure_undefined_in_over_one_in_twenty_replicates_has_no_interval() -> None:
    values = np.arange(101.0)
    assert of_replicates(values) is not None
    values[1:6] = np.nan
    assert of_replicates(values) is not None
    values[6] = np.nan
    assert of_replicates(values) is None
    assert of_replicates(np.array([1.0])) is None
    assert of_replicates(np.array([np.nan, 1.0, 2.0])) is None
