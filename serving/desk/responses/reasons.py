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
