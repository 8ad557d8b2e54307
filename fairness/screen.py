"""The report on a terminal: one screen, or every group on request."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable

from fairness.words import (
    AT_RISK,
    COUNTED_TWICE,
    SUBJECTS,
    alerts,
    count,
    decimals,
    everybody_caught,
    faults,
    name_of,
    noun_of,
    own_rates,
    power_of,
    power_of_all,
    short_percent,
    shown,
    verdict_of,
)
from threat.measuring.counts import caught, percent, plural
from threat.measuring.figure import Figure
from threat.release.documents.fairness import MISSING, CharacteristicReport, ComparedFigure, Fairness, GroupReport
from threat.release.documents.fairness_policy import FigureName
from threat.release.documents.fairness_verdict import WORST_FIRST

LINES, COLUMNS = 24, 100
"""The screen: a terminal has 24 lines as a rule, and 100 columns are read without turning the head."""

_WORST_LINES = 9
"""Most lines for the groups served worst, four or five groups: the other parts take at most 15 lines together."""

_DATASET_LINES = 2
"""Most lines for the name of the data: a path may be as long as it likes."""


def one_screen(report: Fairness) -> str:
    """Return the report in at most 24 lines of at most 100 columns.

    The verdict; how many of those later harmed were on the list; the groups furthest beyond the line, with all four
    figures; what could not be computed, and why; and, as far as there is room, what a reader must know.
    """
    head = [
        *_wrapped(f"{report.verdict.words}: {report.dataset}")[:_DATASET_LINES],
        *(_wrapped(alerts(report)) if report.alerts is not None else ()),
        *_wrapped(_everybody(report)),
        *_wrapped(_characteristics(report)),
    ]
    worst = _worst(report)
    gaps = _gaps(report)
    foot = ["Every group: --full. The whole report: --json, or --html FILE."]
    room = LINES - len(head) - len(worst) - len(gaps) - len(foot)
    return "\n".join([*head, *worst, *gaps, *_notes(report, room), *foot])


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    ) or [""]


def _everybody(report: Fairness) -> str:
    overall = report.overall
    cut = (
        f"{report.capacity:g} places on each list"
        if report.capacity is not None
        else f"on the list from a score of {report.threshold:g}"
    )
    share = percent(overall.recall)
    outside = overall.outside_events
    listed = everybody_caught(report)
    return (
        f"{listed[0].upper()}{listed[1:]} later harmed were on the list{f', {share}' if share else ''}; "
        f"{count(outside)} were people no list covered. {count(overall.n)} rows, {cut}."
    )


def _characteristics(report: Fairness) -> str:
    """Count the characteristics that pass, fail or lack evidence, of those that the verdict depends on."""
    gated = Counter(item.verdict for item in report.characteristics if item.gate)
    tally = ", ".join(f"{gated[verdict]} {verdict.words.lower()}" for verdict in WORST_FIRST if gated[verdict])
    also = sum(not item.gate for item in report.characteristics)
    said = f"The verdict depends on {plural(sum(gated.values()), 'characteristic')}{f': {tally}' if tally else ''}."
    return said + (f" Also reported: {also}." if also else "")


def _worst(report: Fairness) -> list[str]:
    """The groups furthest beyond the line: those that fail, then those with enough cases to go by."""
    least = report.policy.least_events
    gated = [item for item in report.characteristics if item.gate]
    pairs = [(item, group) for item in gated for group in shown(item)]
    compared = [(item, group, cell) for item, group in pairs if (cell := group.worst) is not None]
    # Of a group with few cases the probability says little: 0 of 2 looks worse than 7 of 72.
    compared.sort(
        key=lambda entry: (
            WORST_FIRST.index(entry[1].verdict),
            entry[2].effective < least,
            -(entry[2].p_beyond or 0.0),
        )
    )
    if compared:
        sentences = [_compared(item, group) for item, group, _ in compared]
        return ["Treated worst, next to everybody else recorded:", *_fitting(sentences)]
    lowest = [(item, group) for item, group in pairs if group.events >= least and group.code != MISSING]
    if not lowest:
        return [f"Nobody can be said to be treated worst: no group has {least} later harmed to go by."]
    lowest.sort(key=lambda pair: pair[1].recall.value or 0.0)
    return [
        "No group could be compared with another. Lowest shares on the list:",
        *_fitting(f"{_named(item, group)}: {_caught(group)}." for item, group in lowest),
    ]


def _compared(item: CharacteristicReport, group: GroupReport) -> str:
    """Say of one group all four figures next to everybody else's, and by which of those that decide the verdict is."""
    parts = [f"{_caught(group)}{_others(group.of('recall'))}"]
    for name in (*AT_RISK, *SUBJECTS):
        figure: Figure = getattr(group, name)
        if name != "recall" and figure.value is not None:
            parts.append(f"{noun_of(name)} {short_percent(figure.value)}{_others(group.of(name))}")
    by = [noun_of(cell.figure) for cell in group.compared if cell.gate and cell.verdict == group.verdict]
    return f"{_named(item, group)}: {', '.join(parts)}. {group.verdict.words}, by {' and '.join(by)}."


def _others(cell: ComparedFigure | None) -> str:
    return "" if cell is None or cell.others is None else f" (others {short_percent(cell.others)})"


def _named(item: CharacteristicReport, group: GroupReport) -> str:
    name = name_of(item)
    return f"{group.title} ({name if item.party == 'column' else name[0].lower() + name[1:]})"


def _caught(group: GroupReport) -> str:
    return f"{caught(group.captured, group.events)} later harmed were on the list"


def _fitting(sentences: Iterable[str]) -> list[str]:
    """Wrap sentences until the lines for them are used up; the last line says how many groups are left."""
    lines: list[str] = []
    left = list(sentences)
    while left:
        wrapped = _wrapped(left[0], "  ")
        if len(lines) + len(wrapped) > _WORST_LINES:
            return [*lines, f"  and {plural(len(left), 'group')} more."]
        lines += wrapped
        left.pop(0)
    return lines


def _gaps(report: Fairness) -> list[str]:
    """Count the rows of the report that could not be computed: one line for each reason."""
    reasons: Counter[str] = Counter()
    total = 0
    for item in report.characteristics:
        for group in item.groups:
            total += 1
            if why := _why_not(item, group):
                reasons[why] += 1
    if not reasons:
        return []
    return [
        f"Not computed: {sum(reasons.values())} of {plural(total, 'row')} of the report (a row is one group):",
        *(line for why, rows in reasons.most_common() for line in _wrapped(f"{rows}: {why}", "  ")),
    ]


def _why_not(item: CharacteristicReport, group: GroupReport) -> str:
    """Return why a row has no verdict of its own; the empty string where its group was compared."""
    if all(other.code == MISSING for other in item.groups):
        return "the characteristic is not recorded for anyone"
    if group.recall.value is None and "recall" in item.figures:
        return "nobody of the group was later harmed"
    if len(item.groups) == 1:
        return "the characteristic has one group alone: nothing to compare"
    if any(cell.figure in item.figures and cell.p_beyond is not None for cell in group.compared):
        return ""
    return "nothing of the group, or of everybody else, that could be compared"


def _notes(report: Fairness, room: int) -> list[str]:
    """The notes that fit into so many lines; the last line says how many are left."""
    rates = own_rates(report), power_of_all(report)
    notes = [note for note in (*faults(report), *rates, *report.notes, COUNTED_TWICE) if note]
    lines: list[str] = []
    for i, note in enumerate(notes):
        wrapped = _wrapped(f"- {note}")
        # A line is kept back for the count of the notes left, unless this is the last.
        if len(lines) + len(wrapped) > room - (i < len(notes) - 1):
            return [*lines, f"- {plural(len(notes) - i, 'note')} more: --full"] if room > len(lines) else lines
        lines += wrapped
    return lines


def every_group(report: Fairness) -> str:
    """Return the report with all four figures of each group of every characteristic, next to everybody else's."""
    lines = [
        f"{report.verdict.words}: {report.dataset}",
        *(_wrapped(alerts(report), "  ") if report.alerts is not None else ()),
        f"  {count(report.overall.n)} rows, {everybody_caught(report)} later harmed were on the list, "
        f"recall {decimals(report.overall.recall)}",
    ]
    for item in report.characteristics:
        mark = "" if item.gate else " (reported, decides nothing)"
        lines += ["", f"{name_of(item)}{mark}: {item.verdict.words}", f"  {item.reason}"]
        lines.append(f"  {'group':<26}{'rows':>8}{'harmed':>8}  {''.join(_HEADS)}verdict")
        lines += [_line(item, group) for group in item.groups]
        lines += [f"    {group.title}, {power}" for group in item.groups if (power := power_of(group))]
    notes = (*faults(report), own_rates(report), power_of_all(report), _LEGEND, *report.notes, COUNTED_TWICE)
    return "\n".join([*lines, "", *(f"- {note}" for note in notes if note)])


_CELL = 19
_FIGURES: tuple[FigureName, ...] = (*AT_RISK, *SUBJECTS)
_HEADS = tuple(f"{noun_of(name):<{_CELL}}" for name in _FIGURES)
_LEGEND = (
    "A figure, its ratio to everybody else's, and the probability that the ratio is beyond the line; * decides. "
    "Recall: of those later harmed, the share listed. Missed: of rows not listed, the share with an outcome. "
    "Precision: of rows listed, the share with an outcome. False alarms: of rows without an outcome, the share listed."
)


def _line(item: CharacteristicReport, group: GroupReport) -> str:
    figures = "".join(f"{_cell(group, name):<{_CELL}}" for name in _FIGURES)
    cells = f"{count(group.n):>8}{count(group.events):>8}  {figures}"
    return f"  {group.title[:25]:<26}{cells}{verdict_of(group, item)}"


def _cell(group: GroupReport, name: FigureName) -> str:
    """Return ``0.20 x0.40 P1.00*``: the figure, its ratio to everybody else's, P(beyond); * where it decides."""
    figure: Figure = getattr(group, name)
    if figure.value is None:
        return "none"
    cell = group.of(name)
    digits = 2 if figure.value >= _SMALL or figure.value == 0 else 4
    said = f"{figure.value:.{digits}f}"
    if cell is None or cell.p_beyond is None:
        return said
    times = "" if cell.ratio is None else f" x{cell.ratio:.2f}"
    return f"{said}{times} P{cell.p_beyond:.2f}{'*' if cell.gate else ''}"


_SMALL = 0.05
"""Figures below this have four decimals, as everywhere in the report."""
