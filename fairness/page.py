"""The report for people: a web page that stands alone, and a table for the terminal."""

from __future__ import annotations

from html import escape
from typing import Any

from threat.characteristics import PARTY_TITLES, title_of
from threat.charts import Point, points_with_intervals
from threat.measuring.figure import Verdict

_STYLE = """
body{font-family:system-ui,sans-serif;color:#0b0c0c;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}caption{text-align:left;font-weight:700;padding:.5rem 0}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #b1b4b6;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.v{font-weight:700}
.fail{color:#942514}.pass{color:#005a30}.not_enough_evidence{color:#54319f}
section{break-inside:avoid-page}svg{max-width:100%;height:auto}@media print{body{margin:0;max-width:none}}
"""


def name_of(characteristic: dict[str, Any]) -> str:
    """``Sex of the person at risk``."""
    title = title_of(characteristic["characteristic"], characteristic["party"])
    return title if characteristic["party"] == "column" else title[0].upper() + title[1:]


def _verdict_words(verdict: str) -> str:
    return Verdict(verdict).words


def page(report: dict[str, Any]) -> str:
    """One HTML document, no script, no outside file; every chart has its sentence and its table."""
    title = f"Fairness report: {report.get('title') or report['ranking']}"
    head = (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
    )
    parts = [
        head,
        f"<main><h1>{escape(title)}</h1>",
        f"<p>{escape(report['dataset'])}</p>",
        _who_may_read(report),
        _verdict(report),
        _overall(report),
    ]
    parts += [
        "<h2>What the verdict rests on</h2>",
        *(_section(one) for one in report["characteristics"] if one["gate"]),
    ]
    rest = [one for one in report["characteristics"] if not one["gate"]]
    if rest:
        parts += ["<h2>Also reported</h2>", *(_section(one) for one in rest)]
    parts += [_coverage(report), _others(report), _notes(report), "</main></body></html>"]
    return "\n".join(part for part in parts if part)


def _who_may_read(report: dict[str, Any]) -> str:
    if report.get("public"):
        return "<p>Small counts are withheld.</p>"
    return "<p><strong>For governance inside the force: it holds small counts. Publish only with --public.</strong></p>"


def _verdict(report: dict[str, Any]) -> str:
    policy = report["policy"]
    word = _verdict_words(report["verdict"])
    return (
        f'<p class="v {report["verdict"]}">{word}</p>'
        f"<p>A group fails when the probability that its recall is below {policy['line']:g} of the best-served group's "
        f"is at least {policy['fail_at']:g} (after adjusting for the groups compared), and passes when the probability "
        f"that it is not is at least {policy['pass_at']:g}. Anything else is not enough evidence. Policy "
        f"{escape(policy['version'])}.</p>"
    )


def _overall(report: dict[str, Any]) -> str:
    overall = report["overall"]
    cut = (
        f"{report['capacity']:g} places on each list"
        if report["capacity"] is not None
        else f"selected at a score of {report['threshold']:g} or more"
    )
    return (
        f"<p>{_count(overall['n'])} rows, {_count(overall['events'])} outcome events, of which "
        f"{_count(overall['outside_events'])} happened to people no list covered; {cut}. "
        f"Recall over everyone: {_figure(overall['recall'])}.</p>"
    )


def _section(one: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(group['title'])}{' (compared with)' if group['reference'] else ''}</th>"
        f"<td class=n>{_count(group['n'])}</td><td class=n>{_count(group['events'])}</td>"
        f"<td>{_figure(group['recall'])}</td><td>{_ratio(group)}</td><td class=n>{_number(group['p_below'])}</td>"
        f"<td>{_figure(group['selection_rate'])}</td><td>{_figure(group['precision'])}</td>"
        f"<td>{_figure(group['false_positive_rate'])}</td><td>{_figure(group['calibration'])}</td>"
        f'<td class="{group["verdict"]}">{_verdict_words(group["verdict"])}</td></tr>'
        for group in one["groups"]
    )
    heads = "".join(
        f"<th scope=col{' class=n' if numeric else ''}>{name}</th>"
        for name, numeric in (
            ("Group", 0), ("Rows", 1), ("Events", 1), ("Recall", 0), ("Ratio", 0), ("P(below line)", 1),
            ("On the list", 0), ("Precision", 0), ("False positives", 0), ("Observed / expected", 0), ("Verdict", 0),
        )
    )  # fmt: skip
    note = f"<p>{escape(one['note'])}</p>" if one["note"] else ""
    return (
        f"<section><h3>{escape(name_of(one))}</h3>"
        f'<p><span class="v {one["verdict"]}">{_verdict_words(one["verdict"])}</span>: {escape(one["reason"])}.</p>'
        f"{note}{_chart(one)}"
        f"<table><caption>Figures by group, with 95% intervals</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _chart(one: dict[str, Any]) -> str:
    points = [
        Point(group["title"], group["recall"]["value"], *group["recall"]["interval"])
        for group in one["groups"]
        if group["recall"]["value"] is not None
    ]
    if not points:
        return ""
    low, high = min(points, key=lambda p: p.value), max(points, key=lambda p: p.value)
    sentence = (
        f"Recall by group, with 95% intervals: lowest {low.value:.2f} ({low.label}), "
        f"highest {high.value:.2f} ({high.label})."
    )
    return points_with_intervals(f"{name_of(one)}: share of outcome events on the list", sentence, points)


def _coverage(report: dict[str, Any]) -> str:
    if "coverage" not in report:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{escape(one['characteristic'].replace('_', ' '))}</th><td>{PARTY_TITLES[one['party']]}</td>"
        f"<td>{one['state'].replace('_', ' ')}</td><td>{escape(one['reason'])}</td></tr>"
        for one in report["coverage"]
    )
    return (
        "<section><h2>The nine protected characteristics</h2><table><caption>What could be tested</caption><thead><tr>"
        "<th scope=col>Characteristic</th><th scope=col>Of the</th><th scope=col>State</th><th scope=col>Why</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></section>"
    )


def _others(report: dict[str, Any]) -> str:
    if not report.get("others") or report.get("public"):
        return ""
    gated = [one for one in report["characteristics"] if one["gate"]]
    heads = "".join(f"<th scope=col>{escape(name_of(one))}</th>" for one in gated)
    rows = ""
    for other in report["others"]:
        found = {(one["party"], one["characteristic"]): one for one in other["characteristics"]}
        cells = "".join(
            f'<td class="{of["verdict"]}">{_verdict_words(of["verdict"])}{_lowest(of["worst"])}</td>'
            for of in (found[one["party"], one["characteristic"]] for one in gated)
        )
        rows += f"<tr><th scope=row>{escape(other['title'])}</th><td>{_figure(other['recall'])}</td>{cells}</tr>"
    return (
        "<section><h2>The same audit of the rankings the unit could use instead</h2><table><caption>Verdict and lowest "
        f"ratio</caption><thead><tr><th scope=col>Ranking</th><th scope=col>Recall</th>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _lowest(worst: dict[str, Any] | None) -> str:
    return "" if worst is None else f", {worst['ratio']:.2f} ({escape(worst['title'])})"


def _notes(report: dict[str, Any]) -> str:
    return "<h2>Read this with it</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in report["notes"]) + "</ul>"


def text(report: dict[str, Any]) -> str:
    """The same for a terminal: one line per group."""
    lines = [
        f"{_verdict_words(report['verdict'])}: {report['dataset']}",
        f"  {_count(report['overall']['n'])} rows, {_count(report['overall']['events'])} outcome events, "
        f"recall {_figure(report['overall']['recall'])}",
    ]
    for one in report["characteristics"]:
        mark = "" if one["gate"] else " (reported, not gated)"
        lines += ["", f"{name_of(one)}{mark}: {_verdict_words(one['verdict'])}", f"  {one['reason']}"]
        lines.append(f"  {'group':<34}{'rows':>9}{'events':>8}  {'recall':<24}{'ratio':<20}{'P(below)':>9}  verdict")
        lines += [
            f"  {group['title'][:33]:<34}{_count(group['n']):>9}{_count(group['events']):>8}  "
            f"{_figure(group['recall']):<24}{_ratio(group):<20}{_number(group['p_below']):>9}  "
            f"{_verdict_words(group['verdict'])}"
            for group in one["groups"]
        ]
    return "\n".join([*lines, "", *(f"- {note}" for note in report["notes"])])


def _count(value: int | None) -> str:
    return "withheld" if value is None else f"{value:,}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _ratio(group: dict[str, Any]) -> str:
    if group["ratio"] is None:
        return ""
    if group["ratio_interval"] is None:
        return "1"
    return f"{group['ratio']:.2f} ({group['ratio_interval'][0]:.2f} to {group['ratio_interval'][1]:.2f})"


def _figure(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "withheld" if "withheld" in figure.get("reason", "") else "none"
    digits = 2 if figure["value"] >= 0.05 or figure["value"] == 0 else 4
    low, high = figure["interval"]
    return f"{figure['value']:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
