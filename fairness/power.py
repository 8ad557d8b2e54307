"""What the audit could tell, before any data are seen: how often it would pass, fail or lack evidence.

For planning: a group with few outcome events gets "not enough evidence" whatever the truth, and this says how few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from fairness.policy import Policy
from fairness.verdicts import holm, of_ratio
from threat.measuring.figure import Verdict
from threat.measuring.intervals import RatioPosterior


@dataclass(frozen=True, slots=True)
class Groups:
    """The truth of an imagined audit.

    The group has ``events`` independent outcome events and a true recall of ``ratio * recall``; the reference group has
    ``reference_events`` and ``recall``; ``others`` more groups have ``events`` each and ``recall``.
    """

    events: int
    reference_events: int
    recall: float
    ratio: float
    others: int = 0


def verdict_rates(groups: Groups, policy: Policy, *, draws: int = 2_000, seed: int = 7) -> dict[str, dict[str, float]]:
    """Return how often each verdict comes out, for the group and for the characteristic it belongs to.

    By simulation: the best-served group is chosen anew in each draw among those with enough events, as the audit does.
    Returns ``{"group": {verdict: share}, "characteristic": {verdict: share}}``.
    """
    random = np.random.default_rng(seed)
    sizes = [groups.events] * (groups.others + 1) + [groups.reference_events]
    truth = np.array([groups.ratio * groups.recall] + [groups.recall] * (groups.others + 1))
    caught = random.binomial(sizes, truth, size=(draws, len(sizes)))
    of_group: list[Verdict] = []
    of_characteristic: list[Verdict] = []

    # The same four counts come up again and again, and a posterior is dear.
    @cache
    def below(x: int, n: int, reference: int, of: int) -> float:
        return RatioPosterior(x, n, reference, of).below(policy.line)

    for row in caught:
        verdicts = _verdicts([int(x) for x in row], sizes, below, policy)
        of_group.append(verdicts[0])
        of_characteristic.append(Verdict.all_of(verdicts))
    return {
        name: {verdict.value: verdicts.count(verdict) / draws for verdict in Verdict}
        for name, verdicts in (("group", of_group), ("characteristic", of_characteristic))
    }


def _verdicts(
    caught: list[int], sizes: list[int], below: Callable[[int, int, int, int], float], policy: Policy
) -> list[Verdict]:
    """Verdict of each group when so many of its events were caught."""
    enough = [i for i, n in enumerate(sizes) if n >= policy.adequate_events and caught[i] > 0]
    if not enough:
        return [Verdict.NOT_ENOUGH] * len(sizes)
    best = max(enough, key=lambda i: caught[i] / sizes[i])
    others = [i for i in range(len(sizes)) if i != best]
    p_below = [below(caught[i], sizes[i], caught[best], sizes[best]) for i in others]
    above = [1 - p for p in p_below]
    adjusted = holm(above) if policy.multiplicity == "holm" else above
    out = [Verdict.PASS] * len(sizes)
    for i, p, p_above in zip(others, p_below, adjusted, strict=True):
        out[i] = of_ratio(p, p_above, fail_at=policy.fail_at, pass_at=policy.pass_at)
        if out[i] == Verdict.PASS and sizes[i] < policy.least_events:
            out[i] = Verdict.NOT_ENOUGH
    return out
