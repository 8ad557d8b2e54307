"""What is on record of a relationship, short: all that a person reads before a grade. Nothing of any order."""

from __future__ import annotations

from pydantic import Field

from serving.desk.responses.answer import Answer, PersonRef, RelationshipRef
from serving.desk.responses.case import Unknown
from serving.desk.responses.incidents import Record
from serving.desk.responses.markers import RowMarker
from serving.desk.responses.now import NowSentence, SeenFor


class FactLine(Answer):
    """One of the five lines, said always: what is on record of it, or that nothing is."""

    title: str
    sentences: list[NowSentence]


class RecordedFact(Answer):
    """A fact on record that a grade may say it relies on."""

    code: str
    title: str


class Facts(Answer):
    """The facts of one relationship at the date of the list in view."""

    relationship: RelationshipRef
    relationship_kind: str
    subject: PersonRef
    person_at_risk: PersonRef
    subject_age: str
    person_at_risk_age: str
    other_way: str = Field(description="The relationship with the roles reversed; empty when none is recorded.")
    time_zone: str
    seen_for: list[SeenFor]
    lines: list[FactLine] = Field(min_length=5, max_length=5)
    latest: list[Record] = Field(max_length=10, description="The ten latest records between the two or of one of them.")
    records: int = Field(description="Records of both parties in all.")
    markers: list[RowMarker]
    missing: list[Unknown]
    relied_on: list[RecordedFact] = Field(description="What a grade may name as the fact it relies on.")
