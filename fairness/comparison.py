"""Groups compared with the best-served group: ratio, probabilities, and the verdict they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairness.policy import Policy
from fairness.verdicts import holm, of_ratio
from threat.measuring.by_group import Counts
from threat.measuring.figure import Figure, Verdict
from threat.measuring.intervals import RatioPosterior
from threat.release.documents.fairness import MISSING


@dataclass(frozen=True, slots=True)
class MeasuredGroup:
    """One group as it was measured: counts by column, recall, and how many independent events recall is worth."""

    code: str
    title: str
    counts: Counts
    people: int
    recall: Figure
    effective_events: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing one group with the best-served group says of it."""

    verdict: Verdict
    reason: str
    ratio: float | None = None
    ratio_interval: tuple[float, float] | None = None
    p_below: float | None = None
    p_adjusted: float | None = None
    reference: bool = False


@dataclass(frozen=True, slots=True)
class _Compared:
    """A ratio before the adjustment for how many groups are compared."""

    ratio: float
    interval: tuple[float, float]
    p_below: float


def best_served(groups: Sequence[MeasuredGroup], policy: Policy) -> MeasuredGroup | None:
    """The group with the highest recall among those with enough events, or None.

    Never the group of what is not recorded: nobody knows who they are. Never a group of whom nobody was caught: no
    group could be served worse.
    """
    adequate = [
        group
        for group in groups
        if group.code != MISSING and group.recall.value is not None and group.effective_events >= policy.adequate_events
    ]
    best = max(adequate, key=lambda group: group.recall.value or 0.0, default=None)
    return best if best is not None and best.recall.value else None


def compare(groups: Sequence[MeasuredGroup], reference: MeasuredGroup | None, policy: Policy) -> list[Comparison]:
    """Compare each group with the reference group; one comparison for each, in the order given."""
    compared = {
        i: _ratio(group, reference, policy)
        for i, group in enumerate(groups)
        if reference is not None and group is not reference and group.recall.value is not None
    }
    above = [1 - comparison.p_below for comparison in compared.values()]
    adjusted = dict(zip(compared, holm(above) if policy.multiplicity == "holm" else above, strict=True))
    out = []
    for i, group in enumerate(groups):
        if i in compared:
            out.append(_judged(group, compared[i], adjusted[i], len(compared), policy))
        elif group is reference:
            out.append(Comparison(Verdict.PASS, "the group others are compared with", ratio=1.0, reference=True))
        elif group.recall.value is None:
            out.append(
                Comparison(Verdict.NOT_ENOUGH, "no outcome event in this group: recall cannot be measured"),
            )
        else:
            out.append(Comparison(Verdict.NOT_ENOUGH, "no adequately sized group to compare with"))
    return out


def _ratio(group: MeasuredGroup, reference: MeasuredGroup, policy: Policy) -> _Compared:
    """The posterior of the ratio, each recall with its effective number of events."""
    value, of = group.recall.value or 0.0, reference.recall.value or 0.0
    n, of_n = group.effective_events, reference.effective_events
    posterior = RatioPosterior(value * n, n, of * of_n, of_n)
    return _Compared(value / of, posterior.interval(), posterior.below(policy.line))


def _judged(group: MeasuredGroup, compared: _Compared, p_above: float, groups: int, policy: Policy) -> Comparison:
    verdict = of_ratio(compared.p_below, p_above, fail_at=policy.fail_at, pass_at=policy.pass_at)
    p_adjusted = 1 - p_above
    reason = f"probability that its recall is below {policy.line:g} of the best-served group's: {compared.p_below:.2f}"
    if verdict == Verdict.PASS and group.effective_events < policy.least_events:
        verdict = Verdict.NOT_ENOUGH
        reason += f", but on fewer than {policy.least_events} independent outcome events"
    elif verdict == Verdict.NOT_ENOUGH and compared.p_below >= policy.fail_at:
        reason += f" ({p_adjusted:.2f} after adjusting for {groups} groups compared): look closer"
    return Comparison(verdict, reason, compared.ratio, compared.interval, compared.p_below, p_adjusted)
