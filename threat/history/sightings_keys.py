"""Who sees which event, as whom, and from when until when: the keys that the sightings are sorted by."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT


@dataclass(slots=True)
class Keys:
    """What sorting needs, one entry per sighting: event row, role, key person, counterpart and the visible span."""

    event: NDArray[np.int32]
    role: NDArray[np.int8]
    person: NDArray[np.int32]
    counterpart: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    def take(self, where: Any) -> Keys:
        return Keys(*(getattr(self, field.name)[where] for field in fields(self)))

    def then(self, other: Keys) -> Keys:
        return Keys(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans of ``links.Links`` in person numbers: ``first[p]:first[p + 1]`` are person p's, in time order."""

    first: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    survivor: NDArray[np.int32]


def first_keys(
    parties: list[NDArray[np.int32]],
    in_force: NDArray[np.bool_],
    recorded: NDArray[np.int64],
    hidden: NDArray[np.int64],
) -> Keys:
    """Return a key for each party of each event in force, visible from its record until it is hidden; no merges yet."""
    subject, at_risk, about = parties
    nobody = np.full(len(subject), NO_PERSON, dtype=np.int32)
    event, role, person, counterpart = [], [], [], []
    for number, key, other in (
        (ROLE_SUBJECT, subject, at_risk),
        (ROLE_AT_RISK, at_risk, subject),
        (ROLE_ABOUT, about, nobody),
    ):
        rows = np.flatnonzero(in_force & (key != NO_PERSON)).astype(np.int32)
        event.append(rows)
        role.append(np.full(len(rows), number, dtype=np.int8))
        person.append(key[rows])
        counterpart.append(other[rows])
    events = np.concatenate(event)
    return Keys(
        events,
        np.concatenate(role),
        np.concatenate(person),
        np.concatenate(counterpart),
        recorded[events],
        hidden[events],
    )


def relinked(keys: Keys, spans: Spans) -> Keys:
    """Return the keys with merges followed.

    The counterpart is who it was known to be in each span; the person keeps a row under its own id and gains a row
    under each survivor while the link is in force.
    """
    many = np.diff(spans.first) > 0
    touched = many[keys.person] | (many[keys.counterpart] & (keys.counterpart != NO_PERSON))
    rest, linked = keys.take(~touched), keys.take(touched)
    linked = _split(linked, spans, linked.counterpart, "counterpart")
    under_survivor = _split(linked.take(many[linked.person]), spans, None, "person")
    linked = linked.then(under_survivor)
    linked = linked.take(np.lexsort((linked.end, linked.start)))
    return rest.then(linked)


def until_known(keys: Keys, known_since: NDArray[np.int64]) -> Keys:
    """Return the keys cut where a party becomes known as an organisation or unknown, if that was after the event.

    The person's own sightings end then; the counterpart's go on, from then without a counterpart. ``known_since``:
    int64 seconds by person number, with NEVER last for NO_PERSON.
    """
    end = np.minimum(keys.end, known_since[keys.person])
    other = known_since[keys.counterpart]
    touched = (end < keys.end) | (other < end)
    if not touched.any():
        return keys
    rest, late, other = keys.take(~touched), keys.take(touched), other[touched]
    late.end = end[touched]
    without = late.take(other < late.end)
    without.start = np.maximum(without.start, other[other < late.end])
    without.counterpart = np.full(len(without.event), NO_PERSON, dtype=np.int32)
    late.end = np.minimum(late.end, other)
    late = late.then(without)
    return rest.then(late.take(late.start < late.end))


def _split(keys: Keys, spans: Spans, ids: NDArray[np.int32] | None, name: str) -> Keys:
    """Return one row per span of a party, with the survivor in the party's place; empty spans are left out.

    For the person itself (``ids`` None), spans without a merge are left out too: that row is there already.
    """
    party = getattr(keys, name)
    counts = np.where(party == NO_PERSON, 0, spans.first[party + 1] - spans.first[party])
    plain = keys.take(counts == 0)
    keys, counts = keys.take(counts > 0), counts[counts > 0]
    base = spans.first[getattr(keys, name)]
    before = getattr(keys, name)
    row = np.repeat(np.arange(len(counts)), counts)
    span = np.repeat(base, counts) + (np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts))
    out = keys.take(row)
    setattr(out, name, spans.survivor[span])
    out.start = np.maximum(out.start, spans.start[span])
    out.end = np.minimum(out.end, spans.end[span])
    keep = out.start < out.end
    if ids is None:
        keep &= spans.survivor[span] != before[row]
        return out.take(keep)
    return plain.then(out.take(keep))
