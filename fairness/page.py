"""The report for people: a web page that is complete in itself, and a table for the terminal."""

from __future__ import annotations

from html import escape

from fairness.suppression import PublicCharacteristic, PublicFairness, WithheldGroup
from threat.characteristics import PARTY_TITLES, title_of
from threat.charts import Point, points_with_intervals
from threat.measuring.figure import Figure
from threat.measuring.titles import recall_title
from threat.release.documents.fairness import (
    CharacteristicReport,
    Fairness,
    GroupReport,
    OtherCharacteristic,
    OtherRanking,
)

Report = Fairness | PublicFairness
Characteristic = CharacteristicReport | PublicCharacteristic

_STYLE = """
body{font-family:system-ui,sans-serif;color:#0b0c0c;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}caption{text-align:left;font-weight:700;padding:.5rem 0}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #b1b4b6;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.v{font-weight:700}
.fail{color:#942514}.pass{color:#005a30}.not_enough_evidence{color:#54319f}
section{break-inside:avoid-page}svg{max-width:100%;height:auto}@media print{body{margin:0;max-width:none}}
"""

_HEADS = (
    ("Group", False), ("Rows", True), ("Events", True), ("Recall", False), ("Ratio", False), ("P(below line)", True),
    ("On the list", False), ("Precision", False), ("False positives", False), ("Observed / expected", False),
    ("Verdict", False),
)  # fmt: skip
"""Columns of the table of groups, and whether each holds numbers."""

_SMALL_RATE = 0.05
"""Rates below this are shown with four decimals: with two, a rate of 0.4 % would read 0.00."""


def name_of(report: Characteristic) -> str:
    """``Sex of the person at risk``."""
    title = title_of(report.characteristic, report.party)
    return title if report.party == "column" else title[0].upper() + title[1:]


def page(report: Report) -> str:
    """Return an HTML document without script or outside file; every chart has its sentence and its table."""
    title = f"Fairness report: {report.title or report.ranking}"
    head = (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
    )
    gated = [item for item in report.characteristics if item.gate]
    reported = [item for item in report.characteristics if not item.gate]
    parts = [
        head,
        f"<main><h1>{escape(title)}</h1>",
        f"<p>{escape(report.dataset)}</p>",
        _who_may_read(report),
        _verdict(report),
        _overall(report),
        "<h2>What the verdict depends on</h2>",
        *map(_section, gated),
    ]
    if reported:
        parts += ["<h2>Also reported</h2>", *map(_section, reported)]
    parts += [_coverage(report), _others(report), _notes(report), "</main></body></html>"]
    return "\n".join(part for part in parts if part)


def _who_may_read(report: Report) -> str:
    if isinstance(report, PublicFairness):
        return "<p>Small counts are withheld.</p>"
    return "<p><strong>For governance inside the force: it holds small counts. Publish only with --public.</strong></p>"


def _verdict(report: Report) -> str:
    policy = report.policy
    return (
        f'<p class="v {report.verdict}">{report.verdict.words}</p>'
        f"<p>A group fails when the probability that its recall is below {policy.line:g} of the best-served group's "
        f"is at least {policy.fail_at:g} (after adjusting for the groups compared), and passes when the probability "
        f"that it is not is at least {policy.pass_at:g}. Anything else is not enough evidence. Policy "
        f"{escape(policy.version)}.</p>"
    )


def _overall(report: Report) -> str:
    overall = report.overall
    cut = (
        f"{report.capacity:g} places on each list"
        if report.capacity is not None
        else f"selected at a score of {report.threshold:g} or more"
    )
    return (
        f"<p>{_count(overall.n)} rows, {_count(overall.events)} outcome events, of which "
        f"{_count(overall.outside_events)} happened to people no list covered; {cut}. "
        f"{recall_title(report.capacity)}: {_figure(overall.recall)}.</p>"
    )


def _section(report: Characteristic) -> str:
    rows = "".join(f"<tr>{_cells(group)}</tr>" for group in report.groups)
    heads = "".join(f"<th scope=col{' class=n' if numeric else ''}>{name}</th>" for name, numeric in _HEADS)
    note = f"<p>{escape(report.note)}</p>" if report.note else ""
    return (
        f"<section><h3>{escape(name_of(report))}</h3>"
        f'<p><span class="v {report.verdict}">{report.verdict.words}</span>: {escape(report.reason)}.</p>'
        f"{note}{_chart(report)}"
        f"<table><caption>Figures by group, with 95% intervals</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _cells(group: GroupReport | WithheldGroup) -> str:
    head = f"<th scope=row>{escape(group.title)}{' (compared with)' if group.reference else ''}</th>"
    verdict = f'<td class="{group.verdict}">{group.verdict.words}</td>'
    if isinstance(group, WithheldGroup):
        numbers = "".join(f"<td{' class=n' if numeric else ''}>withheld</td>" for _, numeric in _HEADS[1:-1])
        return f"{head}{numbers}{verdict}"
    guards = (group.selection_rate, group.precision, group.false_positive_rate, group.calibration)
    return (
        f"{head}<td class=n>{_count(group.n)}</td><td class=n>{_count(group.events)}</td>"
        f"<td>{_figure(group.recall)}</td><td>{_ratio(group)}</td><td class=n>{_number(group.p_below)}</td>"
        f"{''.join(f'<td>{_figure(guard)}</td>' for guard in guards)}{verdict}"
    )


def _chart(report: Characteristic) -> str:
    points = [
        Point(group.title, group.recall.value, *group.recall.interval)
        for group in report.groups
        if isinstance(group, GroupReport) and group.recall.value is not None and group.recall.interval is not None
    ]
    if not points:
        return ""
    low, high = min(points, key=lambda point: point.value), max(points, key=lambda point: point.value)
    sentence = (
        f"Recall by group, with 95% intervals: lowest {low.value:.2f} ({low.label}), "
        f"highest {high.value:.2f} ({high.label})."
    )
    return points_with_intervals(f"{name_of(report)}: share of outcome events on the list", sentence, points)


def _coverage(report: Report) -> str:
    if not report.coverage:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{escape(covered.characteristic.replace('_', ' '))}</th>"
        f"<td>{PARTY_TITLES[covered.party]}</td>"
        f"<td>{covered.state.replace('_', ' ')}</td><td>{escape(covered.reason)}</td></tr>"
        for covered in report.coverage
    )
    return (
        "<section><h2>The nine protected characteristics</h2><table><caption>What could be tested</caption><thead><tr>"
        "<th scope=col>Characteristic</th><th scope=col>Of the</th><th scope=col>State</th><th scope=col>Why</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></section>"
    )


def _others(report: Report) -> str:
    if isinstance(report, PublicFairness) or not report.others:
        return ""
    heads = "".join(f"<th scope=col>{escape(name_of(item))}</th>" for item in report.gated)
    rows = "".join(_other(other, report.gated) for other in report.others)
    return (
        "<section><h2>The same audit of the rankings the unit could use instead</h2><table><caption>Verdict and lowest "
        f"ratio</caption><thead><tr><th scope=col>Ranking</th><th scope=col>Recall</th>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _other(other: OtherRanking, gated: tuple[CharacteristicReport, ...]) -> str:
    by_name = {(item.party, item.characteristic): item for item in other.characteristics}
    items = [by_name[report.party, report.characteristic] for report in gated]
    cells = "".join(f'<td class="{item.verdict}">{item.verdict.words}{_lowest(item)}</td>' for item in items)
    return f"<tr><th scope=row>{escape(other.title)}</th><td>{_figure(other.recall)}</td>{cells}</tr>"


def _lowest(item: OtherCharacteristic) -> str:
    return "" if item.worst is None else f", {item.worst.ratio:.2f} ({escape(item.worst.title)})"


def _notes(report: Report) -> str:
    return "<h2>Read this with it</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in report.notes) + "</ul>"


def text(report: Report) -> str:
    """Return the same for a terminal: one line per group."""
    lines = [
        f"{report.verdict.words}: {report.dataset}",
        f"  {_count(report.overall.n)} rows, {_count(report.overall.events)} outcome events, "
        f"recall {_figure(report.overall.recall)}",
    ]
    for item in report.characteristics:
        mark = "" if item.gate else " (reported, not gated)"
        lines += ["", f"{name_of(item)}{mark}: {item.verdict.words}", f"  {item.reason}"]
        lines.append(f"  {'group':<34}{'rows':>9}{'events':>8}  {'recall':<24}{'ratio':<20}{'P(below)':>9}  verdict")
        lines += [_line(group) for group in item.groups]
    return "\n".join([*lines, "", *(f"- {note}" for note in report.notes)])


def _line(group: GroupReport | WithheldGroup) -> str:
    if isinstance(group, WithheldGroup):
        cells = f"{'withheld':>9}{'withheld':>8}  {'withheld':<24}{'':<20}{'':>9}"
    else:
        cells = (
            f"{_count(group.n):>9}{_count(group.events):>8}  "
            f"{_figure(group.recall):<24}{_ratio(group):<20}{_number(group.p_below):>9}"
        )
    return f"  {group.title[:33]:<34}{cells}  {group.verdict.words}"


def _count(value: int | None) -> str:
    return "withheld" if value is None else f"{value:,}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _ratio(group: GroupReport) -> str:
    if group.ratio is None:
        return ""
    if group.ratio_interval is None:
        return "1"
    return f"{group.ratio:.2f} ({group.ratio_interval[0]:.2f} to {group.ratio_interval[1]:.2f})"


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return "withheld"
    if figure.value is None:
        return "none"
    digits = 2 if figure.value >= _SMALL_RATE or figure.value == 0 else 4
    if figure.interval is None:
        return f"{figure.value:.{digits}f}"
    low, high = figure.interval
    return f"{figure.value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
