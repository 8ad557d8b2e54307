"""What a system that sends records is answered: what became of its rows, and what they opened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from serving.desk.responses.answer import Answer, EventRef


class Quarantined(Answer):
    """A row that did not fit: its file, its number there from 1, and why. ``severe``: people are alarmed about it."""

    file: str
    row: int
    reason: str
    meaning: str
    severe: bool


class MustSeeRows(Answer):
    """Rows that a person must see in a relationship; an empty ``relationship``: none covers their parties, and people
    are asked who it is about."""

    relationship: Annotated[str, Field(pattern=r"^(R-[0-9a-f]{16})?$")]
    events: list[EventRef]


class Received(Answer):
    """What became of a delivery. ``batch``: empty where the history had every row. ``received_at``: UTC.

    ``must_see``: what of these rows a person must see, whether it waits since now or since before; ``opened``: how many
    referrals and questions wait since now. ``repeated``: the delivery was taken before under this key, and this is what
    was answered then.
    """

    delivery: Annotated[str, Field(pattern=r"^D-[0-9a-f]{16}$")]
    batch: str
    received_at: datetime
    rows: int
    kept: int
    quarantined: list[Quarantined]
    must_see: list[MustSeeRows]
    opened: int
    repeated: bool
