"""Do the alerts of a report say more than chance does? Their number and weight, next to audits of a fair ranking.

Of many cells some look worse than the line by chance: with few outcomes nearly every audit of a ranking that treats
every group alike has such a cell. So the report as a whole is an alert only where its alerts weigh more, taken
together, than those of a fair ranking of the same sizes do (``docs/fairness.md``, *The verdict*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.policy import Policy
from threat.measuring.ranked import Floats
from threat.release.documents.fairness import Alerts
from threat.release.documents.fairness_verdict import FairnessVerdict

_LEAST_P = 1e-12
"""Probabilities below this count as this: the quadrature is right to five digits, and one cell is proof by then."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Cells that decide and could be compared, of one report or of many simulated ones: arrays (..., cells).

    ``p_none``: probability of no breach, as ``Evidence`` has it. ``alerts``: the cell looks worse than the line,
    whether or not it fails after the adjustment.
    """

    p_none: Floats
    alerts: NDArray[np.bool_]

    @property
    def cells(self) -> int:
        """Number of cells of a report."""
        return int(self.p_none.shape[-1])

    @property
    def number(self) -> Floats:
        """Number of cells that look worse than the line, of each report."""
        return self.alerts.sum(axis=-1).astype(np.float64)

    @property
    def weight(self) -> Floats:
        """Minus the logarithm of the product of the probabilities of no breach, over the cells that alert.

        The truncated product of Zaykin and others (2002): many weak alerts weigh as much as a strong one, and without
        an alert it is 0. The number alone sees less: of one group of 40 at 0.6, of 200 outcomes at a recall of 0.3, it
        noticed 11 of 100 and the weight 25 (``benchmarks/fairness_rule.py --choosing``).

        >>> Marked(np.array([[0.1, 0.2, 0.6], [0.5, 0.6, 0.7]]), np.array([[1, 1, 0], [0, 0, 0]]) == 1).weight.round(2)
        array([3.91, 0.  ])
        """
        return np.where(self.alerts, -np.log(np.maximum(self.p_none, _LEAST_P)), 0.0).sum(axis=-1)


def exceeded(simulated: Floats, value: ArrayLike) -> Floats:
    """Return how often a simulated number is at least as large as each value; the value itself counts as one of them.

    >>> exceeded(np.array([0.0, 1.0, 2.0, 3.0]), [2.0, 4.0]).tolist()
    [0.6, 0.2]
    """
    ordered = np.sort(simulated)
    # A sum of logarithms in another order differs in its last digits.
    below = np.searchsorted(ordered, np.asarray(value) - 1e-9, "left")
    return (len(ordered) - below + 1) / (len(ordered) + 1)


def alerts_of(seen: Marked, simulated: Marked, policy: Policy) -> Alerts:
    """Return what the alerts of a report amount to, next to simulated audits of a ranking that treats all alike."""
    strength = float(exceeded(simulated.weight, seen.weight))
    return Alerts(
        cells=seen.cells,
        alerting=int(seen.number),
        by_chance=float(simulated.number.mean()),
        as_many=float(exceeded(simulated.number, seen.number)),
        as_strong=strength,
        beyond_chance=bool(seen.number > 0 and strength <= policy.alert_level),
    )


def verdict_of_report(worst: FairnessVerdict, alerts: Alerts | None) -> FairnessVerdict:
    """Return the verdict of a report from the worst of its characteristics': alerts as of chance are no alert of all.

    Nor are they a pass: what is left is not enough evidence.
    """
    if worst == FairnessVerdict.ALERT and not (alerts is not None and alerts.beyond_chance):
        return FairnessVerdict.NOT_ENOUGH
    return worst
