"""Records of either party of some relationships: what may bring back a case that nobody is working on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from threat.asof import on_record
from threat.history.sightings import NO_PERSON, Rows, Sightings
from threat.release.documents.scored_list import About
from threat.vocabulary import kinds

_KINDS = tuple(kinds().values())


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """A record of a party of a relationship. ``about``: of whom of the two. Times: UTC seconds."""

    event_id: int
    kind: str
    about: About
    occurred_at: int
    recorded_at: int


def records_of_parties(
    sightings: Sightings, rows: Rows, as_of: int, since: int, also: Collection[int] = ()
) -> dict[int, list[PartyRecord]]:
    """Return what is on record of either party at ``as_of``, by relationship; those without any are left out.

    ``rows``: the relationships, parties resolved at ``as_of``. ``since``: records recorded at or after it (UTC
    seconds), and of those before it the events ``also``, which came in late. The unit's own contacts are no news, so
    none of them is among these. An event that names both parties is about the pair.
    """
    by_person: dict[int, list[int]] = {}
    for i, (subject, at_risk) in enumerate(zip(rows.subject.tolist(), rows.at_risk.tolist(), strict=True)):
        for person in {subject, at_risk} - {NO_PERSON}:
            by_person.setdefault(person, []).append(i)
    wanted = ~np.asarray(on_record(np.asarray(sightings.recorded_at), since))
    if len(also):
        wanted |= np.isin(sightings.event_id, np.fromiter(also, np.int64, len(also)))
    wanted &= sightings.visible_at(as_of) & ~np.asarray(sightings.proactive)
    at = np.flatnonzero(wanted)
    owners, others = sightings.ids_of(sightings.owners(at)), sightings.ids_of(sightings.counterpart[at])
    out: dict[int, dict[int, PartyRecord]] = {}
    for row, owner, other in zip(at.tolist(), owners.tolist(), others.tolist(), strict=True):
        for i in by_person.get(owner, ()):
            subject, at_risk = int(rows.subject[i]), int(rows.at_risk[i])
            about: About = "pair" if {owner, other} == {subject, at_risk} else _whom(owner == subject)
            event_id = int(sightings.event_id[row])
            of_relationship = out.setdefault(int(rows.relationship_id[i]), {})
            if event_id not in of_relationship or about == "pair":
                of_relationship[event_id] = PartyRecord(
                    event_id,
                    _KINDS[int(sightings.kind[row])].name,
                    about,
                    int(sightings.occurred_at[row]),
                    int(sightings.recorded_at[row]),
                )
    return {relationship: list(records.values()) for relationship, records in out.items()}


def latest_between(
    sightings: Sightings, pair: tuple[int, int], names: Collection[str], as_of: int
) -> tuple[str, int] | None:
    """Return the latest record of some kinds between two people, either way round: its kind, and when (UTC seconds).

    The time is when it happened or was recorded, the later of both. None where none is on record at ``as_of``.
    """
    if pair[0] not in sightings.persons:
        return None
    rows = sightings.rows_of(pair[0])
    numbers = [kinds()[name].number for name in names]
    others = sightings.ids_of(sightings.counterpart[rows])
    at = np.flatnonzero(
        sightings.visible_at(as_of, rows) & (others == pair[1]) & np.isin(sightings.kind[rows], numbers)
    )
    if not len(at):
        return None
    at = at + rows.start
    later = np.maximum(sightings.occurred_at[at], sightings.recorded_at[at])
    last = int(np.argmax(later))
    return _KINDS[int(sightings.kind[at[last]])].name, int(later[last])


def _whom(is_subject: bool) -> About:
    return "subject" if is_subject else "person_at_risk"
