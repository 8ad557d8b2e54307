"""What the records do not say of a relationship, said on its page so that silence never reads as calm."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from serving.desk.case.lanes import direction_by_sighting
from serving.desk.case.records import code_of, kind_of
from serving.desk.parties import Parties
from serving.desk.responses.answer import Direction
from serving.desk.responses.case import Unknown
from serving.relationship.kind_words import capitalised, said
from threat.asof import DAY, happened
from threat.dates import day, how_long, short_day
from threat.history.sightings import NO_PERSON, Sightings

QUIET_DAYS = 90
"""Days without a new record that are said: the last band of freshness begins there."""

LATE_DAYS = 7
"""Days from event to record that count as late: more than a weekly list can wait for."""

_UNANSWERED = frozenset({"not_known", "not_asked", "refused"})


def unknowns(sightings: Sightings, parties: Parties, as_of: int, zone: str) -> list[Unknown]:
    """Return what the records of a relationship do not say at ``as_of``, most important first.

    ``zone``: in which days are said.
    """
    directions = direction_by_sighting(sightings, parties, as_of)
    theme_of = {j: kind_of(sightings, j).theme for j in directions}
    assessed = [j for j, way in directions.items() if way == "this_way" and theme_of[j] == "assessment"]
    out = []
    if parties.at_risk == NO_PERSON:
        out.append(
            Unknown(
                title="Who is at risk",
                sentence="No person at risk is on record, so nothing about one could count. Finding out who it is may "
                "change the place.",
            )
        )
    if not assessed:
        other_way = any(way == "other_way" and theme_of[j] == "assessment" for j, way in directions.items())
        out.append(
            Unknown(
                title="No assessment",
                sentence="No grade and no answer to an assessment question about the subject towards the person at "
                f"risk is on record{', only the other way round' if other_way else ''}. That is missing, not 'no'.",
            )
        )
    out += _not_asked_again(sightings, directions, assessed, as_of, zone) + _unanswered_questions(sightings, assessed)
    if "partner_agency" not in theme_of.values():
        out.append(
            Unknown(
                title="Nothing from other agencies",
                sentence="Health, social care, probation and advisers may hold what these records do not.",
            )
        )
    return out + _quiet_and_late(sightings, directions, as_of) + _before_the_records_begin(sightings, as_of, zone)


def _not_asked_again(
    sightings: Sightings, directions: Mapping[int, Direction], assessed: Sequence[int], as_of: int, zone: str
) -> list[Unknown]:
    """Say how many incidents this way came after the latest assessment: what was answered then may be otherwise now."""
    if not assessed:
        return []
    latest = max(int(sightings.occurred_at[j]) for j in assessed)
    in_assessed = {int(sightings.incident_id[j]) for j in assessed}
    since = {
        int(sightings.incident_id[j])
        for j, direction in directions.items()
        if direction == "this_way" and kind_of(sightings, j).in_incident and int(sightings.occurred_at[j]) > latest
    } - in_assessed
    if not since:
        return []
    incidents = "1 incident is" if len(since) == 1 else f"{len(since):,} incidents are"
    return [
        Unknown(
            title="Not assessed again",
            sentence=f"The latest assessment is of {short_day(latest, as_of, zone)}. {incidents} on record since, "
            "and no answer.",
        )
    ]


def _unanswered_questions(sightings: Sightings, assessed: Sequence[int]) -> list[Unknown]:
    """Name the questions whose latest answer is none, each with why: a question that was answered since is known."""
    latest = {kind_of(sightings, j).name: j for j in sorted(assessed, key=lambda j: int(sightings.occurred_at[j]))}
    unanswered = [
        f"{said(kind)} ({code.replace('_', ' ')})"
        for kind, code in ((kind, code_of(sightings, j)) for kind, j in latest.items())
        if code in _UNANSWERED
    ]
    if not unanswered:
        return []
    return [
        Unknown(
            title="Questions without an answer", sentence=f"{capitalised('; '.join(unanswered))}. Missing, not 'no'."
        )
    ]


def _quiet_and_late(sightings: Sightings, positions: Collection[int], as_of: int) -> list[Unknown]:
    if not positions:
        return []
    out = []
    where = np.fromiter(positions, dtype=np.int64, count=len(positions))
    quiet = (as_of - int(sightings.visible_from[where].max())) // DAY
    if quiet > QUIET_DAYS:
        out.append(
            Unknown(
                title="No recent record",
                sentence=f"The latest record was made {how_long(quiet)} before this list. "
                "Silence is not a sign of safety.",
            )
        )
    late = int((sightings.recorded_at[where] - sightings.occurred_at[where] > LATE_DAYS * DAY).sum())
    if late:
        out.append(
            Unknown(
                title="Late records",
                sentence=f"{late:,} of {len(where):,} records here {'was' if late == 1 else 'were'} made more than "
                f"{how_long(LATE_DAYS)} after what happened. Others may be on their way.",
            )
        )
    return out


def _before_the_records_begin(sightings: Sightings, as_of: int, zone: str) -> list[Unknown]:
    begins: dict[str, tuple[int, list[str]]] = {}
    for source, start in zip(sightings.source_names, sightings.history_start.tolist(), strict=True):
        if start > 0 and happened(start, as_of):  # a start at or before 0 is no date that a source declared
            begins.setdefault(day(start, zone), (start, []))[1].append(source)
    return [
        Unknown(
            title=f"Anything before {first_day}",
            sentence=f"Records begin then ({', '.join(sources)}). What happened before does not count here.",
        )
        for first_day, (_, sources) in sorted(begins.items(), key=lambda item: item[1][0], reverse=True)
    ]
