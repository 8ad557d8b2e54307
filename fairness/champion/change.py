"""What a change of rankings says of a group, by the rule of the audit: its change next to everybody else's.

Of the outcomes that either list caught, each counted once a list, a share is the challenger's: R / (1 + R), where R is
recall under the challenger over recall under the champion. Where every group changes alike the share is the same in
all, however unequal recall was before. So the share is compared as any rate is: posterior, line, chance, adjustment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fairness.alerts import alerts_of, verdict_of_report
from fairness.comparison import Compared, Comparison, judge, marked_of
from fairness.figures import RateTerms
from fairness.measured import Pair, rate_of
from fairness.operating import fair
from fairness.policy import Policy
from fairness.sizes import Sizes
from threat.measuring.ranked import Floats, Ints
from threat.release.documents.fairness import Alerts
from threat.release.documents.fairness_champion import ServedVerdict
from threat.release.documents.fairness_verdict import FairnessVerdict

_WORSE = RateTerms(noun="share of the outcomes caught that is the challenger's", breach="served worse")
_BETTER = replace(_WORSE, breach="served better", high_is_worse=True)

_SERVED: dict[FairnessVerdict, ServedVerdict] = {
    FairnessVerdict.FAIL: "worse",
    FairnessVerdict.ALERT: "alert",
    FairnessVerdict.PASS: "alike",
    FairnessVerdict.NOT_ENOUGH: "not_enough_evidence",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """Outcomes caught of each group of one characteristic: arrays (groups, columns), the sample first.

    ``people``: distinct persons with an outcome, ``recorded``: the group counts among everybody else (groups each).
    """

    challenger: Floats
    champion: Floats
    people: Ints
    recorded: NDArray[np.bool_]
    gate: bool

    def pairs(self) -> list[Pair]:
        """The challenger's share of each group, and that of everybody else recorded."""
        hits, cases = self.challenger, self.challenger + self.champion
        together = [values[self.recorded].sum(axis=0) for values in (hits, cases)]
        people = int(self.people[self.recorded].sum())
        out = []
        for i, share in enumerate(self.recorded.astype(np.float64)):
            others_hits, others = together[0] - share * hits[i], together[1] - share * cases[i]
            of_others = rate_of(others_hits, others, int(people - share * self.people[i]), alone=False)
            out.append(Pair(rate_of(hits[i], cases[i], int(self.people[i]), alone=False), of_others))
        return out


@dataclass(frozen=True, slots=True)
class Change:
    """What is said of one group. The rest as ``GroupChange`` has it."""

    verdict: ServedVerdict
    reason: str
    change: float | None = None
    effective: float = 0.0
    p_beyond: float | None = None
    p_adjusted: float | None = None


@dataclass(frozen=True, slots=True)
class JudgedChanges:
    """The change of each group of each characteristic, and what may be said of the whole."""

    changes: list[list[Change]]
    verdict: ServedVerdict
    alerts: Alerts | None


def judged_changes(caught: Sequence[Caught], policy: Policy) -> JudgedChanges:
    """Judge every group of every characteristic together, by the rule of the audit.

    Worse: a fail; perhaps worse: an alert; alike: a pass; better: what would fail were more worse.
    """
    pairs = [of_item.pairs() for of_item in caught]
    share = _share_of_all(caught)
    in_shares = policy.model_copy(
        update={
            "line": _line(policy.line, share),
            "breach": _line(policy.breach, share),
            "least_events": 2 * policy.least_events,
        }
    )
    rates = [
        Compared(pair, _WORSE, of_item.gate, "neither list caught an outcome of this group")
        for of_item, of_groups in zip(caught, pairs, strict=True)
        for pair in of_groups
    ]
    worse, better = (judge([replace(rate, figure=figure) for rate in rates], in_shares) for figure in (_WORSE, _BETTER))
    every = [_change(*parts, policy) for parts in zip(rates, worse, better, strict=True)]
    starts = np.cumsum([0, *(len(of_groups) for of_groups in pairs)])
    seen = marked_of((rate.gate for rate in rates), worse)
    simulated = fair(
        [_sizes(of_groups, of_item, share) for of_item, of_groups in zip(caught, pairs, strict=True) if of_item.gate],
        in_shares,
    )
    alerts = None if simulated is None or not seen.cells else alerts_of(seen, simulated, policy)
    worst = FairnessVerdict.all_of(judged.verdict for rate, judged in zip(rates, worse, strict=True) if rate.gate)
    return JudgedChanges(
        [every[start:end] for start, end in pairwise(starts)],
        _SERVED[verdict_of_report(worst, alerts)],
        alerts,
    )


def _share_of_all(caught: Sequence[Caught]) -> float:
    """Return the challenger's share of all outcomes caught; a half where nothing was."""
    if not caught:
        return 0.5
    hits, others = (float(side[:, 0].sum()) for side in (caught[0].challenger, caught[0].champion))
    return hits / (hits + others) if hits + others > 0 else 0.5


def _line(ratio: float, share: float) -> float:
    """Return the ratio of two shares that stands for a ratio of two changes.

    Where both lists catch as many in all, recall of a group that changes by 0.8 of everybody else's has a share of
    0.8 / 1.8 next to a half:

    >>> round(_line(0.8, 0.5), 3)
    0.889
    """
    odds = share / (1.0 - share) if share < 1 else 1.0
    return ratio * (1.0 + odds) / (1.0 + ratio * odds)


def _sizes(pairs: Sequence[Pair], caught: Caught, share: float) -> Sizes:
    cases = np.array([round(pair.group.cases) for pair in pairs], np.int64)
    return Sizes(_WORSE, cases, share, caught.recorded)


def _change(rate: Compared, worse: Comparison, better: Comparison, policy: Policy) -> Change:
    if worse.p_beyond is None:
        return Change("not_enough_evidence", worse.reason)
    verdict = _SERVED[worse.verdict]
    if better.verdict == FairnessVerdict.FAIL and worse.verdict in {FairnessVerdict.PASS, FairnessVerdict.NOT_ENOUGH}:
        verdict = "better"
    odds = [_odds(of_side.value or 0.0) for of_side in (rate.pair.group, rate.pair.others)]
    reason = (
        f"probability that its recall changes by less than {policy.line:g} of everybody else's change: "
        f"{worse.p_beyond:.2f}, by more than {1 / policy.line:g}: {better.p_beyond or 0.0:.2f}; "
        f"{rate.pair.group.cases:.0f} independent outcomes caught by either list"
    )
    return Change(
        verdict,
        reason,
        change=odds[0] / odds[1] if odds[0] is not None and odds[1] else None,
        effective=rate.pair.group.cases,
        p_beyond=worse.p_beyond,
        p_adjusted=worse.p_adjusted,
    )


def _odds(share: float) -> float | None:
    return share / (1.0 - share) if share < 1 else None
