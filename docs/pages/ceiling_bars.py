"""What six forces say against the bars: means and t-intervals over seeds, and a verdict for each bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import t

SHARE, LEAST_BOUND = 0.82, 0.78
"""The model's expected captures at k as a share of the ceiling's: at least so much, and the lower bound at least so
much (agreed before anything was measured)."""
MARGIN = 0.02
"""By how much of the ceiling the model may be below the elastic net and still be called not worse: the margin that the
comparison on real validation folds has."""
CONFIDENCE = 0.95
MET, NOT_MET, NOT_ENOUGH = "met", "not met", "not enough evidence"


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """The mean over seeds and its t-interval; the bounds are None for a single seed, and of what has no seed."""

    mean: float
    low: float | None
    high: float | None
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> OverSeeds:
        """Return the mean and interval of one value for each seed.

        >>> OverSeeds.of([0.8, 0.9, 1.0]).low.__round__(3)  # 0.9 - 4.303 * 0.1 / sqrt(3)
        0.652
        """
        n, mean = len(values), float(np.mean(values))
        if n < 2:
            return cls(mean, None, None, n)
        reach = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * float(np.std(values, ddof=1)) / sqrt(n)
        return cls(mean, mean - reach, mean + reach, n)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in one world: what was asked, what was measured, and the verdict."""

    world: str
    asked: str
    measured: OverSeeds
    verdict: str


def share_bar(world: str, shares: Sequence[float]) -> Bar:
    """Judge the model's shares of the ceiling at k, one for each seed.

    Met: the mean and the lower bound reach their bars. Not met: the whole interval is below the bar of the mean.

    >>> share_bar("w", [0.86, 0.88, 0.90, 0.87, 0.89, 0.88]).verdict
    'met'
    >>> share_bar("w", [0.5, 0.6, 0.55, 0.52, 0.57, 0.6]).verdict
    'not met'
    >>> share_bar("w", [0.7, 0.99, 0.8, 0.9, 0.75, 0.97]).verdict  # a mean of .85, and a lower bound of .73
    'not enough evidence'
    """
    measured = OverSeeds.of(shares)
    verdict = NOT_ENOUGH
    if measured.low is not None and measured.high is not None:
        if measured.mean >= SHARE and measured.low >= LEAST_BOUND:
            verdict = MET
        elif measured.high < SHARE:
            verdict = NOT_MET
    asked = f"share of the ceiling at k at least {SHARE:.2f}, lower bound at least {LEAST_BOUND:.2f}"
    return Bar(world, asked, measured, verdict)


def not_worse_bar(world: str, model: Sequence[float], elastic_net: Sequence[float]) -> Bar:
    """Judge the model's shares of the ceiling at k against the elastic net's on the same forces, in pairs.

    Met: the lower bound of the mean difference is above the margin. Not met: the whole interval is below 0.

    >>> not_worse_bar("w", [0.60, 0.62, 0.64, 0.61], [0.59, 0.62, 0.62, 0.61]).verdict
    'met'
    >>> not_worse_bar("w", [0.50, 0.51, 0.52, 0.50], [0.60, 0.60, 0.63, 0.61]).verdict
    'not met'
    >>> not_worse_bar("w", [0.5, 0.7, 0.6, 0.4], [0.6, 0.5, 0.7, 0.5]).verdict
    'not enough evidence'
    """
    measured = OverSeeds.of([share - of_net for share, of_net in zip(model, elastic_net, strict=True)])
    verdict = NOT_ENOUGH
    if measured.low is not None and measured.high is not None:
        if measured.low > -MARGIN:
            verdict = MET
        elif measured.high < 0:
            verdict = NOT_MET
    asked = f"not worse than the elastic net: lower bound of the paired difference above {-MARGIN:.2f}"
    return Bar(world, asked, measured, verdict)
