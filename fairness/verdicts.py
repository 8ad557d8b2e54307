"""Three-way verdicts. Only evidence passes: what could not be computed is never "fair"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

PASS, FAIL, NOT_ENOUGH = "pass", "fail", "not_enough_evidence"


def combine(verdicts: Iterable[str]) -> str:
    """One verdict of several: any fail fails; all pass passes; anything else, including none at all, is not enough."""
    found = list(verdicts)
    if FAIL in found:
        return FAIL
    return PASS if found and all(verdict == PASS for verdict in found) else NOT_ENOUGH


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm (1979) step-down adjusted p-values, in the order given."""
    m = len(p_values)
    order = sorted(range(m), key=lambda i: p_values[i])
    adjusted, worst = [0.0] * m, 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (m - rank) * p_values[i]))
        adjusted[i] = worst
    return adjusted


def of_ratio(p_below: float, p_above_adjusted: float, *, fail_at: float, pass_at: float) -> str:
    """Verdict on one group.

    ``p_below``: probability that its ratio lies below the line. ``p_above_adjusted``: probability that it does not,
    after adjustment for the number of groups compared. Failing uses the adjusted number, so that comparing many small
    groups does not by chance condemn a fair ranking. Passing needs no adjustment: a characteristic passes only when
    *every* group does.
    """
    if 1 - p_above_adjusted >= fail_at:
        return FAIL
    return PASS if 1 - p_below >= pass_at else NOT_ENOUGH


def of_interval(low: float, high: float, bounds: tuple[float, float]) -> str:
    """Pass when the interval lies within the bounds, fail when it lies wholly outside, otherwise not enough."""
    if bounds[0] <= low and high <= bounds[1]:
        return PASS
    return FAIL if high < bounds[0] or low > bounds[1] else NOT_ENOUGH
