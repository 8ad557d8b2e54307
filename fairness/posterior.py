"""How probably one rate is below so much of another: beta-binomial posteriors of many pairs of rates at once.

Deterministic: Gauss-Legendre quadrature. ``tests/fairness/test_posterior.py`` compares it with adaptive quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from threat.measuring.ranked import Floats

# SciPy is optional (extras training and fairness) and slow to load: the functions that need it import it.

_POINTS = 64
"""Nodes of the quadrature: the probabilities are right to five digits (32 gave four), far below the policy's steps."""

_WIDTH = 7.0
"""Half width of the range integrated over, in standard deviations of the angle: what is outside is below 1e-9."""

_HALVINGS = 30
"""Steps of the bisection for an end of an interval: a range of e^18 is halved to one part in 10^7."""

_LARGEST_LOG_RATIO = 9.0
"""Ratios beyond e^9, 8,000 to 1, are cut off there: an interval that wide says nothing either way."""


@dataclass(frozen=True, slots=True)
class RatePairs:
    """Posteriors of pairs of rates: Beta(a, b) of the group's, Beta(c, d) of everybody else's. Arrays of one shape."""

    a: Floats
    b: Floats
    c: Floats
    d: Floats

    @classmethod
    def of(
        cls, hits: ArrayLike, cases: ArrayLike, others_hits: ArrayLike, others: ArrayLike, weight: float
    ) -> RatePairs:
        """Return the posteriors under a prior that is worth ``weight`` cases and centred on the rate of both together.

        The pooled rate counts half a hit and half a miss more, so that the prior is proper where all or none were hits:

        >>> pair = RatePairs.of(2, 10, 17, 29, weight=4)  # pooled: 19.5 of 40
        >>> [round(float(value), 2) for value in (pair.a, pair.b, pair.c, pair.d)]
        [3.95, 10.05, 18.95, 14.05]
        """
        x, n, y, m = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (hits, cases, others_hits, others)))
        pooled = (x + y + 0.5) / (n + m + 1.0)
        more, less = weight * pooled, weight * (1.0 - pooled)
        return cls(x + more, n - x + less, y + more, m - y + less)

    def below(self, line: ArrayLike, points: int = _POINTS) -> Floats:
        """Return P(group's rate < line x everybody else's), one for each pair. ``points``: nodes of the quadrature.

        >>> even = RatePairs.of(50, 100, 50, 100, weight=4)
        >>> round(float(even.below(1.0)), 4)
        0.5
        """
        from scipy.special import betainc

        lines = np.broadcast_to(np.asarray(line, np.float64), self.a.shape)
        # Integrated over the rate whose density has no spike at 0 or 1: there few nodes would miss most of the mass.
        over_others = np.minimum(self.c, self.d) >= np.minimum(self.a, self.b)
        first, second = np.where(over_others, self.c, self.a), np.where(over_others, self.d, self.b)
        rate, weight = _nodes(first, second, points)
        inner_a, inner_b = np.where(over_others, self.a, self.c), np.where(over_others, self.b, self.d)
        scale = np.where(over_others, lines, 1.0 / lines)
        share = betainc(inner_a[..., None], inner_b[..., None], np.minimum(rate * scale[..., None], 1.0))
        mean = (weight * share).sum(axis=-1)
        return np.where(over_others, mean, 1.0 - mean)

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the equal-tailed interval of each ratio, group over everybody else: low ends, high ends."""
        tail = (1.0 - level) / 2
        return self._quantile(tail), self._quantile(1.0 - tail)

    def _quantile(self, probability: float) -> Floats:
        low = np.full(self.a.shape, -_LARGEST_LOG_RATIO)
        high = np.full(self.a.shape, _LARGEST_LOG_RATIO)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            under = self.below(np.exp(middle)) < probability
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.exp((low + high) / 2)


@dataclass(frozen=True, slots=True)
class Counted:
    """Hits and cases of groups and of everybody else, arrays of one shape; counts may be in part."""

    hits: Floats
    cases: Floats
    others_hits: Floats
    others: Floats

    @classmethod
    def of(cls, hits: ArrayLike, cases: ArrayLike, others_hits: ArrayLike, others: ArrayLike) -> Counted:
        """Return the counts as arrays of one shape."""
        given = (np.asarray(values, np.float64) for values in (hits, cases, others_hits, others))
        return cls(*np.broadcast_arrays(*given))

    def posterior(self, weight: float) -> RatePairs:
        """Return the posteriors of both rates under a prior worth ``weight`` cases."""
        return RatePairs.of(self.hits, self.cases, self.others_hits, self.others, weight)

    def chance(self, ratio: float, *, at_least: bool) -> Floats:
        """Return how often chance shows at least (or at most) the group's hits where the true ratio is ``ratio``.

        Of all hits together, those of the group are binomial with its share of the cases, weighted by the ratio: the
        conditional test of two Poisson rates (Przyborowski and Wilenski 1940), whatever the rate itself. For rates that
        are not small it is on the safe side. 0 hits of 30, next to 30 of 300, at a ratio of 1: (10/11)^30.

        >>> round(float(Counted.of(0, 30, 30, 300).chance(1.0, at_least=False)), 4), round((10 / 11) ** 30, 4)
        (0.0573, 0.0573)
        """
        from scipy.special import betainc

        x, together = self.hits, self.hits + self.others_hits
        share = ratio * self.cases / (ratio * self.cases + self.others)
        # betainc is not defined at 0, where the tail is 1 whatever the share.
        if at_least:
            return np.where(x > 0, betainc(np.maximum(x, _TINY), together - x + 1.0, share), 1.0)
        return np.where(x < together, betainc(np.maximum(together - x, _TINY), x + 1.0, 1.0 - share), 1.0)


_TINY = 1e-12
"""Stands for 0 where a function is not defined at 0; its value there is not used."""


@cache
def _legendre(points: int) -> tuple[Floats, Floats]:
    """Return nodes and weights on (-1, 1); computed once, which was a quarter of an audit's seconds otherwise."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return nodes, weights


def _nodes(a: Floats, b: Floats, points: int) -> tuple[Floats, Floats]:
    """Return rates and weights (pairs, nodes) that integrate over Beta(a, b); the weights of a pair sum to 1.

    On the scale of the angle (rate = sin^2) the spread is about 1 / (2 sqrt(a + b)) whatever the rate.
    """
    nodes, weights = _legendre(points)
    centre, half = np.arcsin(np.sqrt(a / (a + b))), _WIDTH / (2.0 * np.sqrt(a + b))
    low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, np.pi / 2)
    angle = low[..., None] + (high - low)[..., None] * (nodes + 1.0) / 2
    log_density = (2 * a - 1)[..., None] * np.log(np.sin(angle)) + (2 * b - 1)[..., None] * np.log(np.cos(angle))
    density = weights * np.exp(log_density - log_density.max(axis=-1, keepdims=True))
    return np.sin(angle) ** 2, density / density.sum(axis=-1, keepdims=True)
