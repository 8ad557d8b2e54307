"""Gaps: stretches of time of which nothing about either party is on record. They are drawn, never left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from serving.desk.case.incidents import Incident
from threat.asof import DAY, happened
from threat.history.sightings import Sightings

GAP_DAYS = 90
"""More days than this without a record are drawn as a gap: three months, the longest that a page may pass over in
silence. The same number of days without a new record is said under what is not known."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing is on record between two instants (UTC seconds); ``ended_at`` is the as-of where no record follows."""

    began_at: int
    ended_at: int

    @property
    def days(self) -> int:
        """Whole days of the gap."""
        return (self.ended_at - self.began_at) // DAY


def gaps_of(sightings: Sightings, rows: Collection[int], as_of: int, undated: Collection[int]) -> list[Gap]:
    """Return the gaps between some sightings and up to ``as_of``, latest first.

    A course of conduct fills the time from its beginning to its end. ``undated``: positions of records whose date
    nobody knows; they fill no time, as what is still to come does not.

    Records of day 0 and day 91, and a list of day 100: a gap between the records, none before the list.

    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> days = np.array([0, 91]) * DAY
    >>> gaps_of(SimpleNamespace(began_at=days, occurred_at=days), [0, 1], 100 * DAY, ())
    [Gap(began_at=0, ended_at=7862400)]
    """
    spans = sorted(
        (int(sightings.began_at[j]), int(sightings.occurred_at[j]))
        for j in rows
        if j not in undated and happened(int(sightings.occurred_at[j]), as_of)
    )
    if not spans:
        return []
    gaps, end = [], spans[0][1]
    for began_at, ended_at in [*spans[1:], (as_of, as_of)]:
        if began_at - end > GAP_DAYS * DAY:
            gaps.append(Gap(end, began_at))
        end = max(end, ended_at)
    return gaps[::-1]


def placed(gaps: Sequence[Gap], incidents: Sequence[Incident]) -> dict[int, list[Gap]]:
    """Return gaps by the number of the incident that each is drawn under, latest first: the earliest that is later.

    ``incidents``: latest first. A gap under no incident, such as that up to the list, has the number -1.
    """
    out: dict[int, list[Gap]] = {}
    for gap in gaps:
        later = [
            number
            for number, incident in enumerate(incidents)
            if not incident.ahead and incident.occurred_at >= gap.ended_at
        ]
        out.setdefault(max(later, default=-1), []).append(gap)
    return out
