"""One person as known at the published list's date: every relationship, read together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from serving.desk import words
from serving.desk.answered import answered_circumstance, answered_trigger
from serving.desk.list_view import ListView
from serving.desk.listing import summary_of
from serving.desk.parties import Parties, person_reference
from serving.desk.people.ages import ages_of
from serving.desk.people.around import Involved, answered, children_of, relationships_of
from serving.desk.people.references import references_of, who_is
from serving.desk.places import Places
from serving.desk.problems import NotFound
from serving.desk.responses.people import InForce, MustSeeEvent, Person
from serving.relationship.circumstances import Circumstance
from serving.relationship.kind_words import capitalised
from threat.asof import on_record
from threat.history.sightings import NO_PERSON
from threat.ids import parse_id, show_id
from threat.release.documents.scored_list import TriggerEvent


def recorded_person(view: ListView, reference: str) -> int:
    """Return who a reference (``P-...``) is at the list's date, after every merge that was on record by then.

    Raises UsageError for a malformed reference, NotFound for a person who was not recorded by then, and for an
    organisation or somebody unknown, who has no page.
    """
    person_id = parse_id(reference, "P")
    if not _is_recorded(view, person_id):
        raise NotFound(
            "There is no person with this reference in the records the list was made from.",
            value=show_id("P", person_id),
            way_out="copy the reference from the page of a relationship; one recorded since comes with the next list",
        )
    person = who_is(view.snapshot, person_id, view.as_of)
    if person == NO_PERSON:
        raise NotFound(
            "This reference is on record as an organisation or as an unknown person, so there is no page of it.",
            value=show_id("P", person_id),
            way_out="open the relationship that names it",
        )
    return person


def _is_recorded(view: ListView, person_id: int) -> bool:
    """Return True for a person with a row, a relationship, a record or a merge that was there at the list's date."""
    if who_is(view.snapshot, person_id, view.as_of) != person_id:
        return True
    sightings, in_force = view.snapshot.sightings(), view.in_force
    if bool(np.any((in_force.subject == person_id) | (in_force.at_risk == person_id))):
        return True
    if bool(np.any(sightings.visible_at(view.as_of, sightings.rows_of(person_id)))):
        return True
    # A person without a record is the last to be looked for: the table is read for the reference of nobody, mostly.
    table = view.snapshot.table("persons", ["person_id", "recorded_at"])
    recorded_at = table.column("recorded_at").to_numpy()[table.column("person_id").to_numpy() == person_id]
    return bool(np.any(on_record(recorded_at, view.as_of)))


def person_of(places: Places, person_id: int) -> Person:
    """Return a person, by the id as resolved at the list's date, with all relationships."""
    view = places.view
    involved = relationships_of(view, person_id)
    as_subject = [each for each in involved if each.parties.subject == person_id]
    as_person_at_risk = [each for each in involved if each.parties.subject != person_id]
    merged = references_of(view.snapshot, person_id, view.as_of)[1:]
    return Person(
        listing=summary_of(view),
        limits=list(words.LIMITS),
        person=person_reference(person_id),
        merged=[person_reference(reference) for reference in merged],
        age=ages_of(view, [person_id])[0],
        children=children_of(view, person_id),
        as_subject=answered(places, as_subject, person_id),
        as_person_at_risk=answered(places, as_person_at_risk, person_id),
        in_force=_in_force(view, person_id, [*as_subject, *as_person_at_risk]),
        must_see=_must_see(view, person_id, involved),
    )


def _in_force(view: ListView, person_id: int, involved: Iterable[Involved]) -> list[InForce]:
    """Return what is in force once, with the relationships it is stated for: custody of a subject concerns them all."""
    stated: dict[tuple[int, str], Circumstance] = {}
    concerned: dict[tuple[int, str], list[str]] = {}
    for each in involved:
        for circumstance in view.circumstances(each.relationship_id):
            said = _of_person(circumstance.text, each.parties, person_id)
            key = (circumstance.event_id, said)
            stated.setdefault(key, replace(circumstance, text=said))
            concerned.setdefault(key, []).append(show_id("R", each.relationship_id))
    return [
        InForce(circumstance=answered_circumstance(circumstance), relationships=concerned[key])
        for key, circumstance in stated.items()
    ]


def _must_see(view: ListView, person_id: int, involved: Iterable[Involved]) -> list[MustSeeEvent]:
    """Return each must-see event once, the latest recorded first, with all relationships that it touches."""
    opened: dict[int, tuple[TriggerEvent, Parties]] = {}
    touched: dict[int, list[str]] = {}
    for each in involved:
        for trigger in view.triggers(each.relationship_id):
            opened.setdefault(trigger.event_id, (trigger, each.parties))
            touched.setdefault(trigger.event_id, []).append(show_id("R", each.relationship_id))
    events = sorted(opened.values(), key=lambda at: (-at[0].recorded_at, -at[0].occurred_at, at[0].event_id))
    answers = []
    for event, parties in events:
        answer = answered_trigger(event, view.days)
        answer = answer.model_copy(update={"sentence": _of_person(answer.sentence, parties, person_id)})
        answers.append(MustSeeEvent(trigger=answer, relationships=sorted(touched[event.event_id])))
    return answers


def _of_person(sentence: str, parties: Parties, person_id: int) -> str:
    """Return a sentence of one relationship as the page of a person says it, on which a part names nobody.

    A subject in three relationships may be the person at risk in a fourth. The sentences are those of the frozen list,
    so that their words are changed and not composed again.

    >>> _of_person("The subject is in custody", Parties(7, 8), 7), _of_person("on 1 May, about the subject", (7, 8), 8)
    ('This person is in custody', 'on 1 May, about P-0000000000000007')
    >>> _of_person("Restraining order towards this person since 1 May", Parties(7, 8), 7)
    'Restraining order towards P-0000000000000008 since 1 May'
    """
    subject, at_risk = (
        "this person" if party == person_id else person_reference(party) if party != NO_PERSON else "a person not known"
        for party in parties
    )
    # An order is said to be "towards this person" of the person at risk, who is not the person of every page.
    sentence = sentence.replace(" towards this person ", f" towards {at_risk} ").replace(
        " on the subject ", f" on {subject} "
    )
    for part, who in (("the subject", subject), ("the person at risk", at_risk)):
        sentence = sentence.replace(f"about {part}", f"about {who}")
        opening = f"{part.capitalize()} is "
        if sentence.startswith(opening):
            sentence = f"{capitalised(who)} is {sentence.removeprefix(opening)}"
    return sentence
