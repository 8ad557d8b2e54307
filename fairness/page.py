"""The report for people: a web page that is complete in itself."""

from __future__ import annotations

from html import escape

from fairness.words import (
    AT_RISK,
    COUNTED_TWICE,
    HEADS,
    SUBJECTS,
    alerts,
    count,
    counts_of,
    decimals,
    everybody_caught,
    faults,
    name_of,
    not_shown,
    noun_of,
    own_rates,
    power_of,
    power_of_all,
    probability,
    ratio,
    shown,
)
from threat.characteristics import PARTY_TITLES
from threat.charts import Point, points_with_intervals
from threat.measuring.counts import caught, percent
from threat.measuring.titles import recall_title
from threat.release.documents.fairness import (
    CharacteristicReport,
    Fairness,
    GroupReport,
    OtherCharacteristic,
    OtherRanking,
)
from threat.release.documents.fairness_policy import FigureName

_STYLE = """
body{font-family:system-ui,sans-serif;color:#0b0c0c;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}caption{text-align:left;font-weight:700;padding:.5rem 0}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #b1b4b6;vertical-align:top}
td{font-variant-numeric:tabular-nums}.v{font-weight:700}
.fail,.alert{color:#942514}.pass{color:#005a30}.not_enough_evidence{color:#54319f}
section{break-inside:avoid-page}svg{max-width:100%}figure{margin:1rem 0}@media print{body{margin:0;max-width:none}}
@media screen and (max-width:40rem){thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,caption,tbody,tr,td,tbody th{display:block;border:0;padding:.1rem 0;text-align:left}
tr{border-bottom:2px solid #b1b4b6}table{overflow-wrap:anywhere}
td:empty{display:none}td[data-label]::before{content:attr(data-label) ": ";font-weight:700}}
"""

_SIDES: tuple[tuple[str, tuple[FigureName, ...]], ...] = (
    ("What the list does for people at risk, by group", AT_RISK),
    ("What the list costs its subjects, by group", SUBJECTS),
)
"""The two tables in counts: both sides of a characteristic are shown, whichever of them decides."""

_MORE_HEADS = (
    "Group", "Rows", "P(beyond the line)", "On the list, of all rows", "Observed / expected",
    "What an audit of this size could tell",
)  # fmt: skip
"""Columns of the figures for who checks the arithmetic."""


def page(report: Fairness) -> str:
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
        "<p><strong>For governance inside the force: it holds small counts. Publish what --public gives.</strong></p>",
        _verdict(report),
        _overall(report),
        "<h2>What the verdict depends on</h2>",
        *(_section(item) for item in gated),
    ]
    if reported:
        parts += ["<h2>Also reported</h2>", *(_section(item) for item in reported)]
    parts += [_coverage(report), _others(report), _notes(report), "</main></body></html>"]
    return "\n".join(part for part in parts if part)


def _verdict(report: Fairness) -> str:
    policy = report.policy
    by_chance = "".join(f"<p>{escape(said)}</p>" for said in (own_rates(report), power_of_all(report)) if said)
    return (
        f'<p class="v {report.verdict}">{report.verdict.words}</p>'
        + (f"<p><strong>{escape(alerts(report))}</strong></p>" if report.alerts is not None else "")
        + "<p>Each group is compared with everybody else who is recorded. A group fails when its recall or precision "
        f"is below {policy.line:g} of theirs, or its misses or false alarms above {1 / policy.line:g} of theirs, with "
        f"a probability that holds after adjusting for every cell that decides (level {policy.fail_level:g}); it is an "
        f"alert from a probability of {policy.alert_at:g} before the adjustment, and passes when the probability of no "
        f"breach is {policy.pass_at:g} or more on at least {policy.least_events} independent cases. Anything else is "
        f"not enough evidence. The report as a whole is an alert where alerts as strong would come by chance in at "
        f"most {policy.alert_level:.0%} of audits of a ranking that treats every group alike. Policy "
        f"{escape(policy.version)}.</p>"
        + "".join(f"<p><strong>{escape(fault)}</strong></p>" for fault in faults(report))
        + by_chance
    )


def _overall(report: Fairness) -> str:
    overall = report.overall
    cut = (
        f"{report.capacity:g} places on each list"
        if report.capacity is not None
        else f"from a score of {report.threshold:g}"
    )
    listed = everybody_caught(report)
    return (
        f"<p>{listed[0].upper()}{listed[1:]} later harmed were on the list ({cut}); {count(overall.outside_events)} "
        f"were people no list covered. {COUNTED_TWICE} {count(overall.n)} rows. "
        f"{recall_title(report.capacity)}: {decimals(overall.recall)}.</p>"
    )


def _section(report: CharacteristicReport) -> str:
    """A characteristic: verdict, chart, counts; groups without a figure in a sentence, never as rows that pass."""
    note = f"<p>{escape(report.note)}</p>" if report.note else ""
    gap = not_shown(report)
    gaps = f"<p>{escape(gap)}</p>" if gap else ""
    return (
        f"<section><h3>{escape(name_of(report))}</h3>"
        f'<p><span class="v {report.verdict}">{report.verdict.words}</span>: {escape(report.reason)}.</p>'
        f"{note}{_chart(report)}{_tables(report) if shown(report) else ''}{gaps}</section>"
    )


def _tables(report: CharacteristicReport) -> str:
    groups = shown(report)
    more = "".join(f"<tr>{_figures(report, group)}</tr>" for group in groups)
    sides = "".join(_side(report, groups, caption, names) for caption, names in _SIDES)
    return (
        f"{sides}<details><summary>More figures</summary>"
        f"<table><caption>More figures by group</caption>{_head(_MORE_HEADS)}<tbody>{more}</tbody></table></details>"
    )


def _side(report: CharacteristicReport, groups: list[GroupReport], caption: str, names: tuple[FigureName, ...]) -> str:
    """A side of a characteristic: counts, shares, and each figure against everybody else's with its verdict."""
    heads = ("Group", *(head for name in names for head in (HEADS[name], *_against(report, name))))
    rows = "".join(f"<tr>{_row(heads, group.title, _counts(group, names))}</tr>" for group in groups)
    return f"<table><caption>{caption}</caption>{_head(heads)}<tbody>{rows}</tbody></table>"


def _against(report: CharacteristicReport, name: FigureName) -> tuple[str, str]:
    """Heads of a figure's comparison; one that decides nothing says so."""
    noun = noun_of(name)
    return f"{noun[0].upper()}{noun[1:]} over everybody else's", "Verdict" if name in report.figures else "Reported"


def _head(names: tuple[str, ...]) -> str:
    return f"<thead><tr>{''.join(f'<th scope=col>{name}</th>' for name in names)}</tr></thead>"


def _counts(group: GroupReport, names: tuple[FigureName, ...]) -> tuple[str, ...]:
    cells: list[str] = []
    for name in names:
        cell, figure = group.of(name), getattr(group, name)
        share = "none" if figure.value is None else f"{counts_of(group, name)}: {percent(figure)}"
        # The verdict alone has a colour, next to its word.
        said = "" if cell is None else f'<span class="{cell.verdict}">{cell.verdict.words}</span>'
        cells += [share, ratio(cell), said]
    return tuple(cells)


def _figures(report: CharacteristicReport, group: GroupReport) -> str:
    beyond = "; ".join(
        f"{noun_of(cell.figure)} {probability(cell.p_beyond)}"
        for cell in group.compared
        if cell.figure in report.figures and cell.p_beyond is not None
    )
    guards = (decimals(group.selection_rate), decimals(group.calibration))
    return _row(_MORE_HEADS, group.title, (count(group.n), beyond, *guards, power_of(group)))


def _row(heads: tuple[str, ...], title: str, cells: tuple[str, ...]) -> str:
    """Return the cells of a row, each with the name of its column for a narrow screen."""
    named = "".join(f'<td data-label="{head}">{cell}</td>' for head, cell in zip(heads[1:], cells, strict=True))
    return f"<th scope=row>{escape(title)}</th>{named}"


def _chart(report: CharacteristicReport) -> str:
    """The first figure that decides, by group."""
    name = report.figures[0]
    points = [
        Point(group.title, figure.value, *figure.interval)
        for group in shown(report)
        if (figure := getattr(group, name)).value is not None and figure.interval is not None
    ]
    if not points:
        return ""
    low, high = min(points, key=lambda point: point.value), max(points, key=lambda point: point.value)
    noun = noun_of(name)
    sentence = (
        f"{noun[0].upper()}{noun[1:]} by group, with 95% intervals: lowest {low.value:.2f} ({low.label}), "
        f"highest {high.value:.2f} ({high.label})."
    )
    return points_with_intervals(f"{name_of(report)}: {HEADS[name][0].lower()}{HEADS[name][1:]}", sentence, points)


def _coverage(report: Fairness) -> str:
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


def _others(report: Fairness) -> str:
    if not report.others:
        return ""
    heads = "".join(f"<th scope=col>{escape(name_of(item))}</th>" for item in report.gated)
    rows = "".join(_other(other, report.gated) for other in report.others)
    return (
        "<section><h2>The same audit of the rankings the unit could use instead</h2><table><caption>Verdict and the "
        "group furthest beyond the line</caption><thead><tr><th scope=col>Ranking</th>"
        f"<th scope=col>{HEADS['recall']}</th>"
        f"{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _other(other: OtherRanking, gated: tuple[CharacteristicReport, ...]) -> str:
    by_name = {(item.party, item.characteristic): item for item in other.characteristics}
    items = [by_name[report.party, report.characteristic] for report in gated]
    cells = "".join(f'<td class="{item.verdict}">{item.verdict.words}{_lowest(item)}</td>' for item in items)
    return f"<tr><th scope=row>{escape(other.title)}</th><td>{_listed(other)}</td>{cells}</tr>"


def _listed(other: OtherRanking) -> str:
    recall = other.recall
    if recall.value is None:
        return "none"
    return f"{caught(recall.value * recall.events, recall.events)}: {percent(recall)}"


def _lowest(item: OtherCharacteristic) -> str:
    return "" if item.worst is None else f", {item.worst.ratio:.2f} ({escape(item.worst.title)})"


def _notes(report: Fairness) -> str:
    return "<h2>Read this with it</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in report.notes) + "</ul>"
