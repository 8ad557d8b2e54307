"""How many independent cases a group needs for a verdict in 8 of 10 audits, by the very rule of the audit."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fairness.evidence import Evidence, evidence_of
from fairness.policy import Policy
from fairness.posterior import Counted
from fairness.sizes import Sizes
from threat.measuring.ranked import Floats

POINTS = 24
"""Nodes of a simulation's quadrature: 99 of 100 probabilities are right to four digits, and 64 nodes took three times
as long."""

_POWER = 0.8
_LARGEST = 1_000_000
"""Cases above which a number needed is not printed: no force has as many."""

_HALVINGS = 22
"""Steps of the bisection: a range of 10^6 is halved to one part in 300,000."""

Reached = Callable[[Evidence, Floats], NDArray[np.bool_]]
"""Tells from the evidence of each group and from its cases whether the verdict is reached."""


def needed(size: Sizes, policy: Policy, ratio: float, reached: Reached) -> list[int | None]:
    """Return the cases of each group for a verdict in 8 of 10 audits at a true ratio; None over 10^6.

    Everybody else grows alike. ``reached`` is asked of the counts of an unlucky audit, one of which only 2 in 10 are
    less favourable: both rates lie off their true values by 0.84 standard errors of the logarithm of their ratio, each
    by its part. So the verdict is the rule's own; simulated, the numbers reach it in 78 to 82 of 100 audits.
    """
    groups = np.flatnonzero(size.comparable)
    out: list[int | None] = [None] * len(size.cases)
    if not len(groups):
        return out
    more = size.others[groups] / size.cases[groups]

    def is_reached(cases: Floats) -> NDArray[np.bool_]:
        counted = _unlucky(size, cases, more, ratio)
        return reached(evidence_of(counted, size.figure.high_is_worse, policy, POINTS), cases)

    low, high = np.zeros(len(groups)), np.full(len(groups), math.log(_LARGEST))
    can = is_reached(np.exp(high))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = is_reached(np.exp(middle))
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    for group, possible, log_cases in zip(groups, can, high, strict=True):
        out[group] = math.ceil(math.exp(log_cases)) if possible else None
    return out


def _unlucky(size: Sizes, cases: Floats, more: Floats, ratio: float) -> Counted:
    """Return the counts of an audit of which 2 in 10 are less favourable to the verdict: a fail, or a pass at 1."""
    others, high = more * cases, size.figure.high_is_worse
    rate = min(size.rate / ratio if high else size.rate * ratio, 1.0)
    of_group, of_others = (1 - rate) / (cases * rate), (1 - size.rate) / (others * size.rate)
    # Towards no breach where a fail is asked for, towards a breach where a pass is.
    towards = (1 if ratio < 1 else -1) * (-1 if high else 1)
    step = towards * NormalDist().inv_cdf(_POWER) / np.sqrt(np.maximum(of_group + of_others, 1e-12))
    return Counted.of(
        np.minimum(cases * rate * np.exp(step * of_group), cases),
        cases,
        np.minimum(others * size.rate * np.exp(-step * of_others), others),
        others,
    )
