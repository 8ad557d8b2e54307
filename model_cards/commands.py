"""``threat card``: the model card of a RUN."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from threat.options import JsonOption, RunArgument
from threat.terminal import emit

if TYPE_CHECKING:  # documents bring pydantic, and `threat --help` imports this module
    from model_cards.compared import ComparedCards
    from threat.release.documents.attestations import SignedEvidence
    from threat.release.documents.card import Card
    from threat.release.runs import Run

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("card")
def card_command(
    run: RunArgument,
    human: Annotated[Path | None, typer.Option(help="JSON file with what people provide, by section.field.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the page here.")] = None,
    atrs: Annotated[Path | None, typer.Option(help="Also write a draft transparency record (ATRS) here.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Also write the card as a PDF (PDF/UA-1) here.")] = None,
    bom: Annotated[Path | None, typer.Option(help="Also write the card as a CycloneDX 1.7 ML-BOM here.")] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Another RUN: say what changed from its card to this; --out gets that page.")
    ] = None,
    valid_on: Annotated[
        str | None, typer.Option(help="Day on which validity is judged, 2026-01-31; default: today (UTC).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the model card of a RUN: card.json and card.html, added to it.

    Everything follows from the RUN's documents: the same evidence gives the same bytes on any day. What nobody has
    provided yet is shown as such and counted, never left out.
    """
    from model_cards.compared import compare as compare_cards
    from model_cards.compared import compared_page
    from model_cards.exports import exports, write
    from model_cards.runs import add, card_of
    from threat.release.attestations import signed_evidence
    from threat.release.runs import Run
    from threat.trust.folder import Trust

    opened = Run.open(run)
    signed = signed_evidence(opened, Trust.open())
    on = _day(valid_on)
    made = card_of(opened, human=human)
    compared = None if compare is None else compare_cards(card_of(Run.open(compare)).card, made.card)
    page_of_card = out if compared is None else None
    files = exports(made, {"out": page_of_card, "pdf": pdf, "atrs": atrs, "bom": bom})
    if compared is not None and out is not None:
        files[out] = compared_page(compared).encode()
    add(opened, made)
    write(files)
    lines = _lines(made.card, opened, signed, on) if compared is None else _compared_lines(compared)
    emit(made.card.as_json(), as_json=as_json, lines=lambda document: lines)


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


def _lines(card: Card, run: Run, signed: SignedEvidence, on: date) -> str:
    from model_cards.card import headline_words
    from model_cards.evidence_days import valid_words
    from model_cards.runs import signed_card
    from threat.trust.folder import Trust

    summary = card.summary
    fields = sum(len(section.fields) for section in card.sections)
    return "\n".join(
        [
            f"{summary.name}: {summary.status}",
            f"  {headline_words(card)}",
            f"  {summary.worst_served}",
            f"  {card.not_yet_provided} of {fields} fields not yet provided, {len(summary.missing)} of them mandatory",
            f"  {valid_words(summary.expires, on)}",
            f"  Evidence {signed.state}: {signed.reason}",
            f"  Card {signed_card(run, Trust.open())}",
            f"  Manifest {run.manifest_sha256}",
            f"  {run.directory / 'card.html'}",
        ]
    )


def _compared_lines(compared: ComparedCards) -> str:
    rows = () if compared.figures_table is None else compared.figures_table.rows
    return "\n".join(
        [
            f"From {compared.before.run_id} to {compared.after.run_id}:",
            *(f"  {line}" for line in compared.cautions),
            *(f"  {title}: {before}, then {after}. {change}" for title, before, after, change in rows),
            f"  {compared.same_figures} figures are the same, and {compared.same_fields} fields;",
            f"  changed: {', '.join(change.title for change in compared.fields) or 'none'}",
        ]
    )
