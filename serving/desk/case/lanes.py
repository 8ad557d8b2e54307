"""Who did what to whom: the direction of each record of two parties, and the lanes that incidents are drawn in."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from serving.desk.parties import Parties
from serving.desk.responses.answer import Direction, Lane
from serving.relationship.case_records import Way, way_of
from threat.history.sightings import NO_PERSON, ROLE_SUBJECT, Sightings
from threat.vocabulary import Kind

LANES: dict[Lane, str] = {
    "this_way": "Subject towards person at risk",
    "other_way": "Person at risk towards subject",
    "subject_elsewhere": "The subject and someone else",
    "person_at_risk_elsewhere": "The person at risk and someone else",
    "one_person": "About one of the two",
}

_ONE_PERSON: dict[Direction, str] = {"subject": "About the subject", "person_at_risk": "About the person at risk"}

_ACTS: dict[tuple[Direction, bool], str] = {
    ("this_way", True): "Subject towards person at risk",
    ("this_way", False): "Subject towards person at risk",
    ("other_way", True): "Person at risk towards subject",
    ("other_way", False): "Person at risk towards subject",
    ("subject_elsewhere", True): "Subject towards someone else",
    ("subject_elsewhere", False): "Someone else towards the subject",
    ("person_at_risk_elsewhere", True): "Person at risk towards someone else",
    ("person_at_risk_elsewhere", False): "Someone else towards the person at risk",
}
"""By direction, and whether the party of this relationship is the one who acts."""

_NO_ACT = frozenset(
    "children separation adult_family criminal_justice order assessment partner_agency unit record_keeping".split()
)
_ABOUT: dict[Direction, str] = {
    "this_way": "About this relationship",
    "other_way": "About the relationship the other way round",
    "subject_elsewhere": "About the subject and someone else",
    "person_at_risk_elsewhere": "About the person at risk and someone else",
}
"""How a record of these themes is headed when it is no crime: a charge, a referral, a visit or what the two are to
each other is no act of the subject towards the person at risk."""


def direction_by_sighting(sightings: Sightings, parties: Parties, as_of: int) -> dict[int, Direction]:
    """Return the visible sightings of both parties by position, with the direction that each is shown under.

    An event between the two has a sighting of each; the subject's is taken, so that the event is shown once.
    """
    out: dict[int, Direction] = {}
    events: set[int] = set()
    for person, other in ((parties.subject, parties.at_risk), (parties.at_risk, parties.subject)):
        if person == NO_PERSON:
            continue
        span = sightings.rows_of(person)
        shown = span.start + np.flatnonzero(sightings.visible_at(as_of, span))
        counterparts = sightings.ids_of(sightings.counterpart[shown])
        for j, counterpart in zip(shown.tolist(), counterparts.tolist(), strict=True):
            event_id = int(sightings.event_id[j])
            if event_id in events:
                continue
            events.add(event_id)
            of_subject = person == parties.subject
            out[j] = _DIRECTION_OF[way_of(int(sightings.role[j]), between=counterpart == other, of_subject=of_subject)]
    return out


_DIRECTION_OF: dict[Way, Direction] = {
    "this_way": "this_way",
    "other_way": "other_way",
    "subject": "subject",
    "person_at_risk": "person_at_risk",
    "subject_to_others": "subject_elsewhere",
    "others_to_subject": "subject_elsewhere",
    "person_at_risk_to_others": "person_at_risk_elsewhere",
    "others_to_person_at_risk": "person_at_risk_elsewhere",
}
"""A direction has both ways between a party and somebody else: ``direction_title`` says who of them acts."""


def lane_of(direction: Direction) -> Lane:
    """Return the lane of a direction: what is about one person alone has a lane whoever of the two it is.

    >>> lane_of("person_at_risk"), lane_of("other_way")
    ('one_person', 'other_way')
    """
    return _LANE_OF[direction]


_LANE_OF: dict[Direction, Lane] = {
    "this_way": "this_way",
    "other_way": "other_way",
    "subject_elsewhere": "subject_elsewhere",
    "person_at_risk_elsewhere": "person_at_risk_elsewhere",
    "subject": "one_person",
    "person_at_risk": "one_person",
}


def lanes_of(directions: Iterable[Direction]) -> frozenset[Lane]:
    """Return the lanes of several directions."""
    return frozenset(lane_of(direction) for direction in directions)


def direction_title(kind: Kind, direction: Direction, role: int) -> str:
    """Return who did what to whom in words. ``role``: of the party of this relationship in the record.

    >>> from threat.history.sightings import ROLE_AT_RISK
    >>> from threat.vocabulary import kinds
    >>> direction_title(kinds()["stalking"], "subject_elsewhere", ROLE_AT_RISK)
    'Someone else towards the subject'
    >>> direction_title(kinds()["risk_grade"], "this_way", ROLE_SUBJECT)
    'About this relationship'
    """
    if direction in _ONE_PERSON:
        return _ONE_PERSON[direction]
    if kind.theme in _NO_ACT and not kind.crime:
        return _ABOUT[direction]
    return _ACTS[direction, role == ROLE_SUBJECT]
