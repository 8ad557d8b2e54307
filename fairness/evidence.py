"""What counts say of many cells at once: the numbers that a verdict is read from, in a report and in its simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.policy import Policy
from fairness.posterior import Counted
from threat.measuring.ranked import Floats


@dataclass(frozen=True, slots=True)
class Evidence:
    """Arrays, one entry for each cell.

    ``p_beyond``: probability that the group's rate is beyond the line. ``chance``: how often chance shows as much to
    the group's harm where nobody is treated worse. ``chance_if_worse``: how often chance shows as little where the
    group is treated worse by the policy's ``breach``.
    """

    p_beyond: Floats
    chance: Floats
    chance_if_worse: Floats

    @property
    def p_none(self) -> Floats:
        """Probability of no breach, which a fail is judged by; never below ``chance``.

        At a rate of 1% the posterior alone failed 56% of wholly fair audits of six groups of 200, because its prior is
        then nearly all at 0; with the floor 0.1% fail. At rates from 30% the floor changes nothing.
        """
        return np.maximum(1.0 - self.p_beyond, self.chance)

    def alerts(self, policy: Policy) -> NDArray[np.bool_]:
        """Mask of the cells that alert, as far as they do not fail."""
        return (self.p_beyond >= policy.alert_at) & (self.chance < 1.0 - policy.alert_at)

    def within(self, policy: Policy) -> NDArray[np.bool_]:
        """Mask of the cells that pass, as far as they do not fail and have enough cases."""
        return (1.0 - self.p_beyond >= policy.pass_at) & (self.chance_if_worse <= policy.false_pass)


def evidence_of(
    counted: Counted, high_is_worse: NDArray[np.bool_] | bool, policy: Policy, points: int | None = None
) -> Evidence:
    """Return what counts say of each cell. ``points``: nodes of the quadrature, None for as many as a report takes."""
    high = np.broadcast_to(high_is_worse, counted.hits.shape)
    posterior = counted.posterior(policy.prior_weight)
    below = posterior.below(np.where(high, 1.0 / policy.line, policy.line), *(() if points is None else (points,)))
    return Evidence(
        np.where(high, 1.0 - below, below),
        np.where(high, counted.chance(1.0, at_least=True), counted.chance(1.0, at_least=False)),
        np.where(
            high,
            counted.chance(1.0 / policy.breach, at_least=False),
            counted.chance(policy.breach, at_least=True),
        ),
    )
