"""Which files a bundle takes from a RUN: the whole of its model, and the documents that the release goes by."""

from __future__ import annotations

from typing import Final

from threat.release.documents.approvals import Approvals

MODEL_FOLDER: Final = "model/"
"""Everything in it is the model: a file less is another model."""

DOCUMENTS: Final = (
    "gate.json",
    "card.json",
    "fairness.json",
    "evaluation.json",
    "checks.json",
    "config.json",
    "cohort.json",
    "snapshot.json",
    Approvals.FILE,
)
"""What a bundle takes from the RUN next to the model, where the RUN has it."""


def is_taken(name: str) -> bool:
    """Tell whether a bundle takes a file of a RUN, by its name.

    >>> [is_taken(name) for name in ("model/base.json", "gate.json", "predictions.parquet")]
    [True, True, False]
    """
    return name in DOCUMENTS or name.startswith(MODEL_FOLDER)
