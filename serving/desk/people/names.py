"""The names of the persons of a relationship, which are opened with a reason."""

from __future__ import annotations

from typing import Any

from serving.desk.parties import Parties
from threat.history import identities
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot


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
