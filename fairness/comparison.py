"""Groups compared with everybody else who is recorded: ratio, probabilities, and the verdict they allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fairness.alerts import Marked
from fairness.evidence import evidence_of
from fairness.figures import FIGURES, ComparedRate, RateTerms, primary
from fairness.measured import MeasuredCharacteristic, MeasuredGroup, Pair
from fairness.policy import Policy
from fairness.posterior import Counted
from fairness.verdicts import Seen, holm, of_cell
from threat.measuring.ranked import Floats
from threat.release.documents.fairness_policy import FigureName
from threat.release.documents.fairness_verdict import FairnessVerdict


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one group. ``gate``: the verdict of the report depends on it."""

    characteristic: int
    group: MeasuredGroup
    figure: ComparedRate
    gate: bool

    @property
    def pair(self) -> Pair:
        """The group's rate and everybody else's."""
        return self.group.pairs[self.figure.name]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing one group with everybody else says of it, by one figure.

    ``p_none``: probability of no breach before the adjustment. ``alerts``: it looks worse than the line, fail or not.
    """

    verdict: FairnessVerdict
    reason: str
    ratio: float | None = None
    ratio_interval: tuple[float, float] | None = None
    p_beyond: float | None = None
    p_adjusted: float | None = None
    p_none: float = 1.0
    alerts: bool = False


def cells(measured: Sequence[MeasuredCharacteristic], policy: Policy) -> list[Cell]:
    """Return every cell of a report: each figure of each group of each characteristic, in that order."""
    out = []
    for i, characteristic in enumerate(measured):
        deciding = policy.deciding(characteristic.item.party, characteristic.item.name)
        for group in characteristic.groups:
            out += [Cell(i, group, figure, name in deciding) for name, figure in FIGURES.items()]
    return out


@dataclass(frozen=True, slots=True)
class Compared:
    """A rate of a group next to everybody else's. ``gate``: it decides. ``without_case``: why there is none, if so."""

    pair: Pair
    figure: RateTerms
    gate: bool
    without_case: str


def compare(all_cells: Sequence[Cell], policy: Policy) -> list[Comparison]:
    """Compare every cell; one comparison for each, in the order given."""
    return judge(
        [Compared(cell.pair, cell.figure, cell.gate, _without_case(cell.figure)) for cell in all_cells], policy
    )


def _without_case(figure: ComparedRate) -> str:
    if figure.name == "recall":
        return "no outcome event in this group: recall cannot be measured"
    return f"no row of this group that its {figure.noun} could be measured on"


def judge(rates: Sequence[Compared], policy: Policy) -> list[Comparison]:
    """Compare each rate with everybody else's; one comparison for each, in the order given.

    A fail is adjusted over all cells that decide, of every characteristic together; cells that decide nothing are
    adjusted over all of their own kind, so that how much is reported does not change what is decided.
    """
    why_not = [_not_compared(rate) for rate in rates]
    compared = [i for i, reason in enumerate(why_not) if not reason]
    counted = counted_of([rates[i].pair for i in compared])
    high_is_worse = np.array([rates[i].figure.high_is_worse for i in compared], np.bool_)
    evidence = evidence_of(counted, high_is_worse, policy)
    low, high = counted.posterior(policy.prior_weight).interval()
    p_none, alerts = evidence.p_none, evidence.alerts(policy)
    adjusted = _adjusted([rates[i].gate for i in compared], p_none, policy)
    out = [Comparison(FairnessVerdict.NOT_ENOUGH, reason) for reason in why_not]
    for place, i in enumerate(compared):
        seen = Seen(
            p_beyond=float(evidence.p_beyond[place]),
            p_adjusted=float(adjusted[place]),
            cases=rates[i].pair.group.cases,
            chance=float(evidence.chance[place]),
            chance_if_worse=float(evidence.chance_if_worse[place]),
        )
        judged = _judged(rates[i], seen, (float(low[place]), float(high[place])), policy)
        out[i] = replace(judged, p_none=float(p_none[place]), alerts=bool(alerts[place]))
    return out


def marked_of(gates: Iterable[bool], comparisons: Sequence[Comparison]) -> Marked:
    """Return the cells that decide and could be compared. ``gates``: whether each decides."""
    compared = [
        comparison
        for gate, comparison in zip(gates, comparisons, strict=True)
        if gate and comparison.p_beyond is not None
    ]
    return Marked(
        np.array([comparison.p_none for comparison in compared], np.float64),
        np.array([comparison.alerts for comparison in compared], np.bool_),
    )


def counted_of(pairs: Sequence[Pair]) -> Counted:
    """Return the counts of pairs of measured rates, each with its independent cases."""
    columns = [(pair.group.hits, pair.group.cases, pair.others.hits, pair.others.cases) for pair in pairs]
    return Counted.of(*np.array(columns, np.float64).reshape(-1, 4).T)


def _adjusted(gate: Sequence[bool], p_none: Floats, policy: Policy) -> Floats:
    """Return the probabilities of no breach, adjusted over the cells that decide and over those that do not."""
    out = p_none.copy()
    if policy.multiplicity == "holm":
        for deciding in (True, False):
            some = np.flatnonzero(np.asarray(gate, np.bool_) == deciding)
            out[some] = holm(p_none[some].tolist())
    return out


def _not_compared(rate: Compared) -> str:
    """Return why a rate cannot be compared; empty where it can."""
    pair, noun = rate.pair, rate.figure.noun
    if pair.group.value is None:
        return rate.without_case
    if pair.others.value is None:
        return f"nobody else is recorded whose {noun} it could be compared with"
    if pair.group.hits + pair.others.hits <= 0:
        return f"the {noun} of the group and of everybody else is 0: there is nothing to compare"
    return ""


def _judged(rate: Compared, seen: Seen, interval: tuple[float, float], policy: Policy) -> Comparison:
    figure, pair = rate.figure, rate.pair
    verdict = of_cell(seen, policy)
    side = "above" if figure.high_is_worse else "below"
    reason = (
        f"probability that its {figure.noun} is {side} {figure.worst_ratio(policy.line):g} of everybody else's: "
        f"{seen.p_beyond:.2f}"
    )
    if verdict == FairnessVerdict.ALERT:
        reason += f", on {seen.cases:.0f} independent cases; no proof after adjusting for every cell compared"
    elif verdict == FairnessVerdict.NOT_ENOUGH and 1.0 - seen.p_beyond >= policy.pass_at:
        few = f"on fewer than {policy.least_events} independent cases"
        by_chance = (
            f"a group at a true ratio of {policy.breach:g} would look as well in {seen.chance_if_worse:.0%} of audits"
        )
        reason += f", but {few if seen.cases < policy.least_events else by_chance}"
    elif verdict == FairnessVerdict.NOT_ENOUGH and seen.p_beyond >= policy.alert_at:
        reason += ", but on so few cases that chance alone shows as much"
    value, others = pair.group.value or 0.0, pair.others.value or 0.0
    return Comparison(
        verdict,
        reason,
        ratio=value / others if others > 0 else None,
        ratio_interval=interval,
        p_beyond=seen.p_beyond,
        p_adjusted=seen.p_adjusted,
    )


def deciding_figures(characteristic: MeasuredCharacteristic, policy: Policy) -> tuple[FigureName, ...]:
    """Return the figures that a characteristic's verdict is made of: those that decide, or of its party's own side."""
    item = characteristic.item
    return policy.deciding(item.party, item.name) or primary(item.party)
