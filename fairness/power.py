"""What the audit could tell, before any data are seen: how often it would pass, fail, alert or lack evidence.

For planning: a group with few outcome events gets "not enough evidence" whatever the truth, and this says how few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairness.figures import FIGURES
from fairness.operating import drawn, judged
from fairness.policy import Policy
from fairness.sizes import Sizes
from threat.measuring.ranked import Floats
from threat.release.documents.fairness_verdict import WORST_FIRST, FairnessVerdict

_VERDICTS = tuple(reversed(WORST_FIRST))
"""The verdicts by number, the worst last: the verdict of a characteristic is the greatest of its groups'."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The truth of an imagined audit.

    The group has ``events`` independent outcome events and a true recall of ``ratio * recall``; the largest of the
    other groups has ``reference_events`` and ``recall``; ``others`` more groups have ``events`` each and ``recall``.
    ``cells``: cells that decide in the whole report, over which a fail is adjusted; None: those of this characteristic.
    """

    events: int
    reference_events: int
    recall: float
    ratio: float
    others: int = 0
    cells: int | None = None


def verdict_rates(groups: Groups, policy: Policy, *, draws: int = 4_000, seed: int = 7) -> dict[str, dict[str, float]]:
    """Return how often each verdict comes out, for the group and for the characteristic it belongs to.

    By simulation, each group against all others together, by the rule of the audit itself. Returns
    ``{"group": {verdict: share}, "characteristic": {verdict: share}}``.
    """
    cases = np.array([groups.events] * (groups.others + 1) + [groups.reference_events], np.int64)
    size = Sizes(FIGURES["recall"], cases, groups.recall, np.ones(len(cases), np.bool_))
    truth = np.full(len(cases), groups.recall)
    truth[0] *= groups.ratio
    hits = drawn(np.random.default_rng(seed), size, truth, draws)
    numbers = np.full((draws, len(cases)), _VERDICTS.index(FairnessVerdict.NOT_ENOUGH))
    compared = np.flatnonzero(size.comparable)
    evidence = judged(hits, size, policy)
    enough = cases[compared] >= policy.least_events
    numbers[:, compared] = np.select(
        [
            _adjusted(evidence.p_none, groups.cells, policy) <= policy.fail_level,
            evidence.alerts(policy),
            evidence.within(policy) & enough,
        ],
        [_VERDICTS.index(verdict) for verdict in (FairnessVerdict.FAIL, FairnessVerdict.ALERT, FairnessVerdict.PASS)],
        _VERDICTS.index(FairnessVerdict.NOT_ENOUGH),
    )
    # Not enough evidence of one group is not enough for all: no pass, whatever the others say.
    return {"group": _shares(numbers[:, 0]), "characteristic": _shares(numbers.max(axis=1))}


def _adjusted(p_none: Floats, cells: int | None, policy: Policy) -> Floats:
    """Holm's adjustment of each row; cells of other characteristics count as fair, with large probabilities.

    >>> _adjusted(np.array([[0.01, 0.04]]), 10, Policy(version="test")).round(2).tolist()
    [[0.1, 0.36]]
    """
    if policy.multiplicity != "holm" or not p_none.size:
        return p_none
    together = max(cells or 0, p_none.shape[1])
    order = np.argsort(p_none, axis=1)
    steps = np.take_along_axis(p_none, order, axis=1) * (together - np.arange(p_none.shape[1]))
    adjusted = np.maximum.accumulate(np.minimum(steps, 1.0), axis=1)
    out = np.empty_like(adjusted)
    np.put_along_axis(out, order, adjusted, axis=1)
    return out


def _shares(numbers: np.ndarray) -> dict[str, float]:
    return {verdict.value: float((numbers == place).mean()) for place, verdict in enumerate(_VERDICTS)}
