"""The public report as a web page that is complete in itself."""

from __future__ import annotations

from html import escape

from fairness.published.words import HEADS, cells_of, everybody, name_of, withheld_words
from threat.characteristics import PARTY_TITLES
from threat.release.documents.fairness_public import PublicCharacteristic, PublicFairness

_STYLE = """
body{font-family:system-ui,sans-serif;color:#0b0c0c;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}caption{text-align:left;font-weight:700;padding:.5rem 0}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #b1b4b6;vertical-align:top}
td{font-variant-numeric:tabular-nums}.v{font-weight:700}section{break-inside:avoid-page}
@media screen and (max-width:40rem){thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,caption,tbody,tr,td,tbody th{display:block;border:0;padding:.1rem 0;text-align:left}
tr{border-bottom:2px solid #b1b4b6}table{overflow-wrap:anywhere}
td:empty{display:none}td[data-label]::before{content:attr(data-label) ": ";font-weight:700}}
"""
# A chart would show what the table has: of most groups a share is withheld, and no interval is published.


def public_page(report: PublicFairness) -> str:
    """Return an HTML document without script or outside file."""
    title = f"Fairness report, public: {report.title or report.ranking}"
    sections = {
        heading: [item for item in report.characteristics if item.gate is gate]
        for heading, gate in (("What the verdict depends on", True), ("Also reported", False))
    }
    parts = [
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>',
        f"<main><h1>{escape(title)}</h1><p>{escape(report.dataset)}</p>",
        f'<p class="v">{report.verdict.words}</p><p>{everybody(report)}</p>',
        "<ul>" + "".join(f"<li>{escape(note)}</li>" for note in report.notes) + "</ul>",
        *(
            f"<h2>{heading}</h2>" + "".join(_section(item) for item in items)
            for heading, items in sections.items()
            if items
        ),
        "<h2>How much is withheld</h2><ul>"
        + "".join(f"<li>{withheld_words(kind)}</li>" for kind in report.withholding)
        + "</ul>",
        _coverage(report),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _section(item: PublicCharacteristic) -> str:
    heads = "".join(f"<th scope=col>{head}</th>" for head in HEADS)
    rows = "".join(
        f"<tr><th scope=row>{escape(group.title)}</th>"
        + "".join(f'<td data-label="{head}">{cell}</td>' for head, cell in zip(HEADS[1:], cells_of(group), strict=True))
        + "</tr>"
        for group in item.groups
    )
    note = f"<p>{escape(item.note)}</p>" if item.note else ""
    return (
        f'<section><h3>{escape(name_of(item))}</h3><p><span class="v">{item.verdict.words}</span>: '
        f"{escape(item.reason)}.</p>{note}<table><caption>Who was on the list, by group</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _coverage(report: PublicFairness) -> str:
    if not report.coverage:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{escape(covered.characteristic.replace('_', ' '))}</th>"
        f"<td>{PARTY_TITLES[covered.party]}</td><td>{covered.state.replace('_', ' ')}</td></tr>"
        for covered in report.coverage
    )
    return (
        "<section><h2>The nine protected characteristics</h2><table><caption>What could be tested</caption><thead><tr>"
        "<th scope=col>Characteristic</th><th scope=col>Of the</th><th scope=col>State</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )
