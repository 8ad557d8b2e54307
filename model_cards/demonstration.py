"""What DEMONSTRATION persons provide for a card (``demonstration.json``), so that a demonstration shows a whole one.

Each value says that nobody provided it, and what a force writes there. They are marked on every page, and count in no
force: whoever signs there signs over a card that holds them word for word.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from model_cards.evidence_days import training_day
from threat.release.documents.card import Human
from threat.release.documents.document import json_object
from threat.release.evidence import RunDocuments

MARK = "DEMONSTRATION"


def demonstration_human(documents: RunDocuments) -> Human | None:
    """Return what DEMONSTRATION persons provide, dated the day of the training.

    None where the RUN does not say when it was trained, or people have provided something already: nobody's words are
    replaced.
    """
    day = training_day(documents)
    if day is None or documents.human is not None:
        return None
    name = "demonstration.json"
    words: dict[str, Any] = json_object(files("model_cards").joinpath(name).read_bytes(), name)
    return Human.model_validate(
        {
            "fields": {
                path: {"value": f"{MARK}: {text}", "by": f"{MARK}, nobody", "on": day} for path, text in words.items()
            }
        }
    )
