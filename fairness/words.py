"""Counts and names of a report as people read them: the words of the page and of the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from threat.characteristics import title_of
from threat.measuring.counts import caught, percent, plural
from threat.measuring.figure import Figure
from threat.release.documents.fairness import Alerts, CharacteristicReport, ComparedFigure, Fairness, GroupReport
from threat.release.documents.fairness_policy import FigureName

COUNTED_TWICE = "Somebody who was harmed twice counts twice among those later harmed."
"""What "later harmed" counts: outcome events, not people."""

_LEAST_SHARE = 0.001
"""Shares below this, but not 0, are said to be under it."""

_SMALL_RATE = 0.05
"""Rates below this are shown with four decimals: with two, a rate of 0.4 % would read 0.00."""


def name_of(report: CharacteristicReport) -> str:
    """Return what a characteristic is called at the beginning of a line: ``Sex of the person at risk``."""
    title = title_of(report.characteristic, report.party)
    return title if report.party == "column" else title[0].upper() + title[1:]


def count(value: int) -> str:
    """Return a count with its thousands apart."""
    return f"{value:,}"


def everybody_caught(report: Fairness) -> str:
    """Return how many of all those later harmed were on the list."""
    overall = report.overall
    return caught((overall.recall.value or 0.0) * overall.events, overall.events)


def decimals(figure: Figure) -> str:
    """Return a figure with its interval in decimals; ``none`` without a value."""
    if figure.value is None:
        return "none"
    digits = 2 if figure.value >= _SMALL_RATE or figure.value == 0 else 4
    if figure.interval is None:
        return f"{figure.value:.{digits}f}"
    low, high = figure.interval
    return f"{figure.value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def probability(value: float | None) -> str:
    """Return a probability with two decimals; empty for None."""
    return "" if value is None else f"{value:.2f}"


HEADS: dict[FigureName, str] = {
    "recall": "On the list, of those later harmed",
    "false_omission_rate": "With an outcome, of those not listed",
    "precision": "With an outcome, of those listed",
    "false_positive_rate": "On the list, of those without an outcome",
}
"""What each figure is a share of: the heads of the columns of a table of groups."""

AT_RISK: tuple[FigureName, ...] = ("recall", "false_omission_rate")
SUBJECTS: tuple[FigureName, ...] = ("precision", "false_positive_rate")
"""The figures of the two sides: what the list does for people at risk, and what it costs its subjects."""


def counts_of(group: GroupReport, name: FigureName) -> str:
    """Return the counts of a figure, ``20 of 100``; empty where nothing could be measured."""
    if name == "recall":
        return caught(group.captured, group.events)
    figure: Figure = getattr(group, name)
    return "" if figure.value is None else caught(figure.value * figure.n, figure.n)


def ratio(cell: ComparedFigure | None) -> str:
    """Return a group's figure over everybody else's, with its interval; empty where it was not compared."""
    if cell is None or cell.ratio is None:
        return ""
    if cell.ratio_interval is None:
        return f"{cell.ratio:.2f}"
    return f"{cell.ratio:.2f} ({cell.ratio_interval[0]:.2f} to {cell.ratio_interval[1]:.2f})"


def share_and_ratio(group: GroupReport, name: FigureName) -> str:
    """Return a figure of a group in one line: counts, share with its interval, and everybody else's share."""
    figure: Figure = getattr(group, name)
    if figure.value is None:
        return "none"
    cell = group.of(name)
    others = "" if cell is None or cell.others is None else f"; everybody else {short_percent(cell.others)}"
    return f"{counts_of(group, name)}: {percent(figure)}{others}"


def short_percent(value: float) -> str:
    """Return a share as a percentage, with one decimal where it is small.

    >>> short_percent(0.172), short_percent(0.0123), short_percent(0.0), short_percent(0.0004)
    ('17%', '1.2%', '0%', 'under 0.1%')
    """
    if 0 < value < _LEAST_SHARE:
        return f"under {_LEAST_SHARE:.1%}"
    return f"{value:.1%}" if 0 < value < _SMALL_RATE else f"{value:.0%}"


def alerts(report: Fairness) -> str:
    """Return what the alerts amount to, next to chance, in a sentence; empty where no cell could be compared."""
    return "" if report.alerts is None else next_to_chance(report.alerts, "group figure")


def next_to_chance(said: Alerts, noun: str) -> str:
    """Return how many cells that decide look worse than the line, next to chance. ``noun``: what a cell is called."""
    by_chance = f"a ranking that treats every group alike has {said.by_chance:.2g} on average"
    figures = f"of {plural(said.cells, noun)} that {'decides' if said.cells == 1 else 'decide'}"
    if not said.alerting:
        return f"None {figures} looks worse than the line; {by_chance}."
    look, weigh = ("looks", "it weighs") if said.alerting == 1 else ("look", "they weigh")
    return (
        f"{count(said.alerting)} {figures} {look} worse than the line; {by_chance}, as many in "
        f"{short_percent(said.as_many)} of audits. As evidence {weigh} {'more' if said.beyond_chance else 'no more'} "
        f"than what chance gives: as much in {short_percent(said.as_strong)}."
    )


def own_rates(report: Fairness) -> str:
    """Return how often an audit of these sizes is wrong by chance, in a sentence; empty where it was not simulated."""
    rates = report.own_rates
    if rates is None:
        return ""
    low, high = rates.false_fail.interval
    return (
        f"Of audits of these very sizes and rates, {rates.false_fail.value:.1%} ({low:.1%} to {high:.1%}) say Fail of "
        f"a ranking that treats every group alike, and {rates.false_alert.value:.0%} say Fail or Alert; some group "
        f"alerts in {rates.any_alert.value:.0%}. At a true ratio of 0.6 a group passes in at most "
        f"{rates.false_pass.value:.1%} ({plural(rates.cells, 'group figure')}, {rates.draws:,} simulated audits)."
    )


def faults(report: Fairness) -> list[str]:
    """Return each fault found unasked in a sentence, with its counts and the way out."""
    return [
        f"Found unasked, so nothing passes{f' by {fault.cell}' if fault.cell else ''}: {fault.kind}. {fault.counts}. "
        f"{fault.way_out[0].upper()}{fault.way_out[1:]}."
        for fault in report.faults
    ]


def power_of(group: GroupReport) -> str:
    """Return what an audit could tell of a group's deciding figures; empty where it was not simulated."""
    said = []
    for cell in group.compared:
        if not cell.power:
            continue
        shares = ", ".join(f"{power.fails:.0%} at {power.ratio:.2g}" for power in cell.power)
        said.append(f"{_NOUNS[cell.figure]}: fails in {shares}; {needed_of(cell)}")
    return "; ".join(said)


def needed_of(cell: ComparedFigure) -> str:
    """Return how many independent cases a group has, and how many it needs for a verdict in 8 of 10 audits."""
    fail, passed = (
        "over a million" if cases is None else count(cases) for cases in (cell.needed_to_fail, cell.needed_to_pass)
    )
    return f"has {plural(round(cell.effective), 'case')}, needs {fail} to fail at 0.6 and {passed} to pass"


def power_of_all(report: Fairness) -> str:
    """Return how well the audit could tell a group treated worse, in a sentence; empty where it was not simulated.

    Of the group figures that decide: the share of audits that fail it, at each true ratio, for the middle one and at
    most; and how many have as many cases as a verdict needs.
    """
    cells = [
        cell for item in report.gated for group in item.groups for cell in group.compared if cell.gate and cell.power
    ]
    if not cells:
        return ""
    shares = [sorted(cell.power[place].fails for cell in cells) for place in range(len(cells[0].power))]
    middle, most = (", ".join(short_percent(of_ratio[which]) for of_ratio in shares) for which in (len(cells) // 2, -1))
    to_fail, to_pass = (
        sum(cases is not None and cell.effective >= cases for cell in cells for cases in (getattr(cell, name),))
        for name in ("needed_to_fail", "needed_to_pass")
    )
    return (
        f"Were one group treated at 0.8, 0.6 or 0.5 of everybody else, {middle} of such audits would fail it (the "
        f"middle one of {plural(len(cells), 'group figure')}; {most} at most). {to_fail} of them have as many cases "
        f"as a fail at 0.6 needs in 8 of 10 audits, {to_pass} as many as a pass needs."
    )


_NOUNS: dict[FigureName, str] = {
    "recall": "recall",
    "false_omission_rate": "missed",
    "precision": "precision",
    "false_positive_rate": "false alarms",
}


def noun_of(name: FigureName) -> str:
    """Return the short name of a figure in running text."""
    return _NOUNS[name]


def verdict_of(group: GroupReport, report: CharacteristicReport) -> str:
    """Return the verdict of a group of a characteristic in words."""
    return group.verdict.words if len(report.groups) > 1 else "Nothing to compare"


def is_shown(group: GroupReport) -> bool:
    """Tell whether a group has a row of its own: somebody of the group was harmed."""
    return group.events > 0


def shown(report: CharacteristicReport) -> list[GroupReport]:
    """Return the groups of a characteristic that have a row of their own; ``not_shown`` says the others."""
    return [group for group in report.groups if is_shown(group)]


def not_shown(report: CharacteristicReport) -> str:
    """Return a sentence that says which groups have no row, and why; empty where every group has one."""
    without = [group for group in report.groups if not is_shown(group)]
    if not without:
        return ""
    return f"Not computed for {plural(len(without), 'group')}, of whom nobody was harmed: {_names(without)}."


def _names(groups: Sequence[GroupReport]) -> str:
    return ", ".join(group.title for group in groups)
