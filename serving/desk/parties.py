"""The two persons of a relationship: their references, and their names, which are opened with a reason."""

from __future__ import annotations

from typing import Any, NamedTuple

from threat.history import identities
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


def open_names(snapshot: Snapshot, parties: Parties, *, reason: str, by: str) -> dict[str, dict[str, str]]:
    """Open the names of both parties; the history's own log keeps the reason before anything is read.

    Returns ``{"subject": {...}, "person_at_risk": {...}}`` with ``names`` and ``birth_date``; a party without an
    identity on record is left out.
    """
    recorded = {
        party: person
        for party, person in (("subject", parties.subject), ("person_at_risk", parties.at_risk))
        if person != NO_PERSON
    }
    frame = identities.read(snapshot, list(recorded.values()), reason=reason, by=by)
    by_person = {int(row["person_id"]): row for row in frame.to_dict("records")}
    return {
        party: {field: _or_not_recorded(by_person[person][field]) for field in ("names", "birth_date")}
        for party, person in recorded.items()
        if person in by_person
    }


def _or_not_recorded(value: Any) -> str:
    return value if isinstance(value, str) and value else "not recorded"
