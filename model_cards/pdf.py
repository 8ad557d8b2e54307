"""The card as a PDF: tagged, of PDF/UA-1, the same bytes from the same card. Drawn by Typst, an optional part."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from model_cards.card import headline_words
from model_cards.one_page import on_one_page
from threat.release.documents.card import Card, CardField, Chart, Table, Value

_MARK = "DEMONSTRATION. Signed by nobody; valid nowhere else. Not for any decision about anybody."


def pdf(card: Card) -> bytes:
    """Return the PDF of a card, by PDF/UA-1: tagged, with title and language. Typst refuses what breaks the standard.

    Raises ModuleNotFoundError where Typst is not installed; the command line then says how to install it.
    """
    return draw(_drawn(card))


def draw(drawn: dict[str, Any], template: str = "card.typ") -> bytes:
    """Return the PDF of a template filled with JSON values.

    The bytes depend on these alone: no font of the machine is used, no clock is read and nothing is fetched.
    """
    # Optional (extra pdf): 34 MB of compiled typesetter that only this function needs.
    import typst

    source = files("model_cards").joinpath("templates").joinpath(template).read_bytes()
    text = json.dumps(drawn, ensure_ascii=False, sort_keys=True)
    compiler = typst.Compiler(source, ignore_system_fonts=True, sys_inputs={"drawn": text})
    # Without a fixed time stamp the identifiers of the document would follow the clock.
    made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=0)
    assert isinstance(made, bytes)  # pages as a list come of pictures alone
    return made


def _drawn(card: Card) -> dict[str, Any]:
    until = "no day on record" if card.evidence_until is None else card.evidence_until.isoformat()
    fields = sum(len(section.fields) for section in card.sections)
    return {
        "title": f"Model card: {card.summary.name}",
        "author": "threat-assessment",
        "description": f"Model card of the RUN {card.run_id}, from evidence until {until}",
        "mark": _MARK if card.summary.environment == "demonstration" else "",
        "footer": f"RUN {card.run_id}. Not being on the list is no sign of safety.",
        "status": card.summary.status.capitalize(),
        "from": f"RUN {card.run_id}, from evidence until {until}. {card.not_yet_provided} of {fields} fields are not "
        "yet provided.",
        "headline": headline_words(card),
        "first_page": [
            {"heading": heading, "fields": [{"title": title, "value": _plain(value)} for title, value in values]}
            for heading, values in on_one_page(card.summary)
        ],
        "sections": [
            {
                "title": f"{number}. {section.title}",
                "fields": [_field(field) for field in section.fields],
                "charts": [_chart(chart) for chart in card.charts if chart.section == section.id],
            }
            for number, section in enumerate(card.sections, 1)
        ],
    }


def _field(field: CardField) -> dict[str, Any]:
    source = "From" if field.source == "auto" else "Provided by"
    absent = "Not yet provided" if field.source == "human" else "Not in the evidence"
    return {
        "title": field.title,
        "value": absent if field.value is None else _plain(field.value),
        "from": f"{source} {field.evidence}" if field.evidence else "",
    }


def _chart(chart: Chart) -> dict[str, Any]:
    """Return a chart as its table: every point with its interval, and the target where there is one."""
    targets = any(point.target is not None for point in chart.points)
    rows = [
        [
            point.label,
            f"{point.value:.4g}",
            f"{point.low:.4g} to {point.high:.4g}",
            *(["" if point.target is None else f"{point.target:.4g}"] if targets else []),
        ]
        for point in chart.points
    ]
    columns = ["Of", "Value", "95% interval", *(["Target"] if targets else [])]
    return {"title": chart.title, "sentence": chart.sentence, "table": {"columns": columns, "rows": rows}}


def _plain(value: Value) -> Any:
    return value.as_json() if isinstance(value, Table) else value
