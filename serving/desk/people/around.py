"""The relationships that a person is in, and the persons around them: children, and others at risk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from serving.desk.list_view import ListView
from serving.desk.marked import row_markers
from serving.desk.parties import Parties, person_reference
from serving.desk.people.ages import ages_of
from serving.desk.places import Places
from serving.desk.responses.people import Child, PersonRelationship
from serving.lists.freshness import last_incident
from threat.asof import instant
from threat.history.sightings import NO_PERSON, Rows
from threat.ids import show_id


@dataclass(frozen=True, slots=True)
class Involved:
    """A relationship that a person is in; ``merged``: further references of the same two people."""

    relationship_id: int
    parties: Parties
    merged: tuple[int, ...]


def relationships_of(view: ListView, person_id: int) -> list[Involved]:
    """Return the relationships in force at the list's date that a person is in, each two people once.

    ``person_id``: as resolved at that date. ``ListView.by_parties`` says which reference of two people is theirs.
    """
    rows = view.in_force
    at = np.flatnonzero((rows.subject == person_id) | (rows.at_risk == person_id))
    if person_id == NO_PERSON:
        return []
    by_parties: dict[Parties, list[int]] = {}
    columns = (rows.subject, rows.at_risk, rows.relationship_id)
    for subject, at_risk, relationship_id in zip(*(column[at].tolist() for column in columns), strict=True):
        by_parties.setdefault(Parties(subject, at_risk), []).append(relationship_id)
    return [
        Involved(first, parties, tuple(other for other in references if other != first))
        for parties, references in by_parties.items()
        for first in (view.by_parties[parties],)
    ]


def answered(places: Places, involved: Iterable[Involved], person_id: int) -> list[PersonRelationship]:
    """Return relationships as a page of ``person_id`` lists them, that of the latest incident first.

    ``person_id``: the person whose page it is, so that the other person of each is named; as resolved.
    """
    view, involved = places.view, list(involved)
    others = [each.parties.at_risk if each.parties.subject == person_id else each.parties.subject for each in involved]
    latest = _last_incidents(view, involved)
    answers = [
        _answered(places, each, person_reference(other), age, at)
        for each, other, age, at in zip(involved, others, ages_of(view, others), latest, strict=True)
    ]
    order = sorted(range(len(answers)), key=lambda i: (-latest[i], answers[i].relationship))
    return [answers[i] for i in order]


def _answered(places: Places, involved: Involved, person: str, age: str, latest: int) -> PersonRelationship:
    view = places.view
    marked = row_markers(view.marked(involved.relationship_id), view.days)
    return PersonRelationship(
        relationship=show_id("R", involved.relationship_id),
        relationship_kind=view.kind_title(involved.relationship_id),
        merged=[show_id("R", reference) for reference in involved.merged],
        person=person,
        age=age,
        last_incident_at=instant(latest) if latest else "",
        band=places.band(involved.relationship_id),
        rank=places.rank(involved.relationship_id),
        must_see=bool(view.triggers(involved.relationship_id)),
        # Without what the subject did elsewhere: on these pages that is in the rows of the other relationships.
        markers=[marker for marker in marked if marker.group != "elsewhere"],
    )


def _last_incidents(view: ListView, involved: list[Involved]) -> list[int]:
    """Return when the latest incident of each relationship happened, UTC seconds; 0 for none."""
    if not involved:
        return []
    ids, subjects, at_risk = (
        np.array(column, dtype=np.int64)
        for column in zip(*((each.relationship_id, *each.parties) for each in involved), strict=True)
    )
    sightings = view.snapshot.sightings()
    # Of the subjects alone: a force has millions of sightings, and a page needs those of a few persons.
    slices = [sightings.rows_of(person) for person in np.unique(subjects).tolist()]
    of_subjects = sightings.take(np.concatenate([np.arange(part.start, part.stop) for part in slices]))
    rows = Rows(ids, subjects, at_risk, np.full(len(ids), view.as_of, dtype=np.int64))
    return last_incident(of_subjects, rows, view.as_of).tolist()


def others_at_risk(places: Places, parties: Parties) -> list[PersonRelationship]:
    """Return the other relationships of a subject, that of the latest incident first.

    ``parties``: of the relationship whose page it is, as resolved at the list's date.
    """
    involved = relationships_of(places.view, parties.subject)
    others = [each for each in involved if each.parties.subject == parties.subject and each.parties != parties]
    return answered(places, others, parties.subject)


def children_of(view: ListView, person_id: int) -> list[Child]:
    """Return the children of a person who are on record as people, youngest reference first by age, then reference.

    A person at risk who is recorded as *child of the subject*, and a subject whose person at risk is *parent of the
    subject*; of any age.
    """
    children: dict[int, int] = {}
    for involved in relationships_of(view, person_id):
        subject, at_risk = involved.parties
        kind = str(view.snapshot.relationships.kind_at(involved.relationship_id, view.as_of)[0])
        child = {"child": at_risk, "parent": subject}.get(kind, NO_PERSON)
        if child not in (person_id, NO_PERSON):
            children.setdefault(child, involved.relationship_id)
    return [
        Child(person=person_reference(child), age=age, relationship=show_id("R", relationship_id))
        for (child, relationship_id), age in zip(children.items(), ages_of(view, list(children)), strict=True)
    ]
