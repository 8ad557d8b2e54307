"""What a paired difference can show, before or after it was measured: from its standard error alone."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

_NORMAL = NormalDist()
_INTERVAL = _NORMAL.inv_cdf(0.975)
"""Standard errors from the middle to an end of a 95% interval: 1.96."""
_POWERED = _NORMAL.inv_cdf(0.8)
"""Standard errors that a difference must lie beyond that end to be found in 80 of 100 tests: 0.84."""


@dataclass(frozen=True, slots=True)
class ShownByDifference:
    """``not_worse``: chance that no difference is found not worse. ``detectable``: difference found at 80% power."""

    not_worse: float
    detectable: float


def of_standard_error(standard_error: float, margin: float) -> ShownByDifference:
    """Return the power of a 95% interval, normal theory, for a difference with this standard error.

    With a difference of 0 the interval lies above minus the margin with the chance Phi(margin / error - 1.96); a
    difference of 2.80 errors excludes 0 with a chance of 80%.

    >>> shown = of_standard_error(0.01, margin=0.02)
    >>> round(shown.not_worse, 2), round(shown.detectable, 3)
    (0.52, 0.028)
    """
    detectable = (_INTERVAL + _POWERED) * standard_error
    if standard_error == 0:
        return ShownByDifference(not_worse=1.0, detectable=0.0)
    return ShownByDifference(not_worse=_NORMAL.cdf(margin / standard_error - _INTERVAL), detectable=detectable)


def standard_error_of(interval: tuple[float, float]) -> float:
    """Return the standard error that a 95% interval is worth: its length over 3.92.

    >>> round(standard_error_of((-0.0196, 0.0196)), 4)
    0.01
    """
    return (interval[1] - interval[0]) / (2 * _INTERVAL)
