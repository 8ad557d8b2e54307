"""How things are around a relationship at the date of the list, and why a reviewer sees it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.desk.responses.answer import Answer


class NowSentence(Answer):
    """One thing that a line says. ``event``: the record that it is from; empty where it says what is not on record."""

    text: str
    event: str


class NowLine(Answer):
    """One of the fixed lines, said always: what is on record of it, or that nothing is."""

    what: Literal["custody", "release_due", "bail", "order", "plan", "alive"]
    title: str
    on_record: bool = Field(description="False where every sentence says that nothing is on record: no reassurance.")
    sentences: list[NowSentence]


class SeenFor(Answer):
    """Why a reviewer sees a relationship; never its place in the order. A row drawn at random reads alike."""

    kind: Literal["must_see", "new_record", "referral", "diary", "review"]
    title: str
    sentence: str = Field(description="Empty for review.")
    short: str = Field(description="What a row says of it; empty for review.")
    event: str = Field(description="The record that it is from; empty for new records and for review.")
