"""What the ranking did not have for a relationship, said on its page so that silence is not read as safety."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from serving.desk.case.lanes import direction_by_sighting
from serving.desk.parties import Parties
from serving.desk.responses.case import Unknown
from threat.asof import DAY, happened
from threat.dates import day
from threat.history.sightings import NO_PERSON, Sightings
from threat.vocabulary import kinds

QUIET_DAYS = 90
"""Days without a new record that are said: the last band of freshness begins there."""

LATE_DAYS = 7
"""Days from event to record that count as late: more than a weekly list can wait for."""

_UNANSWERED = frozenset({"not_known", "not_asked", "refused"})


def unknowns(sightings: Sightings, parties: Parties, as_of: int, zone: str) -> list[Unknown]:
    """Return what the ranking did not have for this relationship at ``as_of``, most important first.

    ``zone``: in which the day that records begin is said.
    """
    directions = direction_by_sighting(sightings, parties, as_of)
    themes = [kind.theme for kind in kinds().values()]
    theme_of = {j: themes[int(sightings.kind[j])] for j in directions}
    assessed = [j for j, way in directions.items() if way == "this_way" and theme_of[j] == "assessment"]
    out = []
    if parties.at_risk == NO_PERSON:
        out.append(
            Unknown(
                title="No person at risk is recorded",
                sentence="Nothing about the person at risk could be used. Finding out who it is may change the order.",
            )
        )
    if not assessed:
        out.append(
            Unknown(
                title="No assessment is recorded",
                sentence="No grade and no assessment item between these two is on record. That is missing, not 'no'.",
            )
        )
    out += _unanswered_items(sightings, assessed)
    if "partner_agency" not in theme_of.values():
        out.append(
            Unknown(
                title="Nothing from partner agencies",
                sentence="Health, social care, probation and advisers may hold what these records do not.",
            )
        )
    return out + _quiet_and_late(sightings, directions, as_of) + _before_the_records_begin(sightings, as_of, zone)


def _unanswered_items(sightings: Sightings, assessed: list[int]) -> list[Unknown]:
    """Items whose latest answer is none: an item answered since is known."""
    titles = [kind.title for kind in kinds().values()]
    latest = {titles[int(sightings.kind[j])]: j for j in sorted(assessed, key=lambda j: int(sightings.occurred_at[j]))}
    unanswered = [
        title.removeprefix("Assessment: ")
        for title, j in latest.items()
        if sightings.code[j] >= 0 and sightings.code_names[int(sightings.code[j])] in _UNANSWERED
    ]
    if not unanswered:
        return []
    return [
        Unknown(
            title="Assessment items without an answer",
            sentence=f"Not asked, not known or refused: {', '.join(unanswered)}. Missing, not 'no'.",
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
                sentence=f"The latest record was made {quiet:,} days before this list. "
                "Silence is not a sign of safety.",
            )
        )
    late = int((sightings.recorded_at[where] - sightings.occurred_at[where] > LATE_DAYS * DAY).sum())
    if late:
        out.append(
            Unknown(
                title="Late records",
                sentence=f"{late:,} of {len(where):,} records here were made more than {LATE_DAYS} days after what "
                "they record; others may be on their way.",
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
            sentence=f"Records begin then ({', '.join(sources)}), so figures over longer periods may be too small.",
        )
        for first_day, (_, sources) in sorted(begins.items(), key=lambda item: item[1][0], reverse=True)
    ]
