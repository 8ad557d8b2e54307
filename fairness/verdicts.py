"""Verdicts on cells and on figures. Only evidence passes: what could not be computed is never "fair"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairness.policy import Policy
from threat.measuring.figure import Verdict
from threat.release.documents.fairness_verdict import FairnessVerdict


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


@dataclass(frozen=True, slots=True)
class Seen:
    """What one cell shows.

    ``p_beyond``: probability that the group's rate is beyond the line. ``p_adjusted``: probability that it is not,
    never below ``chance``, after the adjustment. ``cases``: independent cases of the group. ``chance``: how often
    chance shows as much to the group's harm where nobody is treated worse. ``chance_if_worse``: how often chance shows
    as little where the group is treated worse by the policy's ``breach``.
    """

    p_beyond: float
    p_adjusted: float
    cases: float
    chance: float
    chance_if_worse: float


def of_cell(seen: Seen, policy: Policy) -> FairnessVerdict:
    """Verdict on one cell. Failing uses the adjusted number, so that many comparisons do not condemn a fair ranking.

    Passing needs no adjustment: a characteristic passes only when every group does. A cell that looks worse than the
    line before the adjustment is an alert and never passes. Where rates are low a posterior is bolder than its few hits
    allow (none caught of one is no alert, none caught of the others no pass), so chance has a say each time:

    >>> policy = Policy(version="test")
    >>> of_cell(Seen(0.99, 0.08, cases=60, chance=0.001, chance_if_worse=0.4), policy).value
    'fail'
    >>> of_cell(Seen(0.80, 1.00, cases=60, chance=0.05, chance_if_worse=0.4), policy).value
    'alert'
    >>> of_cell(Seen(0.80, 1.00, cases=1, chance=0.94, chance_if_worse=1.0), policy).value
    'not_enough_evidence'
    >>> of_cell(Seen(0.05, 1.00, cases=60, chance=0.60, chance_if_worse=0.01), policy).value
    'pass'
    >>> of_cell(Seen(0.05, 1.00, cases=19, chance=0.60, chance_if_worse=0.01), policy).value
    'not_enough_evidence'
    >>> of_cell(Seen(0.05, 1.00, cases=60, chance=0.60, chance_if_worse=0.16), policy).value
    'not_enough_evidence'
    """
    if seen.p_adjusted <= policy.fail_level:
        return FairnessVerdict.FAIL
    if seen.p_beyond >= policy.alert_at and seen.chance < 1.0 - policy.alert_at:
        return FairnessVerdict.ALERT
    within = 1.0 - seen.p_beyond >= policy.pass_at and seen.chance_if_worse <= policy.false_pass
    return FairnessVerdict.PASS if within and seen.cases >= policy.least_events else FairnessVerdict.NOT_ENOUGH


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
