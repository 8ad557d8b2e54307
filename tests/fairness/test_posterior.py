"""The posterior of a ratio, recomputed by adaptive quadrature, and what must hold of it for any counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, binom

from fairness.posterior import Counted, RatePairs


def exact(x: float, n: float, y: float, m: float, line: float) -> float:
    """P(group < line x others) by the definition: prior of weight 4 at the pooled rate, adaptive quadrature."""
    pooled = (x + y + 0.5) / (n + m + 1)
    group, others = beta(x + 4 * pooled, n - x + 4 * (1 - pooled)), beta(y + 4 * pooled, m - y + 4 * (1 - pooled))
    return float(quad(lambda u: group.cdf(min(1, line * others.ppf(u))), 0, 1, limit=100, epsabs=1e-6)[0])


@pytest.mark.parametrize(
    ("x", "n", "y", "m"),
    [(6, 10, 320, 400), (0, 12, 7, 150), (0.4, 7.5, 30.2, 81.1)],
)
def test_as_adaptive_quadrature(x: float, n: float, y: float, m: float) -> None:
    pair = RatePairs.of(x, n, y, m, weight=4)
    for line in (0.8, 1.25):
        assert float(pair.below(line)) == pytest.approx(exact(x, n, y, m, line), abs=2e-5)
        assert float(pair.below(line, 24)) == pytest.approx(exact(x, n, y, m, line), abs=2e-3)


few = settings(max_examples=40)
counts = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@few
@given(group=counts, others=counts)
def test_a_hit_more_of_the_group_makes_a_breach_less_probable(group: tuple[int, int], others: tuple[int, int]) -> None:
    (x, n), (y, m) = group, others
    if x + y == 0 or x >= n or m == 0:
        return
    fewer, more = (float(RatePairs.of(hits, n, y, m, weight=4).below(0.8)) for hits in (x, x + 1))
    assert -1e-9 <= more <= fewer + 1e-3 <= 1.001 + 1e-9


def test_the_ends_of_an_interval_leave_a_fortieth_on_either_side() -> None:
    pairs = RatePairs.of([6, 40, 1], [10, 100, 60], [320, 200, 30], [400, 400, 340], weight=4)
    low, high = pairs.interval()
    assert pairs.below(low) == pytest.approx([0.025] * 3, abs=1e-4)
    assert pairs.below(high) == pytest.approx([0.975] * 3, abs=1e-4)


def test_chance_is_a_binomial_tail_of_the_hits_together() -> None:
    hits = np.arange(0, 21)
    counted = Counted.of(hits, 30, 20 - hits, 90)
    assert counted.chance(1.0, at_least=False) == pytest.approx(binom.cdf(hits, 20, 0.25))
    assert counted.chance(0.6, at_least=True) == pytest.approx(binom.sf(hits - 1, 20, 18 / 108))
