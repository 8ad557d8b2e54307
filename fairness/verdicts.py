"""Three-way verdicts. Only evidence passes: what could not be computed is never "fair"."""

from __future__ import annotations

from collections.abc import Sequence

from threat.measuring.figure import Verdict


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm (1979) step-down adjusted p-values, in the order given.

    The smallest of three is multiplied by 3, the next by 2, the largest by 1; none falls below the one before, none
    exceeds 1:

    >>> [round(p, 2) for p in holm([0.03, 0.01, 0.6])]
    [0.06, 0.03, 0.6]
    """
    m = len(p_values)
    order = sorted(range(m), key=lambda i: p_values[i])
    adjusted, worst = [0.0] * m, 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (m - rank) * p_values[i]))
        adjusted[i] = worst
    return adjusted


def of_ratio(p_below: float, p_above_adjusted: float, *, fail_at: float, pass_at: float) -> Verdict:
    """Verdict on one group.

    ``p_below``: probability that its ratio is below the line. ``p_above_adjusted``: probability that it is not, after
    adjustment for the number of groups compared. Failing uses the adjusted number, so that comparing many small groups
    does not by chance condemn a fair ranking. Passing needs no adjustment: a characteristic passes only when *every*
    group does. A group that looks worse than the line only before the adjustment never passes:

    >>> of_ratio(0.90, 0.10, fail_at=0.75, pass_at=0.90).value
    'fail'
    >>> of_ratio(0.90, 0.30, fail_at=0.75, pass_at=0.90).value
    'not_enough_evidence'
    >>> of_ratio(0.10, 0.90, fail_at=0.75, pass_at=0.90).value
    'pass'
    """
    if 1 - p_above_adjusted >= fail_at:
        return Verdict.FAIL
    return Verdict.PASS if 1 - p_below >= pass_at else Verdict.NOT_ENOUGH


def of_interval(interval: tuple[float, float] | None, bounds: tuple[float, float]) -> Verdict:
    """Pass when the interval is within the bounds, fail when wholly outside; otherwise, or without one, not enough.

    >>> of_interval((0.9, 1.1), (0.8, 1.25)).value, of_interval((1.3, 2.0), (0.8, 1.25)).value
    ('pass', 'fail')
    """
    if interval is None:
        return Verdict.NOT_ENOUGH
    low, high = interval
    if bounds[0] <= low and high <= bounds[1]:
        return Verdict.PASS
    return Verdict.FAIL if high < bounds[0] or low > bounds[1] else Verdict.NOT_ENOUGH
