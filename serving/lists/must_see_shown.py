"""Must-see items as a reviewer opens them: one person, one event, one item, with every relationship that it touches.

A list holds its items by relationship, so that each can be replayed. A release of one man is then in as many items as
he has relationships, and a reviewer would open the same news again and again. Shown, it is one item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from threat.history.sightings import NO_PERSON, Rows
from threat.release.documents.scored_list import About, MustSee, TriggerEvent


@dataclass(frozen=True, slots=True)
class Touched:
    """A relationship that an item touches, and whom of it the triggers are about."""

    relationship_id: int
    about: About


@dataclass(frozen=True, slots=True)
class ShownItem:
    """Triggers that touch the same relationships. No relationship: two parties whom none covers.

    ``person``: whom the triggers are about where they touch several relationships; else NO_PERSON, and each trigger
    says whom of its relationship it is about. ``triggers``: latest recorded first.
    """

    person: int
    relationships: tuple[Touched, ...]
    triggers: tuple[TriggerEvent, ...]


def shown_items(items: Sequence[MustSee], rows: Rows) -> list[ShownItem]:
    """Return the items of a list as they are shown: the item whose latest trigger was recorded last comes first.

    ``items``: of the list, in its order. ``rows``: the relationships of these items with their parties resolved.

    Person 7 is released, and is the subject of two relationships; the threat is towards one of them alone:

    >>> import numpy as np
    >>> release = TriggerEvent(event_id=1, kind="release", about="subject", occurred_at=90, recorded_at=50)
    >>> threat = TriggerEvent(event_id=2, kind="threat_to_kill", about="pair", occurred_at=40, recorded_at=41)
    >>> both = MustSee(relationship_id=8, triggers=(release, threat))
    >>> items = [both, MustSee(relationship_id=9, triggers=(release,))]
    >>> rows = Rows(np.array([8, 9]), np.array([7, 7]), np.array([5, 6]), np.array([100, 100]))
    >>> [(item.person, [of.relationship_id for of in item.relationships]) for item in shown_items(items, rows)]
    [(7, [8, 9]), (-1, [8])]
    """
    parties = dict(
        zip(rows.relationship_id.tolist(), zip(rows.subject.tolist(), rows.at_risk.tolist(), strict=True), strict=True)
    )
    touched: dict[tuple[int, int], dict[int, About]] = {}
    events: dict[tuple[int, int], TriggerEvent] = {}
    for item in items:
        for trigger in item.triggers:
            subject, at_risk = parties.get(item.relationship_id, (NO_PERSON, NO_PERSON))
            person = {"subject": subject, "person_at_risk": at_risk, "pair": NO_PERSON}[trigger.about]
            key = (trigger.event_id, person)
            touched.setdefault(key, {}).setdefault(item.relationship_id, trigger.about)
            events.setdefault(key, trigger)
    # In the order of the list, so that triggers keep the order that they have in each of their relationships.
    groups: dict[tuple[frozenset[int], int], list[tuple[int, int]]] = {}
    for (event_id, person), relationships in touched.items():
        of_person = person if len(relationships) > 1 else NO_PERSON
        # Two parties whom no relationship covers are an item of their own: the number 0 stands for each such pair.
        covered = frozenset(relationships) - {0} or frozenset({-event_id})
        groups.setdefault((covered, of_person), []).append((event_id, person))
    shown = []
    for (_, person), keys in groups.items():
        relationships = touched[keys[0]]
        named = tuple(Touched(number, about) for number, about in relationships.items() if number)
        shown.append(ShownItem(person, named, tuple(events[key] for key in keys)))
    return sorted(shown, key=lambda item: -item.triggers[0].recorded_at)
