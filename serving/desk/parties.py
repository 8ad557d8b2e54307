"""The two persons of a relationship, and their references."""

from __future__ import annotations

from typing import NamedTuple

from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.ids import show_id


class Parties(NamedTuple):
    """Person ids, resolved through the merges known at an as-of; NO_PERSON for an unknown person at risk."""

    subject: int
    at_risk: int


def parties_of(snapshot: Snapshot, relationship_id: int, as_of: int) -> Parties:
    """Return the parties of a relationship as known at ``as_of`` (UTC seconds)."""
    rows = snapshot.rows([relationship_id], as_of)
    return Parties(int(rows.subject[0]), int(rows.at_risk[0]))


def person_reference(person_id: int) -> str:
    """Return the reference of a person; ``unknown`` for NO_PERSON."""
    return "unknown" if person_id == NO_PERSON else show_id("P", person_id)
