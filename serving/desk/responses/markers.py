"""Markers of a relationship: in full on a case, and those that say yes on a row."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.desk.responses.answer import Answer, EventRef

LaneName = Literal["this_way", "other_way", "elsewhere"]


class MarkerEvent(Answer):
    """A record or an answer behind a yes."""

    event: EventRef
    kind: str
    code: str
    occurred_at: datetime
    text: str = Field(description="What a link to it says: strangulation, 13 Dec 2025.")


class MarkerLane(Answer):
    """What is on record of a marker one way round. No state is a sign that nothing happened."""

    lane: LaneName
    title: str = Field(description="Whom the lane is about.")
    state: Literal["yes", "answered_no", "unanswered", "not_asked", "no_record"]
    sentence: str
    first: datetime | Literal[""] = Field(description="When the first record began; empty without a record.")
    last: datetime | Literal[""] = Field(description="When the latest record happened; empty without a record.")
    incidents: int = Field(description="0 where an answer alone says yes.")
    answered_yes: datetime | Literal[""]
    answered: datetime | Literal[""] = Field(description="Of a no or of no answer, when it was given.")
    answered_no_later: datetime | Literal[""] = Field(description="A no after the yes, which takes nothing back.")
    events: list[MarkerEvent] = Field(
        description="Behind a yes: one of each incident, then answers, each latest first."
    )


class Marker(Answer):
    """A marker of a relationship, in the fixed order of the markers."""

    name: str
    title: str
    lanes: list[MarkerLane] = Field(description="Elsewhere only when yes; no other way for a fact of the two.")


class RowMarker(Answer):
    """A lane that says yes, short, as a row of the review list says it."""

    name: str
    lane: LaneName
    group: Literal["case", "by_person_at_risk", "elsewhere"] = Field(
        description="What it is said under: the case, what the person at risk is on record for, the subject and others."
    )
    last: datetime | Literal[""]
    incidents: int
    text: str
