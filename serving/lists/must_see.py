"""Must-see items: what a reviewer opens today whatever the rank.

A trigger is a visible event of a kind the vocabulary marks *must see* (strangulation, threat to kill, weapon, breach
after service, suicidality of either party, ...), recorded within the policy's days before the as-of, or a release from
custody that falls within the policy's days on either side of it. An item is one relationship with all its triggers; an
event between two parties that no recorded relationship covers is an item too, of the relationship 0.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from threat.asof import happened, look_back_bounds, span, within
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.release.documents.scored_list import About, MustSee, TriggerEvent
from threat.vocabulary import Kind, kinds


def must_see_kinds() -> frozenset[str]:
    """Return the kinds that the vocabulary marks, those known in advance among them."""
    return frozenset(kind.name for kind in kinds().values() if kind.must_see)


def find(
    sightings: Sightings,
    rows: Rows,
    as_of: int,
    *,
    recorded_days: float,
    release_days: float,
    names: Collection[str] | None = None,
) -> list[MustSee]:
    """Find all items at ``as_of``; the item whose latest trigger was recorded last comes first.

    ``rows``: the relationships in force, parties resolved at ``as_of``. ``recorded_days``: look-back on *recorded_at*,
    so that an old event reported today opens an item today. ``release_days``: how near a release known in advance must
    be, before or after. ``names``: kinds that trigger; by default those the vocabulary marks. An event about a person
    who is in no relationship (a prisoner's release, say) opens nothing. ``tests/spec/must_see`` draws the rule.
    """
    wanted = must_see_kinds() if names is None else frozenset(names)
    by_number = {kind.number: kind for kind in kinds().values() if kind.name in wanted}
    hits = np.flatnonzero(_triggering(sightings, as_of, by_number, recorded_days, release_days))
    owners, others = sightings.ids_of(sightings.owners(hits)), sightings.ids_of(sightings.counterpart[hits])
    parties = _Parties(rows)
    by_relationship: dict[int, dict[int, TriggerEvent]] = {}
    uncovered: dict[int, TriggerEvent] = {}
    for at, owner, other in zip(hits.tolist(), owners.tolist(), others.tolist(), strict=True):
        role = int(sightings.role[at])
        places = parties.concerned(owner, role, other)
        for relationship_id, about in places:
            trigger = _trigger(sightings, at, by_number, about)
            by_relationship.setdefault(relationship_id, {})[trigger.event_id] = trigger
        if not places and role != ROLE_ABOUT:
            trigger = _trigger(sightings, at, by_number, "pair")
            uncovered[trigger.event_id] = trigger
    # An event is seen once from each party: what one party's relationships cover is not uncovered.
    covered = {event_id for triggers in by_relationship.values() for event_id in triggers}
    items = [
        MustSee(relationship_id=relationship_id, triggers=_latest_first(triggers))
        for relationship_id, triggers in by_relationship.items()
    ]
    items += [
        MustSee(relationship_id=0, triggers=(trigger,))
        for event_id, trigger in uncovered.items()
        if event_id not in covered
    ]
    return sorted(items, key=_order)


def _triggering(
    sightings: Sightings, as_of: int, by_number: dict[int, Kind], recorded_days: float, release_days: float
) -> NDArray[np.bool_]:
    """Mask of the sightings that trigger; the unit's own contacts never do."""
    advance = np.array([number for number, kind in by_number.items() if kind.known_in_advance], dtype=np.int64)
    ordinary = np.array([number for number, kind in by_number.items() if not kind.known_in_advance], dtype=np.int64)
    fresh = within(sightings.recorded_at, *look_back_bounds(as_of, recorded_days))
    near = np.abs(sightings.occurred_at - as_of) <= span(release_days)
    out: NDArray[np.bool_] = sightings.visible_at(as_of) & (
        (np.isin(sightings.kind, ordinary) & fresh & happened(sightings.occurred_at, as_of))
        | (np.isin(sightings.kind, advance) & near)
    )
    return out & ~sightings.proactive


class _Parties:
    """The relationships in force, found by either party."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._of_subject, self._of_at_risk = _rows_by_person(rows.subject), _rows_by_person(rows.at_risk)

    def concerned(self, person: int, role: int, other: int) -> list[tuple[int, About]]:
        """Return the relationships that an event concerns, and whom of each it is about.

        ``person`` and ``role``: whose sighting the event is, and as what. ``other``: the other person of the event, or
        NO_PERSON. An event about one person concerns every relationship of that person.
        """
        rows = self._rows
        as_subject, as_at_risk = self._of_subject.get(person, []), self._of_at_risk.get(person, [])
        places: list[tuple[int, About]]
        if role == ROLE_SUBJECT:
            places = [(i, "pair") for i in as_subject if int(rows.at_risk[i]) == other]
        elif role == ROLE_AT_RISK:
            places = [(i, "pair") for i in as_at_risk if int(rows.subject[i]) == other]
        else:
            places = [(i, "subject") for i in as_subject] + [(i, "person_at_risk") for i in as_at_risk]
        return [(int(rows.relationship_id[i]), about) for i, about in places]


def _rows_by_person(persons: NDArray[np.int64]) -> dict[int, list[int]]:
    out: dict[int, list[int]] = {}
    for i, person in enumerate(persons.tolist()):
        if person != NO_PERSON:
            out.setdefault(person, []).append(i)
    return out


def _trigger(sightings: Sightings, at: int, by_number: dict[int, Kind], about: About) -> TriggerEvent:
    return TriggerEvent(
        event_id=int(sightings.event_id[at]),
        kind=by_number[int(sightings.kind[at])].name,
        about=about,
        occurred_at=int(sightings.occurred_at[at]),
        recorded_at=int(sightings.recorded_at[at]),
    )


def _latest_first(triggers: dict[int, TriggerEvent]) -> tuple[TriggerEvent, ...]:
    return tuple(sorted(triggers.values(), key=lambda trigger: (-trigger.recorded_at, trigger.event_id)))


def _order(item: MustSee) -> tuple[int, int, int]:
    latest = item.triggers[0]
    # Ids break ties, so that the same history gives the same list everywhere.
    return -latest.recorded_at, item.relationship_id, latest.event_id
