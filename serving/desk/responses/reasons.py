"""Why a relationship is where it is: reasons, changes, triggers, and what is in force."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.desk.responses.answer import Answer, EventRef


class Sentence(Answer):
    """One reason in plain words, with the events behind it."""

    text: str
    events: list[EventRef]


class Reason(Answer):
    """One theme's part in the ranking. Contributions of all themes and ``base`` add up to the raw score."""

    theme: str
    title: str
    direction: Literal["raises", "lowers", "none"] = Field(
        description="Of the theme `rule`, which alone makes a rule's order: only the sign of the rule's own score."
    )
    strength: int = Field(ge=0, le=8, description="Length of the bar: 8 is this relationship's strongest theme.")
    contribution: float
    sentences: list[Sentence]


class PanelPiece(Answer):
    """A part of a sentence of the panel."""

    text: str
    event: str = Field(description="The record that this part leads to; empty for none.")
    label: str = Field(description="What the record is, with its date in full.")


class PanelSentence(Answer):
    """Records in incidents and dates, as a sentence without a full stop."""

    text: str
    pieces: list[PanelPiece]
    events: list[EventRef] = Field(description="Every record that the sentence counts; no other sentence does.")


class PanelReason(Answer):
    """Something that raises the place: one or more themes whose figures depend on the same records."""

    titles: list[str]
    part: float = Field(description="What its themes add to the raw score.")
    strength: int = Field(ge=0, le=8, description="Length of the bar; 0 of a rule, which weighs nothing.")
    sentence: PanelSentence


class PanelMarker(Answer):
    """A marker that is on record and that no reason of the panel names."""

    title: str
    sentence: PanelSentence


class Panel(Answer):
    """The reasons as a reviewer reads them. Base, parts and ``other`` add up to the raw score."""

    raises: list[PanelReason]
    on_record: list[PanelMarker]
    other: float = Field(description="Total of all other themes, which no page names: none is a sign of safety.")
    other_strength: int = Field(ge=0, le=8)


class Change(Answer):
    """What changed since the previous list."""

    kind: Literal["first_list", "new", "rose", "fell", "same", "another_ranking"]
    places: int
    new_records: int
    sentence: str


class Trigger(Answer):
    """A recorded event that puts a relationship before a reviewer whatever its rank."""

    event: EventRef
    kind: str
    title: str
    about: Literal["pair", "subject", "person_at_risk"]
    sentence: str
    occurred_at: datetime
    recorded_at: datetime


class Circumstance(Answer):
    """What is in force at the list's as-of. What is not stated is not on record; that is no reassurance."""

    what: Literal["custody", "bail", "order", "release_due", "death"]
    kind: str
    code: str
    whom: Literal["subject", "person_at_risk", "pair"]
    since: datetime
    until: datetime | Literal[""] = Field(description="Empty when no end is on record.")
    event: EventRef
    sentence: str
