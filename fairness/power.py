"""What the audit could tell, before any data are seen: how often it would pass, fail or lack evidence.

For planning: a group with few outcome events gets "not enough evidence" whatever the truth, and this says how few.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from fairness.policy import Policy
from fairness.verdicts import FAIL, NOT_ENOUGH, PASS, combine, holm, of_ratio
from threat.measuring.intervals import RatioPosterior


def verdict_rates(
    events: int,
    reference_events: int,
    *,
    recall: float,
    ratio: float,
    policy: Policy,
    other_groups: int = 0,
    draws: int = 2_000,
    seed: int = 7,
) -> dict[str, dict[str, float]]:
    """How often each verdict comes out, for one group and for the characteristic it belongs to.

    The group has ``events`` independent outcome events and a true recall of ``ratio * recall``; the reference group has
    ``reference_events`` and ``recall``; ``other_groups`` more have ``events`` each and ``recall``. By simulation: the
    best-served group is chosen anew in each draw among those with enough events, as the audit does. Returns
    ``{"group": {verdict: share}, "characteristic": {verdict: share}}``.
    """
    random = np.random.default_rng(seed)
    sizes = np.array([events] + [events] * other_groups + [reference_events])
    truth = np.array([ratio * recall] + [recall] * (other_groups + 1))
    caught = random.binomial(sizes, truth, size=(draws, len(sizes)))
    group: list[str] = []
    whole: list[str] = []

    @cache
    def below(x: int, n: int, reference: int, of: int) -> float:
        return RatioPosterior(x, n, reference, of).below(policy.line)

    for row in caught:
        verdicts = _verdicts([int(x) for x in row], [int(n) for n in sizes], below, policy)
        group.append(verdicts[0])
        whole.append(combine(verdicts))
    return {
        name: {verdict: found.count(verdict) / draws for verdict in (PASS, FAIL, NOT_ENOUGH)}
        for name, found in (("group", group), ("characteristic", whole))
    }


def _verdicts(
    caught: list[int], sizes: list[int], below: Callable[[int, int, int, int], float], policy: Policy
) -> list[str]:
    enough = [i for i, n in enumerate(sizes) if n >= policy.adequate_events and caught[i] > 0]
    if not enough:
        return [NOT_ENOUGH] * len(sizes)
    best = max(enough, key=lambda i: caught[i] / sizes[i])
    others = [i for i in range(len(sizes)) if i != best]
    p_below = [below(caught[i], sizes[i], caught[best], sizes[best]) for i in others]
    above = [1 - p for p in p_below]
    adjusted = holm(above) if policy.multiplicity == "holm" else above
    out = [PASS] * len(sizes)
    for i, p, p_above in zip(others, p_below, adjusted, strict=True):
        out[i] = of_ratio(p, p_above, fail_at=policy.fail_at, pass_at=policy.pass_at)
        if out[i] == PASS and sizes[i] < policy.least_events:
            out[i] = NOT_ENOUGH
    return out
