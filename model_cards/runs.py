"""The card of a RUN: read its documents, build the card, add it to the RUN."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model_cards.card import build
from model_cards.demonstration import demonstration_human
from model_cards.page import page
from threat.errors import BadInput, IntegrityFailure, UsageError, raise_all
from threat.release.documents.card import Card, Human
from threat.release.documents.document import json_object
from threat.release.evidence import RunDocuments
from threat.release.runs import Run


def add_card(run: Run, *, human: Path | None = None) -> tuple[Card, str]:
    """Write ``card.json`` and ``card.html`` from what the RUN holds now; return the card and its page.

    ``human``: a JSON file with what people provide, ``{"section.field": {"value", "by", "on"}}``, kept in the RUN as
    ``human.json`` (a file given earlier still counts). Raises BadInput for a file of another form.
    """
    documents = RunDocuments.of(run)
    if human is not None:
        documents = replace(documents, human=_read(human))
    card = build(documents, run_id=run.id, manifest_sha256=run.manifest_sha256)
    text = page(card)
    if human is not None and documents.human is not None:
        run.write(documents.human)
    run.write(card)
    run.add("card.html", text)
    return card, text


def fill_card_of_demonstration(run: Run) -> None:
    """Write what DEMONSTRATION persons provide into a RUN for which nobody has provided anything."""
    human = demonstration_human(RunDocuments.of(run, gate=False))
    if human is not None:
        run.write(human)


def _read(path: Path) -> Human:
    if not path.is_file():
        raise UsageError("The file with what people provide is missing.", where=str(path))
    try:
        given: dict[str, Any] = json_object(path.read_bytes(), str(path))
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
