"""The reports of all characteristics: every group measured, all cells compared together, and made whole once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from fairness.alerts import alerts_of
from fairness.comparison import Cell, Comparison, cells, compare, deciding_figures, marked_of
from fairness.figures import FIGURES
from fairness.measured import MeasuredCharacteristic, MeasuredGroup
from fairness.operating import CellRates, cell_rates, fair, own_rates
from fairness.policy import Policy
from fairness.sizes import Sizes
from fairness.verdicts import of_interval
from threat.measuring import estimates
from threat.measuring.by_group import Counts
from threat.measuring.estimates import What
from threat.measuring.figure import Figure
from threat.measuring.intervals import Evidence
from threat.measuring.ranked import Floats
from threat.release.documents.fairness import (
    MISSING,
    Alerts,
    CharacteristicReport,
    ComparedFigure,
    Fault,
    GroupReport,
    OwnRates,
)
from threat.release.documents.fairness_policy import FigureName
from threat.release.documents.fairness_verdict import WORST_FIRST, FairnessVerdict

_Judged = TypeVar("_Judged", CharacteristicReport, GroupReport, ComparedFigure)

_SHARES = 3
"""Decimals of counts that ties at the cut split into parts."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every group of a report is judged under.

    ``recall_name``: title of recall at this cut. ``with_probability``: the ranking gives probabilities. ``with_rates``:
    simulate the report's own false verdicts and power; the audit of another ranking, in brief, does without.
    """

    policy: Policy
    recall_name: str
    with_probability: bool
    with_rates: bool


@dataclass(frozen=True, slots=True)
class Reports:
    """The report of every characteristic; what their alerts amount to; and how often such an audit errs."""

    characteristics: tuple[CharacteristicReport, ...]
    alerts: Alerts | None
    own_rates: OwnRates | None


def recall_of(what: What, counts: Counts, people: int, *, alone: bool) -> Figure:
    """The Figure of recall. ``people``: distinct persons with an outcome event; ``alone``: as ``independent`` says."""
    evidence = Evidence(people=people, clusters=people, independent=alone)
    return estimates.rate(what, counts.captured, counts.events, evidence)


def reports_of(measured: Sequence[MeasuredCharacteristic], terms: Terms) -> Reports:
    """Return the report of every characteristic, in the order given, and what the whole says by chance."""
    every = cells(measured, terms.policy)
    comparisons = compare(every, terms.policy)
    deciding = _deciding(measured, terms.policy)
    rates = _rates(measured, deciding, terms.policy) if terms.with_rates else {}
    compared: dict[tuple[int, str], list[ComparedFigure]] = {}
    for cell, comparison in zip(every, comparisons, strict=True):
        key = cell.characteristic, cell.group.code
        of_cell = _compared(cell, comparison, rates.get((*key, cell.figure.name)))
        compared.setdefault(key, []).append(of_cell)
    reports = []
    for i, characteristic in enumerate(measured):
        figures = deciding_figures(characteristic, terms.policy)
        groups = tuple(
            _group(group, tuple(compared[i, group.code]), figures, characteristic.independent, terms)
            for group in characteristic.groups
        )
        reports.append(_characteristic(characteristic, groups, figures, terms.policy))
    seen = marked_of((cell.gate for cell in every), comparisons)
    # In brief only the verdict is asked for, and without an alert no simulation changes it.
    asked = terms.with_rates or seen.alerts.any()
    simulated = fair([size for _, size in deciding], terms.policy) if asked else None
    return Reports(
        tuple(reports),
        None if simulated is None or not seen.cells else alerts_of(seen, simulated, terms.policy),
        None if simulated is None or not terms.with_rates else own_rates(simulated, terms.policy, rates.values()),
    )


def _deciding(measured: Sequence[MeasuredCharacteristic], policy: Policy) -> list[tuple[tuple[int, FigureName], Sizes]]:
    """Return the sizes of each characteristic by each figure that decides, with the place of both."""
    return [
        ((i, name), _sizes(characteristic, name))
        for i, characteristic in enumerate(measured)
        for name in policy.deciding(characteristic.item.party, characteristic.item.name)
    ]


def _rates(
    measured: Sequence[MeasuredCharacteristic], deciding: Sequence[tuple[tuple[int, FigureName], Sizes]], policy: Policy
) -> dict[tuple[int, str, FigureName], CellRates]:
    """Return the power of each cell that decides, by characteristic, group and figure."""
    together = max(1, sum(int(size.comparable.sum()) for _, size in deciding))
    return {
        (i, group.code, name): rate
        for (i, name), size in deciding
        for group, rate in zip(measured[i].groups, cell_rates(size, policy, together), strict=True)
    }


def _sizes(characteristic: MeasuredCharacteristic, name: FigureName) -> Sizes:
    rates = [group.pairs[name].group for group in characteristic.groups]
    cases = sum(rate.cases for rate in rates)
    return Sizes(
        FIGURES[name],
        np.array([round(rate.cases) for rate in rates], np.int64),
        sum(rate.hits for rate in rates) / cases if cases else 0.0,
        np.array([group.code != MISSING for group in characteristic.groups], np.bool_),
    )


def _compared(cell: Cell, comparison: Comparison, rates: CellRates | None) -> ComparedFigure:
    pair = cell.pair
    return ComparedFigure(
        figure=cell.figure.name,
        gate=cell.gate,
        effective=pair.group.cases,
        others=pair.others.value,
        others_effective=pair.others.cases,
        ratio=comparison.ratio,
        ratio_interval=comparison.ratio_interval,
        p_beyond=comparison.p_beyond,
        p_adjusted=comparison.p_adjusted,
        verdict=comparison.verdict,
        reason=comparison.reason,
        power=() if rates is None else rates.power,
        needed_to_fail=None if rates is None else rates.needed_to_fail,
        needed_to_pass=None if rates is None else rates.needed_to_pass,
    )


def _what(name: str, title: str, code: str, n: Floats, events: Floats) -> What:
    return What(name=name, title=title, n=round(float(n[0])), events=round(float(events[0])), slice={"group": code})


def _group(
    group: MeasuredGroup,
    compared: tuple[ComparedFigure, ...],
    figures: tuple[FigureName, ...],
    alone: bool,
    terms: Terms,
) -> GroupReport:
    counts, code = group.counts, group.code

    def rate_of_rows(name: str, title: str, above: Floats, below: Floats, events: Floats) -> Figure:
        # Where the replicates cannot vary, a rate of rows counts its rows; a rate of events would count people.
        what = _what(name, title, code, below, events)
        if not below[0] > 0:
            return estimates.missing(what, "no rows to measure it on")
        evidence = Evidence(people=group.people, clusters=what.n, independent=alone)
        return estimates.rate(what, above, below, evidence)

    def compared_rate(name: FigureName, title: str, events: Floats) -> Figure:
        figure = FIGURES[name]
        return rate_of_rows(name, title, figure.hits(counts), figure.cases(counts), events)

    judged = [cell for cell in compared if cell.figure in figures]
    verdict = FairnessVerdict.all_of(cell.verdict for cell in judged)
    recall = _what("recall", terms.recall_name, code, counts.rows, counts.events)
    calibration = _calibration(group, with_probability=terms.with_probability)
    return GroupReport(
        code=code,
        title=group.title,
        n=round(float(counts.rows[0])),
        events=round(float(counts.events[0])),
        people_with_events=group.people,
        captured=round(float(counts.captured[0]), _SHARES),
        selected=round(float(counts.selected[0]), _SHARES),
        effective_events=group.pairs["recall"].group.cases,
        recall=recall_of(recall, counts, group.people, alone=alone),
        selection_rate=rate_of_rows(
            "selection_rate", "Share of rows on the list", counts.selected, counts.rows, counts.events
        ),
        precision=compared_rate("precision", "Share of listed rows with an outcome", counts.hits),
        false_positive_rate=compared_rate(
            "false_positive_rate", "Share of rows without an outcome listed", np.zeros(1)
        ),
        false_omission_rate=compared_rate(
            "false_omission_rate", "Share of rows not listed with an outcome", counts.positives - counts.hits
        ),
        calibration=calibration,
        calibration_verdict=of_interval(calibration.interval, terms.policy.calibration),
        compared=compared,
        verdict=verdict,
        reason="; ".join(cell.reason for cell in judged if cell.verdict == verdict),
    )


def _calibration(group: MeasuredGroup, *, with_probability: bool) -> Figure:
    """Observed over expected outcomes, a guard: are the probabilities right for this group?"""
    counts = group.counts
    title = "Outcomes observed for each one expected from the probabilities"
    what = _what("observed_over_expected", title, group.code, counts.rows, counts.positives)
    if not with_probability:
        return estimates.missing(what, "the ranking gives no probabilities")
    return estimates.observed_over_expected(what, counts.positives, counts.expected, group.people)


def _characteristic(
    measured: MeasuredCharacteristic, groups: tuple[GroupReport, ...], figures: tuple[FigureName, ...], policy: Policy
) -> CharacteristicReport:
    item = measured.item
    verdict, reason = _verdict(measured, groups, figures, policy)
    return CharacteristicReport(
        party=item.party,
        characteristic=item.name,
        gate=bool(policy.deciding(item.party, item.name)),
        figures=figures,
        verdict=verdict,
        reason=reason,
        note=item.note,
        groups=groups,
    )


def not_passing(report: CharacteristicReport, faults: Sequence[Fault]) -> CharacteristicReport:
    """Return the report with every pass turned into not enough evidence where a fault concerns it."""
    kinds = [fault.kind for fault in faults if fault.cell in ("", report.name)]
    if not kinds:
        return report
    reason = f"not enough evidence, whatever the figures say: {', '.join(dict.fromkeys(kinds))}"

    def without_pass(judged: _Judged) -> _Judged:
        if judged.verdict != FairnessVerdict.PASS:
            return judged
        return judged.model_copy(update={"verdict": FairnessVerdict.NOT_ENOUGH, "reason": reason})

    groups = tuple(
        without_pass(group.model_copy(update={"compared": tuple(map(without_pass, group.compared))}))
        for group in report.groups
    )
    return without_pass(report.model_copy(update={"groups": groups}))


def _verdict(
    measured: MeasuredCharacteristic, groups: tuple[GroupReport, ...], figures: tuple[FigureName, ...], policy: Policy
) -> tuple[FairnessVerdict, str]:
    """Verdict of the characteristic, and why."""
    if measured.recorded == 0:
        return FairnessVerdict.NOT_ENOUGH, "not recorded for anyone"
    if len(groups) == 1:
        return FairnessVerdict.NOT_ENOUGH, "only one group: there is nothing to compare"
    verdict = FairnessVerdict.all_of(group.verdict for group in groups)
    if verdict == FairnessVerdict.PASS:
        nouns = " and ".join(FIGURES[name].noun for name in figures)
        return verdict, f"every group's {nouns} is within {policy.line:g} of everybody else's, with enough evidence"
    if verdict == FairnessVerdict.NOT_ENOUGH:
        named = ", ".join(group.title for group in groups if group.verdict == verdict)
        return verdict, f"not enough evidence for: {named}"
    said = []
    for worst in WORST_FIRST[:2]:
        for name in figures:
            titles = [group.title for group in groups if (cell := group.of(name)) is not None and cell.verdict == worst]
            if titles:
                breach = FIGURES[name].breach if worst == FairnessVerdict.FAIL else f"perhaps {FIGURES[name].breach}"
                said.append(f"{breach}: {', '.join(titles)}")
    return verdict, "; ".join(said)
