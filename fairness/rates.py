"""Intervals and posteriors for rates with few events. All functions are exact or deterministic: no random numbers.

Sources: Wilson (1927), "Probable inference, the law of succession, and statistical inference"; Brown, Cai and DasGupta
(2001), "Interval estimation for a binomial proportion", for the Jeffreys interval and its end points at 0 and n.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_POINTS = 2_000


def wilson(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a rate ``successes / n``. (0, 1) when n is 0."""
    from scipy.stats import norm

    if n <= 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + level / 2))
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def jeffreys(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Jeffreys interval: equal-tailed, of Beta(successes + 1/2, n - successes + 1/2); closed at 0 and 1 where observed.

    Counts may be fractional (tied ranks share a place, clustered counts are scaled down).
    """
    from scipy.stats import beta

    if n <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    a, b = successes + 0.5, n - successes + 0.5
    low = 0.0 if successes <= 0 else float(beta.ppf(tail, a, b))
    high = 1.0 if successes >= n else float(beta.ppf(1 - tail, a, b))
    return low, high


class RatioPosterior:
    """Posterior of ``rate / reference rate`` with independent Jeffreys priors on both rates.

    ``successes`` of ``n`` in the group, ``reference_successes`` of ``reference_n`` in the reference group. Computed by
    quadrature over the reference rate's quantiles, so it gives the same answer every time.
    """

    def __init__(self, successes: float, n: float, reference_successes: float, reference_n: float) -> None:
        from scipy.stats import beta

        grid = (np.arange(_POINTS) + 0.5) / _POINTS
        self._reference: NDArray[np.float64] = beta.ppf(
            grid, reference_successes + 0.5, reference_n - reference_successes + 0.5
        )
        self._rate = beta(successes + 0.5, n - successes + 0.5)

    def below(self, line: float) -> float:
        """P(ratio < line)."""
        return float(np.mean(self._rate.cdf(np.minimum(line * self._reference, 1.0))))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval of the ratio."""
        from scipy.optimize import brentq

        tail = (1 - level) / 2
        largest = 1.0 / float(self._reference[0])

        def quantile(q: float) -> float:
            return float(brentq(lambda line: self.below(line) - q, 0.0, largest + 1.0, xtol=1e-6))

        return quantile(tail), quantile(1 - tail)


def effective_n(rate: float, n: float, variance: float, clusters: int) -> float:
    """How many independent events ``n`` clustered ones are worth: n over the design effect, never more than n.

    ``variance``: of the rate under the cluster bootstrap. At a rate of 0 or 1 the bootstrap cannot vary, so the number
    of distinct clusters stands in.
    """
    if n <= 0:
        return 0.0
    plain = rate * (1 - rate) / n
    if plain <= 0 or not math.isfinite(variance) or variance <= 0:
        return float(min(n, clusters))
    return float(n / max(1.0, variance / plain))
