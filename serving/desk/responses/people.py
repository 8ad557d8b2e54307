"""Persons: the relationships that a person is in, read together."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.desk.responses.answer import Answer, BandOrNone, PersonRef, RelationshipRef
from serving.desk.responses.listing import ListSummary
from serving.desk.responses.markers import RowMarker
from serving.desk.responses.reasons import Circumstance, Trigger


class Child(Answer):
    """A child of a party, of any age, who is on record as a person: in a relationship with that party."""

    person: PersonRef
    age: str = Field(description="At the list's date, in words, from the year of birth on record.")
    relationship: RelationshipRef


class PersonRelationship(Answer):
    """A relationship that a person is in, with the other person of it."""

    relationship: RelationshipRef
    relationship_kind: str = Field(description="What the person at risk is to the subject.")
    merged: list[RelationshipRef] = Field(description="Further references of the same two people.")
    person: PersonRef = Field(description="The other person: not the one whose page this is, or not the subject.")
    age: str
    last_incident_at: datetime | Literal[""] = Field(
        description="When the subject's latest incident towards the person at risk happened; empty when none is on "
        "record."
    )
    rank: int = Field(description="0 when not ranked.")
    band: BandOrNone
    must_see: bool
    markers: list[RowMarker] = Field(description="Markers on record; what the subject did to others is left out here.")


class InForce(Answer):
    """What is in force, once, with all of the person's relationships that it is stated for."""

    circumstance: Circumstance
    relationships: list[RelationshipRef]


class MustSeeEvent(Answer):
    """A must-see event with all of the person's relationships that it touches."""

    trigger: Trigger
    relationships: list[RelationshipRef]


class Person(Answer):
    """A person: every relationship as subject and as person at risk, read together. Never a name."""

    listing: ListSummary
    limits: list[str]
    person: PersonRef = Field(description="Who the reference that was asked for is now.")
    merged: list[PersonRef] = Field(description="Further references that were found to be this person.")
    age: str
    children: list[Child]
    as_subject: list[PersonRelationship]
    as_person_at_risk: list[PersonRelationship]
    in_force: list[InForce] = Field(description="What is not stated is not on record; that is no reassurance.")
    must_see: list[MustSeeEvent]
