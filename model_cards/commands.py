"""``threat card``: the model card of a RUN."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from threat.options import JsonOption, RunArgument
from threat.terminal import emit

if TYPE_CHECKING:  # documents bring pydantic, and `threat --help` imports this module
    from threat.release.documents.card import Card

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("card")
def card_command(
    run: RunArgument,
    human: Annotated[Path | None, typer.Option(help="JSON file with what people provide, by section.field.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the page here.")] = None,
    atrs: Annotated[Path | None, typer.Option(help="Also write a draft transparency record (ATRS) here.")] = None,
    valid_on: Annotated[
        str | None, typer.Option(help="Day on which validity is judged, 2026-01-31; default: today (UTC).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the model card of a RUN: card.json and card.html, added to it.

    Everything follows from the RUN's documents: the same evidence gives the same bytes on any day. What nobody has
    provided yet is shown as such and counted, never left out.
    """
    from model_cards.atrs import record
    from model_cards.runs import add_card
    from threat.release.runs import Run

    opened = Run.open(run)
    on = _day(valid_on)
    card, page = add_card(opened, human=human)
    if out is not None:
        out.write_text(page, encoding="utf-8")
    if atrs is not None:
        atrs.write_text(json.dumps(record(card), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    emit(card.as_json(), as_json=as_json, lines=lambda document: _lines(card, run, on))


def _day(text: str | None) -> date:
    """Return the day on which validity is judged. Raises UsageError for text that is no date."""
    from threat.errors import UsageError

    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "The day of --valid-on is not a date.", value=text, way_out="write a date as 2026-01-31"
        ) from None


def _lines(card: Card, run: Path, on: date) -> str:
    from model_cards.card import headline_words
    from model_cards.evidence_days import valid_words

    summary = card.summary
    fields = sum(len(section.fields) for section in card.sections)
    return "\n".join(
        [
            f"{summary.name}: {summary.status}",
            f"  {headline_words(card)}",
            f"  {summary.worst_served}",
            f"  {card.not_yet_provided} of {fields} fields not yet provided, {len(summary.missing)} of them mandatory",
            f"  {valid_words(summary.expires, on)}",
            f"  {run / 'card.html'}",
        ]
    )
