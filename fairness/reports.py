"""The report of one characteristic: every group measured, compared, and made whole once."""

from __future__ import annotations

import numpy as np

from fairness.characteristics import Characteristic
from fairness.comparison import Comparison, MeasuredGroup, best_served, compare
from fairness.policy import Policy
from fairness.verdicts import of_interval
from threat.measuring import estimates
from threat.measuring.by_group import Counts, Grouping
from threat.measuring.estimates import What
from threat.measuring.figure import Figure, Verdict
from threat.measuring.intervals import Evidence, effective_n, variance_of
from threat.measuring.ranked import Cut, Floats, Ranked
from threat.measuring.resampling import ratio
from threat.measuring.titles import recall_title
from threat.release.documents.fairness import MISSING, CharacteristicReport, GroupReport

_SHARES = 3
"""Decimals of counts that ties at the cut split into parts."""


def independent(ranked: Ranked, cut: Cut) -> bool:
    """True when nothing depends on anything else: no capacity to compete for, no person with two rows or events."""
    rows = ranked.rows
    return cut.threshold is not None and rows.persons == len(rows) + len(rows.outside_person)


def recall_of(what: What, counts: Counts, people: int, *, alone: bool) -> Figure:
    """The Figure of recall. ``people``: distinct persons with an outcome event; ``alone``: as ``independent`` says."""
    evidence = Evidence(people=people, clusters=people, independent=alone)
    return estimates.rate(what, counts.captured, counts.events, evidence)


def report_of(
    item: Characteristic, grouping: Grouping, counts: Counts, ranked: Ranked, cut: Cut, policy: Policy, *, gate: bool
) -> CharacteristicReport:
    """The report of one characteristic. ``gate``: the verdict of the whole audit depends on it."""
    alone = independent(ranked, cut)
    people = grouping.people_with_events(ranked.rows)
    groups = [
        _measured(
            code, item.title_of(code), counts.of(i), int(people[i]), recall_name=recall_title(cut.capacity), alone=alone
        )
        for i, code in enumerate(grouping.codes)
    ]
    reference = best_served(groups, policy)
    comparisons = compare(groups, reference, policy)
    with_probability = ranked.probability is not None and not np.isnan(ranked.probability).all()
    reports = tuple(
        _group(group, comparison, policy, alone=alone, with_probability=with_probability)
        for group, comparison in zip(groups, comparisons, strict=True)
    )
    verdict, reason = _verdict(reports, reference, policy)
    return CharacteristicReport(
        party=item.party,
        characteristic=item.name,
        gate=gate,
        verdict=verdict,
        reason=reason,
        reference=None if reference is None else reference.code,
        note=item.note,
        groups=reports,
    )


def _what(name: str, title: str, code: str, n: Floats, events: Floats) -> What:
    return What(name=name, title=title, n=round(float(n[0])), events=round(float(events[0])), slice={"group": code})


def _measured(code: str, title: str, counts: Counts, people: int, *, recall_name: str, alone: bool) -> MeasuredGroup:
    what = _what("recall", recall_name, code, counts.rows, counts.events)
    recall = recall_of(what, counts, people, alone=alone)
    events = float(counts.events[0])
    if recall.value is None:
        worth = 0.0
    elif alone:
        worth = events
    else:
        variance = variance_of(ratio(counts.captured[1:], counts.events[1:]))
        worth = effective_n(recall.value, events, variance, people)
    return MeasuredGroup(code, title, counts, people, recall, worth)


def _group(
    group: MeasuredGroup, comparison: Comparison, policy: Policy, *, alone: bool, with_probability: bool
) -> GroupReport:
    counts, code = group.counts, group.code

    def rate_of_rows(name: str, title: str, above: Floats, below: Floats, events: Floats) -> Figure:
        # Where the replicates cannot vary, a rate of rows counts its rows; a rate of events would count people.
        what = _what(name, title, code, below, events)
        if not below[0] > 0:
            return estimates.missing(what, "no rows to measure it on")
        evidence = Evidence(people=group.people, clusters=what.n, independent=alone)
        return estimates.rate(what, above, below, evidence)

    calibration = _calibration(group, with_probability=with_probability)
    return GroupReport(
        code=code,
        title=group.title,
        n=round(float(counts.rows[0])),
        events=round(float(counts.events[0])),
        people_with_events=group.people,
        captured=round(float(counts.captured[0]), _SHARES),
        selected=round(float(counts.selected[0]), _SHARES),
        effective_events=group.effective_events,
        recall=group.recall,
        selection_rate=rate_of_rows(
            "selection_rate", "Share of rows on the list", counts.selected, counts.rows, counts.events
        ),
        precision=rate_of_rows(
            "precision", "Share of listed rows with an outcome", counts.hits, counts.selected_known, counts.hits
        ),
        false_positive_rate=rate_of_rows(
            "false_positive_rate",
            "Share of rows without an outcome listed",
            counts.false_positives,
            counts.negatives,
            np.zeros(1),
        ),
        calibration=calibration,
        calibration_verdict=of_interval(calibration.interval, policy.calibration),
        ratio=comparison.ratio,
        ratio_interval=comparison.ratio_interval,
        p_below=comparison.p_below,
        p_adjusted=comparison.p_adjusted,
        reference=comparison.reference,
        verdict=comparison.verdict,
        reason=comparison.reason,
    )


def _calibration(group: MeasuredGroup, *, with_probability: bool) -> Figure:
    """Observed over expected outcomes, a guard: are the probabilities right for this group?"""
    counts = group.counts
    title = "Outcomes observed for each one expected from the probabilities"
    what = _what("observed_over_expected", title, group.code, counts.rows, counts.positives)
    if not with_probability:
        return estimates.missing(what, "the ranking gives no probabilities")
    return estimates.observed_over_expected(what, counts.positives, counts.expected, group.people)


def _verdict(groups: tuple[GroupReport, ...], reference: MeasuredGroup | None, policy: Policy) -> tuple[Verdict, str]:
    """Verdict of the characteristic, and why."""
    if all(group.code == MISSING for group in groups):
        return Verdict.NOT_ENOUGH, "not recorded for anyone"
    if len(groups) == 1:
        return Verdict.NOT_ENOUGH, "only one group: there is nothing to compare"
    if reference is None:
        needed = policy.adequate_events
        return Verdict.NOT_ENOUGH, f"no group has {needed} outcome events to be compared with"
    verdict = Verdict.all_of(group.verdict for group in groups)
    named = ", ".join(group.title for group in groups if group.verdict == verdict)
    reasons = {
        Verdict.PASS: f"every group's recall is at least {policy.line:g} of the best-served group's, "
        "with enough evidence",
        Verdict.NOT_ENOUGH: f"not enough evidence for: {named}",
        Verdict.FAIL: f"served worse than the line allows: {named}",
    }
    return verdict, reasons[verdict]
