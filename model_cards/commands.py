"""``threat card``: the model card of a RUN."""

from __future__ import annotations

import json
from datetime import UTC, datetime
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
    as_json: JsonOption = False,
) -> None:
    """Write the model card of a RUN: card.json and card.html, added to it.

    What nobody has provided yet is shown as such and counted, never left out.
    """
    from model_cards.atrs import record
    from model_cards.runs import add_card
    from threat.release.runs import Run

    opened = Run.open(run)
    card, page = add_card(opened, human=human, on=datetime.now(UTC).date())
    if out is not None:
        out.write_text(page, encoding="utf-8")
    if atrs is not None:
        atrs.write_text(json.dumps(record(card), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    emit(card.as_json(), as_json=as_json, lines=lambda document: _lines(card, run))


def _lines(card: Card, run: Path) -> str:
    from model_cards.card import headline_words

    summary = card.summary
    fields = sum(len(section.fields) for section in card.sections)
    return "\n".join(
        [
            f"{summary.name}: {summary.status}",
            f"  {headline_words(card)}",
            f"  {summary.worst_served}",
            f"  {card.not_yet_provided} of {fields} fields not yet provided",
            f"  {run / 'card.html'}",
        ]
    )
