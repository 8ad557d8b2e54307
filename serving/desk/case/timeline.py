"""The records of a relationship as they were at an as-of, latest first, each under the direction it is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from serving.desk.parties import Parties
from serving.desk.responses.answer import Direction, OccurredPrecision, Precision
from serving.desk.responses.case import Record
from threat.asof import DAY, happened, instant, on_record
from threat.history.schema import REPORTED_BY, REPORTER_TITLES
from threat.history.seen_events import RECORDED_KIND
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Sightings
from threat.ids import show_id
from threat.vocabulary import Kind, kinds

Inexact = Callable[[NDArray[np.int64]], tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]]
"""Of events by id: which happened, and which were recorded, on a day at no known hour; and whose date is not known."""

LONGEST = 300
"""Most records on one page; what is left out is counted and said. A longer page is slow to open and is not read."""

DIRECTIONS: dict[Direction, str] = {
    "this_way": "Subject towards person at risk",
    "other_way": "The other way round",
    "subject": "About the subject",
    "person_at_risk": "About the person at risk",
    "subject_elsewhere": "The subject and someone else",
    "person_at_risk_elsewhere": "The person at risk and someone else",
}

_NO_ACT = frozenset("children separation adult_family criminal_justice order assessment partner_agency unit".split())
_ABOUT: dict[Direction, str] = {
    "this_way": "About this relationship",
    "other_way": "About the relationship the other way round",
}
"""How a record of these themes is headed when it is no crime: a charge, a referral or a visit is no act of the subject
towards the person at risk."""


def records(
    sightings: Sightings,
    parties: Parties,
    as_of: int,
    *,
    since: int,
    behind: Mapping[int, list[str]],
    must_see: Collection[int],
    inexact: Inexact,
) -> tuple[list[Record], int]:
    """Return the records visible at ``as_of``, latest first, each event once, and how many older ones were left out.

    A course of conduct has its place where it was last known to go on: what goes on now is at the top, however long ago
    it began. Its record says both ends.

    ``since``: as-of of the list that changes are compared with, 0 for none. ``behind``: theme titles by event id.
    ``must_see``: event ids that opened an item. ``inexact``: as ``Snapshot.inexact``. Times are UTC seconds.
    """
    directions = direction_by_sighting(sightings, parties, as_of)
    moments = {j: (int(sightings.occurred_at[j]), int(sightings.recorded_at[j])) for j in directions}
    latest_first = sorted(directions, key=lambda j: (*moments[j], int(sightings.event_id[j])), reverse=True)
    numbered = list(kinds().values())
    out = []
    shown = latest_first[:LONGEST]
    precisions = _precisions(sightings, shown, inexact)
    for j in shown:
        kind, event_id = numbered[int(sightings.kind[j])], int(sightings.event_id[j])
        occurred_at, recorded_at = moments[j]
        out.append(
            Record(
                event=show_id("E", event_id),
                kind=kind.name,
                title=kind.title,
                detail=_detail(sightings, j, kind),
                direction=directions[j],
                direction_title=_direction_title(kind, directions[j]),
                began_at=instant(int(sightings.began_at[j])),
                occurred_at=instant(occurred_at),
                occurred_precision=precisions[j][0],
                recorded_at=instant(recorded_at),
                recorded_precision=precisions[j][1],
                days_to_record=max(0, (recorded_at - occurred_at) // DAY),
                ahead=kind.known_in_advance and not happened(occurred_at, as_of),
                assertion="assessment" if sightings.assessment[j] else "fact",
                reported_by=REPORTER_TITLES[REPORTED_BY[int(sightings.reported_by[j])]],
                source=sightings.source_names[int(sightings.source[j])],
                must_see=event_id in must_see,
                behind=behind.get(event_id, []),
                is_new=_is_new(sightings, j, kind, since),
            )
        )
    return out, len(latest_first) - len(out)


def _precisions(
    sightings: Sightings, rows: Sequence[int], inexact: Inexact
) -> dict[int, tuple[OccurredPrecision, Precision]]:
    """Return how exactly sightings are dated, by position: when each happened, and when each was recorded."""
    where = np.array(rows, dtype=np.int64)
    # Since when two persons are what they are to each other is known by the day, whatever hour a source writes.
    stated = np.asarray(sightings.kind[where] == kinds()[RECORDED_KIND].number)
    occurred, recorded, not_known = inexact(np.asarray(sightings.event_id[where]))
    each = zip(rows, (occurred | stated).tolist(), (recorded | stated).tolist(), not_known.tolist(), strict=True)
    return {
        j: ("unknown" if undated else _precision(by_day), _precision(recorded_by_day))
        for j, by_day, recorded_by_day, undated in each
    }


def _precision(by_day: bool) -> Precision:
    return "day" if by_day else "second"


def _is_new(sightings: Sightings, j: int, kind: Kind, since: int) -> bool:
    """Return True for a record since the previous list that the list's number of new records counts.

    ``serving.lists.freshness`` counts neither what the unit did itself nor rows about records. ``since``: 0 for none.
    """
    counted = not sightings.proactive[j] and kind.theme != "record_keeping"
    return bool(counted and since > 0 and not on_record(int(sightings.visible_from[j]), since))


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
            out[j] = _direction(int(sightings.role[j]), between=counterpart == other, of_subject=of_subject)
    return out


def _direction(role: int, *, between: bool, of_subject: bool) -> Direction:
    """Direction of a sighting: ``between`` the two parties or not, and of the subject or of the person at risk."""
    if role == ROLE_ABOUT:
        return "subject" if of_subject else "person_at_risk"
    if between and role == ROLE_SUBJECT:
        return "this_way" if of_subject else "other_way"
    if between and role == ROLE_AT_RISK:
        return "other_way" if of_subject else "this_way"
    return "subject_elsewhere" if of_subject else "person_at_risk_elsewhere"


def _direction_title(kind: Kind, direction: Direction) -> str:
    if kind.theme in _NO_ACT and not kind.crime:
        return _ABOUT.get(direction, DIRECTIONS[direction])
    return DIRECTIONS[direction]


def _detail(sightings: Sightings, j: int, kind: Kind) -> str:
    """The code in words, else the value; empty when the record has neither."""
    parts = []
    value = float(sightings.value[j])
    if sightings.code[j] >= 0:
        parts.append(sightings.code_names[int(sightings.code[j])].replace("_", " "))
    elif not np.isnan(value):
        parts.append(f"{value:g}")
    if sightings.proactive[j] and kind.theme != "unit":  # a kind of the unit's own says in its title whose it is
        parts.append("by the unit")
    return ", ".join(parts)
