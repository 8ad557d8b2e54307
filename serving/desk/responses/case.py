"""One relationship."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from serving.desk.responses.answer import (
    Answer,
    Band,
    PersonRef,
    RelationshipRef,
)
from serving.desk.responses.incidents import IncidentPage, Record
from serving.desk.responses.listing import ListSummary
from serving.desk.responses.markers import Marker
from serving.desk.responses.now import NowLine, SeenFor
from serving.desk.responses.people import Child, PersonRelationship
from serving.desk.responses.reasons import Change, Circumstance, Panel, Reason, Trigger


class Frequency(Answer):
    """How often the outcome followed, in the test of the model, for those it gave such a probability."""

    sentence: str
    share: float = Field(description="Share of those rows of the test that had the outcome.")
    at_least: float = Field(description="Lower end of the 95% interval of the share.")
    at_most: float = Field(description="Upper end of the 95% interval of the share.")
    average: float = Field(description="Share of all rows of the test that had the outcome.")
    outcome: str
    horizon_days: int


class Ranked(Answer):
    """Where a relationship stands on the list, and why."""

    kind: Literal["ranked"]
    sentence: str
    rank: int
    tied: int
    band: Band
    band_title: str
    freshness: str
    change: Change
    base: float
    score: float
    reasons: list[Reason]
    panel: Panel
    frequency: list[Frequency] = Field(max_length=1)
    no_frequency: str = Field(description="Why there is no frequency, in a sentence; empty where there is one.")


class NotRanked(Answer):
    """Why a relationship is not on the list. It isn't a finding about the relationship."""

    kind: Literal["not_ranked"]
    sentence: str


class NotShown(Answer):
    """A ranked relationship whose place, and all that says it, may not be shown: no grade of a person comes first."""

    kind: Literal["not_shown"]
    because: Literal["ungraded", "sealed"]
    sentence: str


class Unknown(Answer):
    """Something the ranking did not have."""

    title: str
    sentence: str


class Relationship(Answer):
    """A relationship: where it stands, why, its records in both directions, and what is not known."""

    listing: ListSummary
    limits: list[str]
    relationship: RelationshipRef
    relationship_kind: str
    subject: PersonRef
    person_at_risk: PersonRef
    subject_age: str = Field(description="At the list's date, in words, from the year of birth on record.")
    person_at_risk_age: str
    children_of_subject: list[Child] = Field(description="Those on record as people; others may not be.")
    children_of_person_at_risk: list[Child]
    others_at_risk: list[PersonRelationship] = Field(description="The subject's other relationships.")
    other_way: str = Field(description="The relationship with the roles reversed; empty when none is recorded.")
    standing: Annotated[Ranked | NotRanked | NotShown, Field(discriminator="kind")]
    circumstances: list[Circumstance]
    seen_for: list[SeenFor] = Field(description="Why a reviewer sees it, what is most pressing first.")
    now: list[NowLine] = Field(description="Six fixed lines: how things are at the date of the list.")
    markers: list[Marker] = Field(
        description="The twelve markers in their order, then must-see kinds on record that no marker reads."
    )
    must_see: list[Trigger]
    new_records: list[Record] = Field(description="Recorded since the previous list, latest first.")
    incidents: IncidentPage
    unknown: list[Unknown]
