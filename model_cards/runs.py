"""The card of a RUN: read its documents, build the card, add it to the RUN."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model_cards.card import build
from model_cards.demonstration import demonstration_human
from model_cards.page import page
from threat.errors import BadInput, IntegrityFailure, UsageError, raise_all
from threat.files import sha256_of
from threat.release.card_statement import attest_card, card_signed
from threat.release.documents.attestations import CardStatement
from threat.release.documents.card import Card, Human
from threat.release.documents.document import document_bytes, json_object
from threat.release.evidence import RunDocuments
from threat.release.runs import Run
from threat.trust.folder import Trust


@dataclass(frozen=True, slots=True)
class CardOfRun:
    """A card made from a RUN and not yet added to it. ``human``: what people handed in with it, or None."""

    card: Card
    page: str
    human: Human | None = None


def card_of(run: Run, *, human: Path | None = None) -> CardOfRun:
    """Return the card of what the RUN holds now; nothing is written.

    ``human``: a JSON file with what people provide, ``{"section.field": {"value", "by", "on"}}``, in place of what
    they provided earlier. Raises BadInput for a file of another form.
    """
    documents = RunDocuments.of(run)
    given = None if human is None else _read(human)
    if given is not None:
        documents = replace(documents, human=given)
    card = build(documents, run_id=run.id, manifest_sha256=run.manifest_sha256)
    return CardOfRun(card, page(card), given)


def add(run: Run, made: CardOfRun) -> None:
    """Write ``card.json``, ``card.html`` and, where people handed in something, ``human.json`` into the RUN.

    Where this process has a key for evidence, it signs the card as the job that made it.
    """
    if made.human is not None:
        run.write(made.human)
    run.write(made.card)
    run.add("card.html", made.page)
    attest_card(run, Trust.open())


def signed_card(run: Run, trust: Trust) -> str:
    """Say which job made the card of a RUN, of what and with which code; that none signed it, where none did."""
    inputs = {document.FILE: sha256_of(run.path(document.FILE)) for document in RunDocuments.of(run).present()}
    return card_signed(run.find(CardStatement), run.path(Card.FILE).read_bytes(), trust, inputs)


def add_card(run: Run, *, human: Path | None = None) -> tuple[Card, str]:
    """Make the card of a RUN as ``card_of`` does, write it into the RUN, and return it with its page."""
    made = card_of(run, human=human)
    add(run, made)
    return made.card, made.page


def fill_card_of_demonstration(run: Run) -> None:
    """Write what DEMONSTRATION persons provide into a RUN for which nobody has provided anything."""
    human = demonstration_human(RunDocuments.of(run, gate=False))
    if human is not None:
        run.write(human)


def _read(path: Path) -> Human:
    if not path.is_file():
        raise UsageError("The file with what people provide is missing.", where=str(path))
    try:
        given: dict[str, Any] = json_object(document_bytes(path), str(path))
    except IntegrityFailure as error:
        raise BadInput(error.problem, value=error.value, where=str(path)) from None
    try:
        return Human.model_validate({"fields": given})
    except ValidationError as error:
        raise_all(
            [
                BadInput(
                    "The file has a field that is wrong: "
                    f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg'].removeprefix('Value error, ')}.",
                    where=str(path),
                    way_out='a field is {"value": ..., "by": "who", "on": "2026-01-31"}',
                )
                for problem in error.errors(include_url=False)
            ]
        )
        raise
