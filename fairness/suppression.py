"""The public rendering of a report: what may be published. Governance inside the force sees the whole report."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from fairness.disclosure.amounts import KINDS, Amounts, Kind
from fairness.disclosure.protection import Count, Rule, rounded, small_totals, too_small, withheld
from fairness.disclosure.relations import Cell
from fairness.said_besides import said_besides
from threat.release.documents.document import Part
from threat.release.documents.fairness import (
    MISSING,
    Audited,
    CharacteristicReport,
    Fairness,
    GroupReport,
    JudgedCharacteristic,
    JudgedGroup,
    Overall,
)
from threat.release.documents.fairness_public import (
    PublicCharacteristic,
    PublicFairness,
    PublicGroup,
    PublicOverall,
    Withholding,
)
from threat.release.documents.fairness_verdict import FairnessVerdict

_GATED = 2.0
"""What withholding a count costs where the verdict depends on the characteristic, next to 1 where it does not."""

_WORDS = {
    FairnessVerdict.PASS: "every group passes, with enough evidence",
    FairnessVerdict.FAIL: "at least one group is served worse than the line allows",
}
"""Reasons without a number and without a name of what was counted; of any other verdict, that evidence lacks."""


def public(report: Fairness) -> PublicFairness:
    """Return the report as it may be published.

    Published of a group are counts to the nearest step, half of the policy's ``publish_at_least``, and its verdict.
    Below ``publish_at_least`` a count is withheld, and so is every other count without which it could be had from what
    is published (``fairness.disclosure.protection``). Intervals, probabilities, ratios and reasons in figures follow
    from exact counts and are left out.
    """
    rule = rule_of(report)
    amounts = Amounts.of(report, intersections_of(report))
    hidden = withheld(amounts, rule, _weights(report, amounts))
    without = small_totals(amounts, rule)
    return PublicFairness(
        **_same(Audited, report),
        run_id=report.run_id,
        run_manifest_sha256=report.run_manifest_sha256,
        least=report.policy.publish_at_least,
        step=rule.step,
        overall=_overall(report.overall, rule, without),
        characteristics=tuple(_characteristic(item, amounts, rule, hidden) for item in report.characteristics),
        withholding=_withholding(amounts, rule, hidden),
        **said_besides(report),
        notes=(
            f"Counts of groups are to the nearest {rule.step:g}; counts below {rule.least:g} are withheld, with what "
            f"would tell one of them more closely than {rule.least:g} apart.",
            "Recorded outcomes only: where harm to a group is recorded less often, this audit cannot see what is "
            "missing.",
            *_alerts(report),
        ),
    )


def _alerts(report: Fairness) -> tuple[str, ...]:
    """Say whether the alerts, which are published by group, weigh more than chance; no number, no probability."""
    alerts = report.alerts
    if alerts is None or not alerts.alerting:
        return ()
    if alerts.beyond_chance:
        return ("The groups that look worse than the line weigh more, taken together, than what chance gives.",)
    return (
        "The groups that look worse than the line weigh no more, taken together, than what chance gives. That shows "
        "of no group that it is treated alike.",
    )


def rule_of(report: Fairness) -> Rule:
    """Return the rule of disclosure of a report's policy.

    The step is half of the smallest count published. To the nearest 10, a group of 15 of whom 5 were caught would read
    20 and 10; to the nearest 5 no published count is off by more than a fifth of itself, and any difference of two
    published counts is known no closer than 10 apart.
    """
    least = float(report.policy.publish_at_least)
    return Rule(least=least, step=float(np.floor(least / 2)))


def intersections_of(report: Fairness) -> list[tuple[str, str, str]]:
    """Return names of the tables of combinations (``sex_by_age_band``), each with the two tables it combines."""
    names = {(item.party, item.characteristic): item.name for item in report.characteristics}
    out = []
    for (party, characteristic), name in names.items():
        words = characteristic.split("_by_")  # a column handed in may have the very letters in its own name
        for cut in range(1, len(words)):
            first, second = "_by_".join(words[:cut]), "_by_".join(words[cut:])
            if (party, first) in names and (party, second) in names:
                out.append((name, names[party, first], names[party, second]))
    return out


def _same(part: type[Part], report: Part) -> dict[str, Any]:
    """Return the fields that the whole report and the public report share."""
    return {name: getattr(report, name) for name in part.model_fields}


def _weights(report: Fairness, amounts: Amounts) -> np.ndarray:
    """Return what withholding costs, by cell: more for larger groups, and for those that the verdict depends on."""
    gated = {item.name for item in report.characteristics if item.gate}
    rows = np.nan_to_num(amounts.values[0])
    of_table = np.array([_GATED if cell.name in gated else 1.0 for cell in amounts.cells])
    return np.asarray(of_table * (1.0 + np.log1p(rows)))


def _overall(overall: Overall, rule: Rule, without: frozenset[Kind]) -> PublicOverall:
    return PublicOverall(
        rows=overall.n,
        events=None if Kind.EVENTS in without else overall.events,
        outside_events=None if overall.outside_events < rule.least else rounded(overall.outside_events, rule.step),
        listed=None if Kind.LISTED in without else overall.selected,
        recall=None if without & {Kind.EVENTS, Kind.CAUGHT} else overall.recall.value,
    )


def _characteristic(
    item: CharacteristicReport, amounts: Amounts, rule: Rule, hidden: frozenset[Count]
) -> PublicCharacteristic:
    groups = tuple(_group(item.name, group, amounts, rule, hidden) for group in item.groups)
    reason = _WORDS.get(item.verdict, "there is not enough evidence for every group")
    if all(group.code == MISSING for group in item.groups):
        reason = "not recorded for anyone"
    judged = _same(JudgedCharacteristic, item) | {"reason": reason}
    return PublicCharacteristic(**judged, groups=groups)


def _group(name: str, group: GroupReport, amounts: Amounts, rule: Rule, hidden: frozenset[Count]) -> PublicGroup:
    cell = amounts.cells.index(Cell(name, group.code))
    counts = {
        kind.value: None if Count(kind, cell) in hidden else rounded(amounts.values[k, cell], rule.step)
        for k, kind in enumerate(KINDS)
    }
    gone = [kind.value.replace("_", " ") for kind in KINDS if counts[kind.value] is None]
    reason = f"withheld: {', '.join(gone)}" if gone else "to the nearest step"
    judged = _same(JudgedGroup, group) | {"reason": reason}
    return PublicGroup(**judged | counts)


def _withholding(amounts: Amounts, rule: Rule, hidden: frozenset[Count]) -> tuple[Withholding, ...]:
    small = Counter(count.kind for count in too_small(amounts, rule))
    gone = Counter(count.kind for count in hidden)
    return tuple(
        Withholding(kind=kind.value, groups=amounts.shown, too_small=small[kind], withheld=gone[kind]) for kind in KINDS
    )
