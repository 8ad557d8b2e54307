"""Must-see items: what a reviewer opens today whatever the rank.

A trigger is a visible event of a kind the vocabulary marks *must see* (strangulation, threat to kill, weapon, breach
after service, suicidality of either party, ...), recorded within the policy's days before the as-of; or a release from
custody near the as-of, on record or by the end of a stay that stops the clock of eligibility. *Near* is
``threat.asof.near``: from exactly the policy's days before the as-of up to, and not including, so many days after. An
item is one relationship with all its triggers; an event between two parties that no recorded relationship covers is an
item too, of the relationship 0.

The death of either party, once on record, closes a relationship: nobody is left to protect there. A homicide is seen in
the subject's other relationships instead, each of which it opens.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.lists.order import record_ranks
from threat.asof import happened, look_back_bounds, near, within
from threat.history.custody import Custody, Lasting, stays
from threat.history.deaths import Deaths
from threat.history.gravity import details, gravities
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.release.documents.scored_list import About, MustSee, TriggerEvent
from threat.vocabulary import Kind, kinds

RELEASE = "release"
"""Kind of a release from custody; where a policy leaves it out, the ends of stays open nothing either."""


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
    stays: Lasting,
    names: Collection[str] | None = None,
) -> list[MustSee]:
    """Find all items at ``as_of``; the item whose latest trigger was recorded last comes first.

    ``rows``: the relationships in force, parties resolved at ``as_of``. ``recorded_days``: look-back on *recorded_at*,
    so that an old event reported today opens an item today. ``release_days``: how near a release known in advance must
    be, before or after. ``stays``: the stays whose end is a release, as ``Policy.stays`` gives them. ``names``: kinds
    that trigger; by default those the vocabulary marks; the ends of stays go with ``release``. An event about a person
    who is in no relationship (a prisoner's release, say) opens nothing. ``tests/spec/must_see`` draws the rule.
    """
    wanted = must_see_kinds() if names is None else frozenset(names)
    by_number = {kind.number: kind for kind in kinds().values() if kind.name in wanted}
    hits = np.flatnonzero(_triggering(sightings, as_of, by_number, _Reach(recorded_days, release_days)))
    deaths = Deaths.of(sightings)
    is_closed = deaths.on_record(rows.subject, as_of) | deaths.on_record(rows.at_risk, as_of)
    parties = _Parties(rows.take(~is_closed))
    by_relationship: dict[int, dict[int, _Trigger]] = {}
    uncovered: dict[int, tuple[_Trigger, int, int]] = {}
    ends = ends_of_stays(sightings, as_of, _Reach(recorded_days, release_days), stays) if RELEASE in wanted else {}
    at_rows = np.concatenate([hits, np.fromiter(ends, np.int64, len(ends))])
    owners, others = sightings.ids_of(sightings.owners(at_rows)), sightings.ids_of(sightings.counterpart[at_rows])
    is_dead = deaths.on_record(owners, as_of) | deaths.on_record(others, as_of)
    trigger_of = _Triggers(sightings, at_rows, ends)
    for i, (owner, other, dead) in enumerate(zip(owners.tolist(), others.tolist(), is_dead.tolist(), strict=True)):
        at = int(at_rows[i])
        role, kind = int(sightings.role[at]), _KINDS[int(sightings.kind[at])]
        if kind.about == "person" and other == NO_PERSON:
            role = ROLE_ABOUT  # a source without a column for the one person names that person as a party
        places = parties.concerned(owner, role, other, homicide=kind.death_of == "person_at_risk")
        for relationship_id, about in places:
            _keep(by_relationship.setdefault(relationship_id, {}), trigger_of(i, about))
        # Between two of whom one is dead nobody is left to protect, whether or not a relationship covered them.
        if not places and role != ROLE_ABOUT and not dead:
            pair = (owner, other) if role == ROLE_SUBJECT else (other, owner)
            uncovered[int(sightings.event_id[at])] = (trigger_of(i, "pair"), *pair)
    # An event is seen once from each party: what one party's relationships cover is not uncovered.
    covered = {event_id for triggers in by_relationship.values() for event_id in triggers}
    items = [
        _Item(relationship_id, *parties.of(relationship_id), _latest_first(triggers.values()))
        for relationship_id, triggers in by_relationship.items()
    ]
    items += [
        _Item(0, subject, at_risk, (trigger,))
        for event_id, (trigger, subject, at_risk) in uncovered.items()
        if event_id not in covered
    ]
    return [item.shown() for item in _in_order(items, sightings, as_of)]


_KINDS = tuple(kinds().values())
"""Kinds by their number."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """For how many days a recording is recent, and how near in days a release or an end must be."""

    recorded_days: float
    release_days: float

    def recent(self, recorded: NDArray[np.int64], as_of: int) -> NDArray[np.bool_]:
        """Mask of the times of recording that are recent."""
        return np.asarray(within(recorded, *look_back_bounds(as_of, self.recorded_days)))

    def may_open(self, at: NDArray[np.int64], as_of: int) -> NDArray[np.bool_]:
        """Mask of releases and ends that open an item if they were recorded lately: near, or not much longer ago.

        With weekly lists and seven days, a release of Saturday that is recorded on Monday would otherwise be on none:
        not known at the list of Monday, and more than seven days ago at the next.
        """
        late = within(at, *look_back_bounds(as_of, self.recorded_days + self.release_days))
        return np.asarray(near(at, as_of, self.release_days) | late)

    def opens(self, at: NDArray[np.int64], recorded: NDArray[np.int64], as_of: int) -> NDArray[np.bool_]:
        """Mask of releases and ends that open an item: near, whenever recorded, or recorded lately."""
        is_near = near(at, as_of, self.release_days)
        return np.asarray(is_near | (self.may_open(at, as_of) & self.recent(recorded, as_of)))


def _triggering(sightings: Sightings, as_of: int, by_number: dict[int, Kind], reach: _Reach) -> NDArray[np.bool_]:
    """Mask of the sightings that trigger; the unit's own contacts never do."""
    advance = np.array([number for number, kind in by_number.items() if kind.known_in_advance], dtype=np.int64)
    ordinary = np.array([number for number, kind in by_number.items() if not kind.known_in_advance], dtype=np.int64)
    recorded, occurred = np.asarray(sightings.recorded_at), np.asarray(sightings.occurred_at)
    out: NDArray[np.bool_] = sightings.visible_at(as_of) & (
        (np.isin(sightings.kind, ordinary) & reach.recent(recorded, as_of) & happened(occurred, as_of))
        | (np.isin(sightings.kind, advance) & reach.opens(occurred, recorded, as_of))
    )
    return out & ~sightings.proactive


def ends_of_stays(sightings: Sightings, as_of: int, reach: _Reach, lasting: Lasting) -> dict[int, int]:
    """Return the stays that end near ``as_of``, or whose late end was recorded lately, with no release on record.

    By row of the sightings, when the stay ends (UTC seconds). A stay and its release are one trigger, so a release
    within a day of the end stands for both; a stay that another follows within a day is no release at all. The end that
    the policy gives an open stay is on no record, and opens nothing.
    """
    custody = Custody.at(sightings, as_of, lasting, assume_ends=False)
    followed = np.zeros(len(custody.person), dtype=bool)
    gap = custody.start[1:] - custody.end[:-1]
    followed[:-1] = (custody.person[1:] == custody.person[:-1]) & (gap <= SAME_END)
    ending = np.flatnonzero(reach.may_open(custody.end, as_of) & ~followed)
    if not len(ending):
        return {}
    rows = np.concatenate([stays(sightings, lasting), np.flatnonzero(sightings.kind == _number(RELEASE))])
    rows = rows[sightings.visible_at(as_of, rows) & ~sightings.proactive[rows]]
    is_release, person = sightings.kind[rows] == _number(RELEASE), sightings.ids_of(sightings.owners(rows))
    out = {}
    for who, end in zip(custody.person[ending].tolist(), custody.end[ending].tolist(), strict=True):
        of_person = rows[person == who]
        released = sightings.occurred_at[of_person[is_release[person == who]]]
        if (np.abs(released - end) <= SAME_END).any():
            continue
        last = of_person[~is_release[person == who]]
        last = last[sightings.until[last] == end]
        # Several systems may hold one stay: the row recorded last, and of those the last in the total order.
        chosen = last[np.lexsort((last, sightings.recorded_at[last]))[-1:]]
        if reach.opens(np.array([end]), sightings.recorded_at[chosen], as_of)[0]:
            out[int(chosen[0])] = int(end)
    return out


SAME_END = 25 * 3_600
"""Seconds between the end of a stay and what is taken for the same end: two systems write down one release, or the hour
in which police custody becomes remand, hours apart. Dated by the day alone, a stay ends in the last second of the day
and a release happens in its first; the longest day, when clocks go back, has 25 hours."""


def _number(name: str) -> int:
    return kinds()[name].number


class _Parties:
    """The relationships in force, found by either party."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._of_subject, self._of_at_risk = _rows_by_person(rows.subject), _rows_by_person(rows.at_risk)
        self._place = {relationship_id: i for i, relationship_id in enumerate(rows.relationship_id.tolist())}

    def of(self, relationship_id: int) -> tuple[int, int]:
        """Return the subject and the person at risk of a relationship."""
        i = self._place[relationship_id]
        return int(self._rows.subject[i]), int(self._rows.at_risk[i])

    def concerned(self, person: int, role: int, other: int, *, homicide: bool) -> list[tuple[int, About]]:
        """Return the relationships that an event concerns, and whom of each it is about.

        ``person`` and ``role``: whose sighting the event is, and as what. ``other``: the other person of the event, or
        NO_PERSON. An event about one person concerns every relationship of that person, and the ``homicide`` of one
        person at risk concerns every other person at risk of the same subject.
        """
        rows = self._rows
        as_subject, as_at_risk = self._of_subject.get(person, []), self._of_at_risk.get(person, [])
        places: list[tuple[int, About]]
        if role == ROLE_SUBJECT:
            places = [(i, "pair") for i in as_subject if int(rows.at_risk[i]) == other]
            if homicide:
                places += [(i, "subject") for i in as_subject if int(rows.at_risk[i]) != other]
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


_ABOUT: tuple[About, ...] = ("person_at_risk", "subject", "pair")
"""Whom an event is about; of two that one event says of a relationship, the later here is shown."""


@dataclass(frozen=True, slots=True)
class _Trigger:
    """A trigger with its place among others, the greater the later: recorded, then the total order of records."""

    place: tuple[int, ...]
    event: TriggerEvent


class _Triggers:
    """Makes the triggers of some rows of the sightings."""

    def __init__(self, sightings: Sightings, at_rows: NDArray[np.int64], ends: dict[int, int]) -> None:
        self._sightings, self._at_rows, self._ends = sightings, at_rows, ends
        kind, code, value, domestic, until, reported_by, proactive, assessment = (
            np.asarray(getattr(sightings, name)[at_rows])
            for name in ("kind", "code", "value", "domestic", "until", "reported_by", "proactive", "assessment")
        )
        self._gravity = gravities(kind, code, value, domestic, sightings.code_names).tolist()
        self._details = details(until, reported_by, proactive, assessment).tolist()

    def __call__(self, i: int, about: About) -> _Trigger:
        """Return the trigger of the row ``i`` of those given."""
        at, sightings = int(self._at_rows[i]), self._sightings
        event = TriggerEvent(
            event_id=int(sightings.event_id[at]),
            kind=_KINDS[int(sightings.kind[at])].name,
            about=about,
            occurred_at=int(sightings.occurred_at[at]),
            recorded_at=int(sightings.recorded_at[at]),
            ends=self._ends.get(at),
        )
        place = (event.recorded_at, event.occurred_at, self._gravity[i], self._details[i], _ABOUT.index(about))
        return _Trigger(place, event)


def _keep(triggers: dict[int, _Trigger], trigger: _Trigger) -> None:
    """Keep a trigger of a relationship: an event is one trigger, though each party has a sighting of it."""
    earlier = triggers.get(trigger.event.event_id)
    if earlier is None or earlier.place < trigger.place:
        triggers[trigger.event.event_id] = trigger


def _latest_first(triggers: Collection[_Trigger]) -> tuple[_Trigger, ...]:
    return tuple(sorted(triggers, key=lambda trigger: (*(-part for part in trigger.place), trigger.event.event_id)))


@dataclass(frozen=True, slots=True)
class _Item:
    """A must-see item with the parties of its relationship, or of its event where no relationship covers them."""

    relationship_id: int
    subject: int
    at_risk: int
    triggers: tuple[_Trigger, ...]

    def shown(self) -> MustSee:
        """Return the item as a list holds it."""
        return MustSee(relationship_id=self.relationship_id, triggers=tuple(trigger.event for trigger in self.triggers))


def _in_order(items: list[_Item], sightings: Sightings, as_of: int) -> list[_Item]:
    """Return the items whose latest trigger was recorded last first; of equal times the graver, then the more triggers.

    Items of equal triggers (one release concerns each relationship of a person) come in the order of what is on record
    of their parties, and ids decide only between those of whom the records say the same.
    """
    columns = ([getattr(item, name) for item in items] for name in ("relationship_id", "subject", "at_risk"))
    relationship, subject, at_risk = (np.array(column, dtype=np.int64) for column in columns)
    records = record_ranks(sightings, Rows(relationship, subject, at_risk, np.full(len(items), as_of)))

    def place(i: int) -> tuple[object, ...]:
        item = items[i]
        triggers = [tuple(-part for part in trigger.place) for trigger in item.triggers]
        return (
            triggers[0][:-1],
            -len(triggers),
            triggers,
            int(records[i]),
            item.relationship_id,
            item.triggers[0].event.event_id,
        )

    return [items[i] for i in sorted(range(len(items)), key=place)]
