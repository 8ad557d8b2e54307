"""Incidents and the records that they consist of."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.desk.responses.answer import Answer, Direction, EventRef, Lane, OccurredPrecision, PersonRef, Precision


class Record(Answer):
    """One record, as it stood at the list's as-of."""

    event: EventRef
    kind: str
    code: str
    title: str
    said: str = Field(description="Kind and code as running text names them; of an assessment item the question.")
    detail: str
    direction: Direction
    direction_title: str
    other: PersonRef | Literal[""] = Field(description="The other person, where it is neither party; empty: not named.")
    began_at: datetime = Field(description="When a course of conduct began; of all others, when it happened.")
    occurred_at: datetime = Field(description="When it happened; of a course of conduct, when it was last known to.")
    occurred_precision: OccurredPrecision
    recorded_at: datetime
    recorded_precision: Precision
    days_to_record: int
    ahead: bool = Field(description="Known in advance and still to come at the as-of: a release, an order's expiry.")
    assertion: Literal["fact", "assessment"]
    reported_by: str
    source: str
    by_unit: bool
    must_see: bool
    behind: list[str] = Field(description="Sentences of the panel that count this record.")
    is_new: bool = Field(description="Recorded since the previous list, and not by the unit itself.")


class Assessment(Answer):
    """One assessment form: its grades, and its items by answer. Not answered is missing, not 'no'."""

    occurred_at: datetime
    occurred_precision: OccurredPrecision
    direction: Direction
    direction_title: str
    grades: list[Record]
    yes: list[Record]
    not_answered: list[Record]
    no: list[Record]


class NamedIn(Answer):
    """A section of the page that names a record of an incident, by the id of its heading."""

    section: str
    title: str


class Gap(Answer):
    """More than three months of which nothing is on record."""

    began_at: datetime
    ended_at: datetime
    days: int
    sentence: str


class Between(Answer):
    """Who did what to whom: the records of one direction, in words."""

    direction: Direction
    title: str
    other: PersonRef | Literal[""]
    said: str


class Incident(Answer):
    """What is on record of one incident: what happened, how it was assessed, and what followed."""

    title: str
    lane: Lane = Field(description="Of the gravest record.")
    ahead: bool
    began_at: datetime
    occurred_at: datetime
    occurred_precision: OccurredPrecision = Field(description="Second: all that is dated happened at one instant.")
    first_recorded_at: datetime
    recorded_at: datetime = Field(description="Of what happened, else of what was assessed, what was recorded last.")
    recorded_precision: Precision
    days_to_record: int = Field(description="Of what was recorded latest after it happened.")
    between: list[Between]
    must_see: bool
    is_new: bool = Field(description="A record of it came since the previous list.")
    happened: list[Record] = Field(description="The gravest first.")
    assessments: list[Assessment]
    followed: list[Record] = Field(description="Charges, outcomes, orders, referrals and visits, the earliest first.")
    named_in: list[NamedIn]
    gaps: list[Gap] = Field(description="Gaps that end with this incident, or with what followed it.")


class IncidentPage(Answer):
    """One page of the incidents of a relationship, latest first, what is still to come before all others."""

    incidents: list[Incident]
    gaps: list[Gap] = Field(description="Gaps since the latest incident; none where the page shows a choice.")
    page: int
    pages: int
    shown: int = Field(description="Incidents that the filter lets through, on all pages.")
    recorded: int = Field(description="Incidents on record.")
    records: int = Field(description="Records of all incidents on record.")
