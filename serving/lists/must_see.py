"""Must-see items: what a reviewer opens today whatever the rank.

A trigger is a visible event of a kind the vocabulary marks *must see* (strangulation, threat to kill, weapon, breach
after service, suicidality of either party, ...), recorded within the policy's days before the as-of, or a release from
custody that falls within the policy's days on either side of it. An item is one relationship with all its triggers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, visible
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.vocabulary import kinds


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event that opens an item. Times are UTC seconds. ``about``: pair, subject or person_at_risk."""

    event_id: int
    kind: str
    about: str
    occurred_at: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class MustSee:
    """One relationship and its triggers, latest recorded first. ``relationship_id`` is 0 for an event between two
    parties that no recorded relationship covers: it is shown all the same."""

    relationship_id: int
    triggers: tuple[Trigger, ...]

    def as_dict(self) -> dict[str, Any]:
        """As ``list.json`` holds it."""
        return {"relationship_id": self.relationship_id, "triggers": [asdict(trigger) for trigger in self.triggers]}


def must_see_kinds() -> frozenset[str]:
    """Kinds the vocabulary marks, those known in advance among them."""
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
    """All items at ``as_of``, latest recorded first.

    ``rows``: the relationships at hand, parties resolved at ``as_of``. ``recorded_days``: look-back on *recorded_at*,
    so that an old event reported today opens an item today. ``release_days``: how near a release known in advance must
    be, before or after. ``names``: kinds that trigger; by default those the vocabulary marks. An event about a person
    who is in no relationship (a prisoner's release, say) opens nothing.
    """
    wanted = must_see_kinds() if names is None else frozenset(names)
    by_number = {kind.number: kind for kind in kinds().values() if kind.name in wanted}
    hits = np.flatnonzero(_triggering(sightings, as_of, by_number, recorded_days, release_days))
    if not len(hits):
        return []
    owner = sightings.persons[np.searchsorted(sightings.offsets, hits, side="right") - 1]
    as_subject, as_at_risk = _index(rows.subject), _index(rows.at_risk)
    found: dict[int, dict[int, Trigger]] = {}
    placed: set[int] = set()
    orphans: dict[int, Trigger] = {}
    for at, person in zip(hits.tolist(), owner.tolist(), strict=True):
        event_id, role = int(sightings.event_id[at]), int(sightings.role[at])
        other = int(sightings.counterpart[at])
        other_id = NO_PERSON if other == NO_PERSON else int(sightings.persons[other])
        places: list[tuple[int, str]] = []
        if role == ROLE_SUBJECT:
            places = [(i, "pair") for i in as_subject.get(person, []) if int(rows.at_risk[i]) == other_id]
        elif role == ROLE_AT_RISK:
            places = [(i, "pair") for i in as_at_risk.get(person, []) if int(rows.subject[i]) == other_id]
        elif role == ROLE_ABOUT:
            places = [(i, "subject") for i in as_subject.get(person, [])]
            places += [(i, "person_at_risk") for i in as_at_risk.get(person, [])]
        kind = by_number[int(sightings.kind[at])]
        occurred, recorded = int(sightings.occurred_at[at]), int(sightings.recorded_at[at])
        for i, about in places:
            trigger = Trigger(event_id, kind.name, about, occurred, recorded)
            found.setdefault(int(rows.relationship_id[i]), {})[event_id] = trigger
            placed.add(event_id)
        if not places and role != ROLE_ABOUT:
            orphans[event_id] = Trigger(event_id, kind.name, "pair", occurred, recorded)
    items = [MustSee(relationship_id, _ordered(triggers)) for relationship_id, triggers in found.items()]
    lost = {event_id: trigger for event_id, trigger in orphans.items() if event_id not in placed}
    items += [MustSee(0, (trigger,)) for trigger in lost.values()]
    return sorted(items, key=_latest_first)


def _triggering(
    sightings: Sightings, as_of: int, by_number: dict[int, Any], recorded_days: float, release_days: float
) -> NDArray[np.bool_]:
    advance = np.array([number for number, kind in by_number.items() if kind.known_in_advance], dtype=np.int64)
    ordinary = np.array([number for number, kind in by_number.items() if not kind.known_in_advance], dtype=np.int64)
    seen = visible(sightings.visible_from, sightings.visible_until, as_of)
    fresh = sightings.recorded_at >= as_of - int(recorded_days * DAY)
    near = np.abs(sightings.occurred_at - as_of) <= int(release_days * DAY)
    out: NDArray[np.bool_] = seen & (
        (np.isin(sightings.kind, ordinary) & fresh & (sightings.occurred_at < as_of))
        | (np.isin(sightings.kind, advance) & near)
    )
    return out & ~sightings.proactive


def _index(persons: NDArray[np.int64]) -> dict[int, list[int]]:
    out: dict[int, list[int]] = {}
    for i, person in enumerate(persons.tolist()):
        if person != NO_PERSON:
            out.setdefault(person, []).append(i)
    return out


def _latest_first(item: MustSee) -> tuple[int, int, int]:
    first = item.triggers[0]
    return -first.recorded_at, item.relationship_id, first.event_id


def _ordered(triggers: dict[int, Trigger]) -> tuple[Trigger, ...]:
    return tuple(sorted(triggers.values(), key=lambda trigger: (-trigger.recorded_at, trigger.event_id)))
