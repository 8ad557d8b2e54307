"""The incident as the unit of display: which records are of one incident, and in which order incidents stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from serving.desk.case.records import is_ahead, kind_of
from threat.history.gravity import gravities
from threat.history.sightings import Sightings

FOLLOWED = frozenset("criminal_justice custody order partner_agency unit".split())
"""Themes of what follows an incident: an incident is dated by what happened, not by the charge months later."""


@dataclass(frozen=True, slots=True)
class Incident:
    """The records of one incident, as positions of sightings.

    ``happened``: the gravest first. ``assessed``: answers and grades, as the vocabulary orders them. ``followed``:
    charges, outcomes, orders, referrals, visits, the earliest first; a record of such a theme in an incident of which
    nothing else is on record is what happened. ``ahead``: what is still to come is an incident of its own.

    ``began_at`` and ``occurred_at``: of what happened, else of what was assessed: first beginning and latest end;
    ``recorded_at``: of the latest record of these. UTC seconds.
    """

    incident_id: int
    ahead: bool
    happened: tuple[int, ...]
    assessed: tuple[int, ...]
    followed: tuple[int, ...]
    began_at: int
    occurred_at: int
    recorded_at: int

    @property
    def rows(self) -> tuple[int, ...]:
        """Positions of all records of the incident."""
        return self.happened + self.assessed + self.followed


def incidents_of(sightings: Sightings, rows: Iterable[int], as_of: int) -> list[Incident]:
    """Return the incidents of some sightings, latest first, what is still to come before all others.

    A course of conduct has its place where it was last known to go on: what goes on now is at the top, however long
    ago it began. Of incidents of one instant the one that was recorded later is first, then the graver.
    """
    together: dict[tuple[int, bool], list[int]] = {}
    for j in rows:
        together.setdefault((int(sightings.incident_id[j]), is_ahead(sightings, j, as_of)), []).append(j)
    gravity = gravity_by_position(sightings, [j for group in together.values() for j in group])
    incidents = [
        _incident(sightings, group, gravity, incident_id=incident_id, ahead=ahead)
        for (incident_id, ahead), group in together.items()
    ]
    return sorted(incidents, key=lambda incident: _place(incident, sightings, gravity), reverse=True)


def gravity_by_position(sightings: Sightings, rows: list[int]) -> dict[int, int]:
    """Return the gravity of sightings by position: the greater is the graver."""
    where = np.array(rows, dtype=np.int64)
    numbers = gravities(
        sightings.kind[where],
        sightings.code[where],
        sightings.value[where],
        sightings.domestic[where],
        sightings.code_names,
    )
    return dict(zip(rows, numbers.tolist(), strict=True))


def _incident(
    sightings: Sightings, rows: list[int], gravity: dict[int, int], *, incident_id: int, ahead: bool
) -> Incident:
    themes = {j: kind_of(sightings, j).theme for j in rows}
    assessed = [j for j in rows if themes[j] == "assessment"]
    followed = [j for j in rows if themes[j] in FOLLOWED]
    happened = [j for j in rows if themes[j] != "assessment" and themes[j] not in FOLLOWED]
    if not happened and not assessed:
        happened, followed = followed, []
    dated = np.array(happened or assessed, dtype=np.int64)
    return Incident(
        incident_id=incident_id,
        ahead=ahead,
        happened=tuple(sorted(happened, key=lambda j: (-gravity[j], *_moments(sightings, j)))),
        assessed=tuple(sorted(assessed, key=lambda j: (int(sightings.kind[j]), *_moments(sightings, j)))),
        followed=tuple(sorted(followed, key=lambda j: (*_moments(sightings, j), -gravity[j]))),
        began_at=int(sightings.began_at[dated].min()),
        occurred_at=int(sightings.occurred_at[dated].max()),
        recorded_at=int(sightings.recorded_at[dated].max()),
    )


def _moments(sightings: Sightings, j: int) -> tuple[int, int]:
    return int(sightings.occurred_at[j]), int(sightings.recorded_at[j])


def _place(incident: Incident, sightings: Sightings, gravity: dict[int, int]) -> tuple[bool, int, int, int, int]:
    """Return the key that orders incidents; an event's id decides only between incidents that are equal in all else."""
    first = incident.rows[0]
    return (
        incident.ahead,
        incident.occurred_at,
        incident.recorded_at,
        gravity[first],
        int(sightings.event_id[first]),
    )
