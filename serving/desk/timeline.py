"""The records of a relationship as they stood at an as-of, and what those records do not say."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from serving.dates import day
from serving.desk.responses import Direction, Record, Unknown
from threat.asof import DAY, instant, visible
from threat.history.schema import REPORTED_BY, REPORTER_TITLES
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Sightings
from threat.ids import show_id
from threat.vocabulary import Kind, kinds

LONGEST = 300
"""Most records on one page; what is left out is counted and said."""

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

_UNANSWERED = frozenset({"not_known", "not_asked", "refused"})


def records(
    sightings: Sightings,
    subject: int,
    at_risk: int,
    as_of: int,
    *,
    since: int,
    behind: Mapping[int, list[str]],
    must_see: Collection[int],
) -> tuple[list[Record], int]:
    """Records visible at ``as_of``, latest first, each event once, and how many older ones were left out.

    ``since``: as-of of the previous list, 0 when there was none. ``behind``: theme titles by event id. ``must_see``:
    event ids that opened an item.
    """
    places = _places(sightings, subject, at_risk, as_of)
    moments = {j: (int(sightings.occurred_at[j]), int(sightings.recorded_at[j])) for j in places}
    order = sorted(places, key=lambda j: (*moments[j], int(sightings.event_id[j])), reverse=True)
    named = list(kinds().values())
    out = []
    for j in order[:LONGEST]:
        what, event_id = named[int(sightings.kind[j])], int(sightings.event_id[j])
        occurred, recorded = moments[j]
        out.append(
            Record(
                event=show_id("E", event_id),
                kind=what.name,
                title=what.title,
                detail=_detail(sightings, j, what),
                direction=places[j],
                direction_title=_direction_title(what, places[j]),
                occurred_at=instant(occurred),
                recorded_at=instant(recorded),
                days_to_record=max(0, (recorded - occurred) // DAY),
                ahead=what.known_in_advance and occurred >= as_of,
                assertion="assessment" if sightings.assessment[j] else "fact",
                reported_by=REPORTER_TITLES[REPORTED_BY[int(sightings.reported_by[j])]],
                source=sightings.source_names[int(sightings.source[j])],
                must_see=event_id in must_see,
                behind=behind.get(event_id, []),
                is_new=since > 0 and int(sightings.visible_from[j]) >= since,
            )
        )
    return out, len(order) - len(out)


def unknowns(sightings: Sightings, subject: int, at_risk: int, as_of: int) -> list[Unknown]:
    """What the ranking did not have for this relationship, most important first."""
    out = []
    if at_risk == NO_PERSON:
        out.append(
            Unknown(
                title="No person at risk is recorded",
                sentence="Nothing about the person at risk could be used. Finding out who it is may change the order.",
            )
        )
    places = _places(sightings, subject, at_risk, as_of)
    named = list(kinds().values())
    own = [j for j, direction in places.items() if direction == "this_way"]
    assessed = [j for j in own if named[int(sightings.kind[j])].theme == "assessment"]
    if not assessed:
        out.append(
            Unknown(
                title="No assessment is recorded",
                sentence="No grade and no assessment item between these two is on record. That is missing, not 'no'.",
            )
        )
    latest: dict[str, int] = {}
    for j in sorted(assessed, key=lambda j: int(sightings.occurred_at[j])):
        latest[named[int(sightings.kind[j])].title] = j
    unanswered = [
        title.removeprefix("Assessment: ")
        for title, j in latest.items()
        if sightings.code[j] >= 0 and sightings.code_names[int(sightings.code[j])] in _UNANSWERED
    ]
    if unanswered:
        out.append(
            Unknown(
                title="Assessment items without an answer",
                sentence=f"Not asked, not known or refused: {', '.join(unanswered)}. Missing, not 'no'.",
            )
        )
    if not any(named[int(sightings.kind[j])].theme == "partner_agency" for j in places):
        out.append(
            Unknown(
                title="Nothing from partner agencies",
                sentence="Health, social care, probation and advisers may hold what these records do not.",
            )
        )
    out += _record_gaps(sightings, places, as_of)
    return out


def _record_gaps(sightings: Sightings, places: Mapping[int, Direction], as_of: int) -> list[Unknown]:
    out = []
    where = np.fromiter(places, dtype=np.int64, count=len(places))
    if len(where):
        newest = int(sightings.visible_from[where].max())
        quiet = (as_of - newest) // DAY
        if quiet > 90:
            out.append(
                Unknown(
                    title="No recent record",
                    sentence=f"The latest record was made {quiet:,} days before this list. "
                    "Silence is not a sign of safety.",
                )
            )
        late = int((sightings.recorded_at[where] - sightings.occurred_at[where] > 7 * DAY).sum())
        if late:
            out.append(
                Unknown(
                    title="Late records",
                    sentence=f"{late:,} of {len(where):,} records here were made more than 7 days after what they "
                    "record; others may be on their way.",
                )
            )
    begins: dict[int, list[str]] = {}
    for source, start in zip(sightings.source_names, sightings.history_start.tolist(), strict=True):
        if 0 < start < as_of:
            begins.setdefault(start // DAY, []).append(source)
    for start, sources in sorted(begins.items(), reverse=True):
        out.append(
            Unknown(
                title=f"Anything before {day(start * DAY)}",
                sentence=f"Records begin then ({', '.join(sources)}), so figures over longer periods may be too small.",
            )
        )
    return out


def _places(sightings: Sightings, subject: int, at_risk: int, as_of: int) -> dict[int, Direction]:
    """Visible sightings of both parties by position, with the direction each is shown under; each event once."""
    out: dict[int, Direction] = {}
    said: set[int] = set()
    for person, other, first in ((subject, at_risk, True), (at_risk, subject, False)):
        if person == NO_PERSON:
            continue
        mine = sightings.rows_of(person)
        for j in range(mine.start, mine.stop):
            if not visible(sightings.visible_from[j], sightings.visible_until[j], as_of):
                continue
            event_id = int(sightings.event_id[j])
            if event_id in said:
                continue
            said.add(event_id)
            index = int(sightings.counterpart[j])
            counterpart = NO_PERSON if index == NO_PERSON else int(sightings.persons[index])
            out[j] = _direction(int(sightings.role[j]), counterpart == other, first)
    return out


def _direction(role: int, between: bool, of_subject: bool) -> Direction:
    if role == ROLE_ABOUT:
        return "subject" if of_subject else "person_at_risk"
    if between and role == ROLE_SUBJECT:
        return "this_way" if of_subject else "other_way"
    if between and role == ROLE_AT_RISK:
        return "other_way" if of_subject else "this_way"
    return "subject_elsewhere" if of_subject else "person_at_risk_elsewhere"


def _direction_title(what: Kind, direction: Direction) -> str:
    if what.theme in _NO_ACT and not what.crime:
        return _ABOUT.get(direction, DIRECTIONS[direction])
    return DIRECTIONS[direction]


def _detail(sightings: Sightings, j: int, what: Kind) -> str:
    """The code in words, else the value; empty when the record has neither."""
    parts = []
    value = float(sightings.value[j])
    if sightings.code[j] >= 0:
        parts.append(sightings.code_names[int(sightings.code[j])].replace("_", " "))
    elif not np.isnan(value):
        parts.append(f"{value:g}")
    if sightings.proactive[j] and what.theme != "unit":  # whose titles say so
        parts.append("by the unit")
    return ", ".join(parts)
