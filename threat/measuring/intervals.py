"""The interval of a figure: one rule for every rate, wherever it is printed.

All functions are exact or deterministic: the only random numbers are the replicates handed in. Sources: Wilson (1927),
"Probable inference, the law of succession, and statistical inference"; Brown, Cai and DasGupta (2001), "Interval
estimation for a binomial proportion", for the Jeffreys interval and its end points at 0 and n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from threat.measuring.ranked import Floats

# SciPy is optional (extras training and fairness) and slow to load (0.8 s): the functions that need it import it.

BOOTSTRAP = "cluster bootstrap over subjects, percentile 95%"
"""Method of every percentile interval: its replicates draw persons, never rows."""

PAIRED = f"paired {BOOTSTRAP}"
"""Method of the interval of a difference whose two sides share every draw."""

ENOUGH_TO_RESAMPLE = 10
"""Cases, non-cases and persons below which replicates are not trusted: of 3 cases in 3, every replicate says 100%. At
10 the percentile interval of a rate and the Jeffreys interval nearly agree."""

_DEFINED = 0.95
"""Share of the replicates that must be defined. With fewer, what is missing at one end could move that end."""

_POINTS = 2_000
"""Quadrature points of a ratio's posterior: P(ratio < line) is right to four digits, far below the policy's steps."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval, and in words how it was made."""

    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How much a rate was measured on, besides its own counts.

    ``people``: distinct persons with an outcome event. ``clusters``: what is counted in place of events where the
    replicates cannot vary: the people for a rate of events, the rows for a rate of rows. ``independent``: no capacity
    to compete for, and no person with two rows or events.
    """

    people: int
    clusters: int
    independent: bool = False


def of_rate(above: Floats, below: Floats, evidence: Evidence) -> Interval:
    """Interval of the rate ``above / below`` from its columns: the sample first, then the replicates.

    One rule for every rate of every document: the percentile interval of the cluster bootstrap; Wilson's where nothing
    depends on anything else; Jeffreys' on the effective number of events where there are fewer than 10 cases, non-cases
    or people. The percentile interval alone, used for training's figures before, is certain where it knows least: of
    none caught among 87 it says exactly 0, whatever the next 87 would bring.

    >>> none_caught = of_rate(np.zeros(201), np.full(201, 87.0), Evidence(people=80, clusters=80))
    >>> round(none_caught.high, 3), none_caught.method
    (0.031, 'Jeffreys 95%, worth 80 independent')
    """
    x, n = float(above[0]), float(below[0])
    rate = min(1.0, x / n)
    with np.errstate(invalid="ignore", divide="ignore"):
        replicates = np.where(below[1:] > 0, above[1:] / below[1:], np.nan)
    variance = variance_of(replicates)
    if min(x, n - x, evidence.people) >= ENOUGH_TO_RESAMPLE and math.isfinite(variance):
        if evidence.independent:
            return Interval(*wilson(x, n), "Wilson 95%")
        low, high = np.nanpercentile(replicates, [2.5, 97.5])
        return Interval(float(low), float(high), BOOTSTRAP)
    worth = n if evidence.independent else effective_n(rate, n, variance, evidence.clusters)
    reduced = f", worth {worth:.0f} independent" if worth < n - 1e-9 else ""
    return Interval(*jeffreys(rate * worth, worth), f"Jeffreys 95%{reduced}")


def of_count(above: Floats, below: Floats, people: int) -> Interval:
    """Interval of outcomes observed (``above``) over those expected (``below``); both as in ``of_rate``.

    The percentile interval, or with fewer than 10 outcomes or people the Jeffreys interval of a Poisson count: one
    person's outcome on several lists is worth one.
    """
    observed, expected = float(above[0]), float(below[0])
    if min(observed, people) >= ENOUGH_TO_RESAMPLE and len(above) > 1:
        with np.errstate(invalid="ignore", divide="ignore"):
            replicates = np.where(below[1:] > 0, above[1:] / below[1:], np.nan)
        low, high = np.nanpercentile(replicates, [2.5, 97.5])
        return Interval(float(low), float(high), BOOTSTRAP)
    from scipy.stats import gamma

    worth = min(observed, float(people))
    scale = observed / worth / expected if worth else 1 / expected
    low = 0.0 if observed == 0 else float(gamma.ppf(0.025, worth + 0.5)) * scale
    return Interval(low, float(gamma.ppf(0.975, worth + 0.5)) * scale, "Jeffreys 95% for a count")


def of_replicates(values: Floats) -> Interval | None:
    """Percentile interval of a measure that is no rate; None where over 1 in 20 replicates are undefined."""
    defined = np.isfinite(values[1:])
    if not np.isfinite(values[0]) or not len(defined) or defined.mean() < _DEFINED:
        return None
    low, high = np.percentile(values[1:][defined], [2.5, 97.5])
    return Interval(float(low), float(high), BOOTSTRAP)


def variance_of(replicates: Floats) -> float:
    """Variance over the replicates that are defined; NaN with fewer than two."""
    defined = replicates[np.isfinite(replicates)]
    return float(np.var(defined)) if len(defined) > 1 else math.nan


def wilson(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a rate ``successes / n``; (0, 1) when n is 0.

    >>> tuple(round(end, 2) for end in wilson(6, 8))
    (0.41, 0.93)
    """
    from scipy.stats import norm

    if n <= 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + level / 2))
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def jeffreys(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Jeffreys interval: equal-tailed, of Beta(successes + 1/2, n - successes + 1/2); closed at 0 and 1 if observed.

    Counts may be fractional: tied ranks share a place, and clustered counts are scaled down.

    >>> tuple(round(end, 2) for end in jeffreys(6, 8))
    (0.41, 0.94)
    """
    from scipy.stats import beta

    if n <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    a, b = successes + 0.5, n - successes + 0.5
    low = 0.0 if successes <= 0 else float(beta.ppf(tail, a, b))
    high = 1.0 if successes >= n else float(beta.ppf(1 - tail, a, b))
    return low, high


def effective_n(rate: float, n: float, variance: float, clusters: int) -> float:
    """Number of independent events that ``n`` clustered events are worth: n over the design effect, at most n.

    ``variance``: of the rate under the cluster bootstrap. At a rate of 0 or 1 the replicates cannot vary, so the number
    of clusters is used instead.

    >>> effective_n(0.5, 100, variance=0.005, clusters=90)  # twice the variance of 100 independent events
    50.0
    """
    if n <= 0:
        return 0.0
    plain = rate * (1 - rate) / n
    if plain <= 0 or not math.isfinite(variance) or variance <= 0:
        return float(min(n, clusters))
    return float(n / max(1.0, variance / plain))


class RatioPosterior:
    """Posterior of ``rate / reference rate`` with independent Jeffreys priors on both rates.

    ``successes`` of ``n`` in the group, ``reference_successes`` of ``reference_n`` in the reference group. Computed by
    quadrature over the reference rate's quantiles, so it gives the same answer every time.
    """

    def __init__(self, successes: float, n: float, reference_successes: float, reference_n: float) -> None:
        from scipy.stats import beta

        grid = (np.arange(_POINTS) + 0.5) / _POINTS
        self._reference: Floats = beta.ppf(grid, reference_successes + 0.5, reference_n - reference_successes + 0.5)
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
