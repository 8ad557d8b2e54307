"""The card of a RUN: read its documents, build the card, add it to the RUN."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from model_cards.card import build
from model_cards.page import page
from threat.errors import BadInput, UsageError
from threat.release.runs import Run

DOCUMENTS = (
    "config.json",
    "snapshot.json",
    "cohort.json",
    "folds.json",
    "choices.json",
    "evaluation.json",
    "checks.json",
    "fairness.json",
    "gate.json",
    "human.json",
    "model/features.json",
    "model/calibrator.json",
)
"""What a card is made from."""


def add_card(run: Run, *, on: date, human: Path | None = None) -> tuple[dict[str, Any], str]:
    """Write ``card.json`` and ``card.html`` from what the RUN holds now; the card and its page.

    ``human``: a JSON file with what people provide, kept in the RUN as ``human.json`` (one given earlier still counts).
    """
    documents = {name: run.read_json(name) for name in DOCUMENTS if run.has(name)}
    if human is not None:
        documents["human.json"] = _read(human)
    card = build(documents, run_id=run.id, manifest_sha256=run.manifest_sha256, on=on)
    text = page(card)
    if human is not None:
        run.add("human.json", documents["human.json"])
    run.add("card.json", card)
    run.add("card.html", text)
    return card, text


def _read(path: Path) -> Any:
    if not path.is_file():
        raise UsageError("There is no such file.", where=str(path))
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput("What people provide is a JSON file.", value=error, where=str(path)) from None
    if not isinstance(document, dict):
        raise BadInput("What people provide is a JSON object by section.field.", where=str(path))
    return document
