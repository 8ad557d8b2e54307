"""Who sees which event, as whom, and from when until when: the keys that the sightings are sorted by."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.history.schema import DOMESTIC
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT
from threat.history.sorted_ids import position
from threat.history.spans import Spans, spans_where

_YES, _UNKNOWN = DOMESTIC.index("yes"), DOMESTIC.index("unknown")


@dataclass(slots=True)
class Keys:
    """What sorting needs, one entry per sighting: event row, role, person, counterpart, flag and the visible span."""

    event: NDArray[np.int32]
    role: NDArray[np.int8]
    person: NDArray[np.int32]
    counterpart: NDArray[np.int32]
    domestic: NDArray[np.int8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    def take(self, where: Any) -> Keys:
        return Keys(*(getattr(self, field.name)[where] for field in fields(self)))

    def then(self, other: Keys) -> Keys:
        return Keys(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    def cut(self, start: NDArray[np.int64], end: NDArray[np.int64], flag: int) -> Keys:
        """Return the keys with that span and that domestic flag, without those whose span is empty."""
        flags = np.full(len(start), flag, dtype=np.int8)
        return replace(self, start=start, end=end, domestic=flags).take(start < end)


@dataclass(frozen=True, slots=True)
class KnownAs:
    """``links.Links`` in person numbers: ``first[p]:first[p + 1]`` are person p's spans, ``who`` the person known."""

    first: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    who: NDArray[np.int32]


def first_keys(
    parties: list[NDArray[np.int32]],
    in_force: NDArray[np.bool_],
    domestic: NDArray[np.int32],
    recorded: NDArray[np.int64],
    hidden: NDArray[np.int64],
) -> Keys:
    """Return a key for each party of each event in force, visible from its record until it is hidden."""
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
        event=events,
        role=np.concatenate(role),
        person=np.concatenate(person),
        counterpart=np.concatenate(counterpart),
        domestic=domestic[events].astype(np.int8),
        start=recorded[events],
        end=hidden[events],
    )


def as_known(keys: Keys, identities: KnownAs) -> Keys:
    """Return the keys cut where a party was known to be another person, or nobody, with who each was known to be.

    Exactly ``Links.resolve``: a key is a person's in the spans in which the party was known to be that person.
    """
    many = np.append(np.diff(identities.first) > 0, False)  # last: NO_PERSON
    touched = many[keys.person] | many[keys.counterpart]
    if not touched.any():
        return keys
    rest, cut = keys.take(~touched), keys.take(touched)
    for name in ("person", "counterpart"):
        cut = _cut(cut, identities, name)
    return rest.then(cut.take(cut.person != NO_PERSON))


def _cut(keys: Keys, identities: KnownAs, name: str) -> Keys:
    """Return one key per span of a party, with who the party was known to be in its place; no empty span."""
    party = getattr(keys, name)
    counts = np.where(party == NO_PERSON, 0, identities.first[party + 1] - identities.first[party])
    plain, keys, party, counts = keys.take(counts == 0), keys.take(counts > 0), party[counts > 0], counts[counts > 0]
    row = np.repeat(np.arange(len(counts)), counts)
    span = np.repeat(identities.first[party] - np.cumsum(counts) + counts, counts) + np.arange(len(row))
    out = keys.take(row)
    setattr(out, name, identities.who[span])
    out.start = np.maximum(out.start, identities.start[span])
    out.end = np.minimum(out.end, identities.end[span])
    return plain.then(out.take(out.start < out.end))


@dataclass(frozen=True, slots=True)
class StandingPairs:
    """Pairs of person numbers as ``subject * persons + at_risk``, sorted, with the spans in which each stands."""

    pair: NDArray[np.int64]
    spans: Spans
    persons: int

    @classmethod
    def of(cls, parties: Keys, identities: KnownAs, persons: int) -> StandingPairs:
        """Return the pairs as they were known; ``parties``: the spans of pairs as recorded, the subject as person."""
        seen = as_known(parties, identities)
        seen = seen.take(seen.counterpart != NO_PERSON)
        pair, key = np.unique(seen.person.astype(np.int64) * persons + seen.counterpart, return_inverse=True)
        spans = spans_where(
            [(key.astype(np.int64), seen.start, seen.end)], len(pair), lambda is_open: is_open[:, 0] > 0
        )
        return cls(pair, spans, persons)


def with_domestic(keys: Keys, standing: StandingPairs) -> Keys:
    """Return the keys with the flag resolved: an unflagged event is domestic exactly while its two parties stand.

    Such a key is cut where that changes; without a named counterpart it stays unknown.
    """
    open_flag = (keys.domestic == _UNKNOWN) & (keys.counterpart != NO_PERSON)
    rows = np.flatnonzero(open_flag)
    subject = np.where(keys.role[rows] == ROLE_SUBJECT, keys.person[rows], keys.counterpart[rows]).astype(np.int64)
    at_risk = np.where(keys.role[rows] == ROLE_SUBJECT, keys.counterpart[rows], keys.person[rows])
    place = position(subject * standing.persons + at_risk, standing.pair)
    touched, place = rows[place >= 0], place[place >= 0]
    if not len(touched):
        return keys
    rest = np.ones(len(keys.event), dtype=bool)
    rest[touched] = False
    out, cut = keys.take(rest), keys.take(touched)
    span, last = standing.spans.first[place], standing.spans.first[place + 1]
    while len(span):
        start, end = standing.spans.start[span], standing.spans.end[span]
        out = out.then(cut.cut(cut.start, np.minimum(cut.end, start), _UNKNOWN))
        out = out.then(cut.cut(np.maximum(cut.start, start), np.minimum(cut.end, end), _YES))
        cut.start = np.maximum(cut.start, end)
        # Nearly every pair stands in one span for good, so there is nearly always one round.
        goes_on = (span + 1 < last) & (cut.start < cut.end)
        done = cut.take(~goes_on)
        out = out.then(done.cut(done.start, done.end, _UNKNOWN))
        cut, span, last = cut.take(goes_on), span[goes_on] + 1, last[goes_on]
    return out
