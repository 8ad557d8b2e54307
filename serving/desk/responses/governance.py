"""The model card."""

from __future__ import annotations

from typing import Any, Literal

from serving.desk.responses.answer import Answer


class Card(Answer):
    """The model card of the bundle in service, as ``model_cards`` made it, under the hash of its bundle."""

    bundle: str
    run: str
    state: Literal["pilot", "live"]
    environment: str
    card: dict[str, Any]
