"""The records of a relationship's two parties at an as-of, each with who did what to whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from threat.asof import happened
from threat.history.gravity import gravities
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_SUBJECT, Sightings
from threat.vocabulary import Kind, kinds

Way = Literal[
    "this_way",  # by the subject towards the person at risk, or between the two
    "other_way",  # by the person at risk towards the subject
    "subject",  # about the subject alone
    "person_at_risk",  # about the person at risk alone
    "subject_to_others",  # by the subject towards other people
    "others_to_subject",  # by other people towards the subject
    "person_at_risk_to_others",  # by the person at risk towards other people
    "others_to_person_at_risk",  # by other people towards the person at risk
]

_KINDS = tuple(kinds().values())

_LIKE_MUST_SEE = frozenset({"stalking", "coercive_control", "sexual", "weapon", "threat_to_kill"})
"""Themes of the vocabulary that come before other harm in a sentence. The harm index alone would put a burglary before
stalking or coercive control: it is an index of sentences, and ``threat.harm`` says that it never weighs control."""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One record of the two parties, as it stood at an as-of; times in UTC seconds.

    ``way``: who did what to whom. ``began_at``: of a course of conduct its beginning. ``until``: NEVER for no end.
    ``ahead``: known in advance and still to come. ``gravity``: as ``threat.history.gravity`` orders events.
    """

    event_id: int
    incident_id: int
    kind: Kind
    code: str
    way: Way
    began_at: int
    occurred_at: int
    until: int
    ahead: bool
    gravity: int

    @property
    def severity(self) -> tuple[bool, bool, int]:
        """Rank among the records that a sentence may name: must-see kinds, then kinds like them, then gravity."""
        return self.kind.must_see, self.kind.theme in _LIKE_MUST_SEE, self.gravity


def case_records(
    sightings: Sightings, parties: tuple[int, int], as_of: int, events: Collection[int] | None = None
) -> dict[int, CaseRecord]:
    """Return the records of two parties that were visible at ``as_of`` (UTC seconds), by event id.

    ``parties``: person ids of the subject and of the person at risk (NO_PERSON: unknown). ``events``: only these
    records, and the others of their incidents; None for all. An event between the two is there once.
    """
    wanted = None if events is None else np.fromiter(events, np.int64, len(events))
    out: dict[int, CaseRecord] = {}
    for person, other in (parties, parties[::-1]):
        if person == NO_PERSON:
            continue
        span = sightings.rows_of(person)
        rows = span.start + np.flatnonzero(sightings.visible_at(as_of, span))
        if wanted is not None:
            incidents = np.asarray(sightings.incident_id[rows])
            rows = rows[np.isin(incidents, incidents[np.isin(sightings.event_id[rows], wanted)])]
        for record in _records(sightings, rows, other, as_of, of_subject=person == parties[0]):
            out.setdefault(record.event_id, record)
    return out


def _records(sightings: Sightings, rows: np.ndarray, other: int, as_of: int, *, of_subject: bool) -> list[CaseRecord]:
    """Return the records of some rows of one party, ``other`` being the other party."""
    columns = [
        np.asarray(getattr(sightings, name)[rows])
        for name in ("event_id", "incident_id", "kind", "code", "role", "began_at", "occurred_at", "until")
    ]
    between = sightings.ids_of(np.asarray(sightings.counterpart[rows])) == other
    gravity = gravities(columns[2], columns[3], sightings.value[rows], sightings.domestic[rows], sightings.code_names)
    out = []
    for values in zip(*(column.tolist() for column in (*columns, between, gravity)), strict=True):
        event_id, incident_id, number, code, role, began_at, occurred_at, until, is_between, weight = values
        kind = _KINDS[number]
        out.append(
            CaseRecord(
                event_id=event_id,
                incident_id=incident_id,
                kind=kind,
                code=sightings.code_names[code] if code >= 0 else "",
                way=way_of(role, between=is_between, of_subject=of_subject),
                began_at=began_at,
                occurred_at=occurred_at,
                until=until,
                ahead=kind.known_in_advance and not happened(occurred_at, as_of),
                gravity=weight,
            )
        )
    return out


def way_of(role: int, *, between: bool, of_subject: bool) -> Way:
    """Return who did what to whom, of a sighting of the subject or of the person at risk, by the person's role.

    ``between``: of the two, and of nobody else.
    """
    if role == ROLE_ABOUT:
        return "subject" if of_subject else "person_at_risk"
    if between:
        return "this_way" if (role == ROLE_SUBJECT) == of_subject else "other_way"
    if role == ROLE_SUBJECT:
        return "subject_to_others" if of_subject else "person_at_risk_to_others"
    return "others_to_subject" if of_subject else "others_to_person_at_risk"
