"""The file of a relationship: its incidents, gaps and pages, and on which page the card of an event is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from serving.desk.case.filters import Choice, Facets, FacetSource, facets_of
from serving.desk.case.gaps import Gap, gaps_of, placed
from serving.desk.case.incidents import Incident, incidents_of
from serving.desk.case.lanes import direction_by_sighting
from serving.desk.case.records import Inexact, is_new
from serving.desk.parties import Parties
from serving.desk.responses.answer import Direction
from threat.history.sightings import Sightings

PER_PAGE = 25
"""Incidents on a page: of the relationships for review in a synthetic force, nine in ten have fewer. A longer page is
slow to open and is not read."""


@dataclass(frozen=True)
class CaseFile:
    """Everything on record of two parties at an as-of (UTC seconds), each visible record in exactly one incident.

    ``since``: as-of of the list that changes are compared with, 0 for none. ``must_see``: event ids that opened an
    item. ``zone``: in which years are counted. ``inexact``: as ``Snapshot.inexact``.
    """

    sightings: Sightings
    parties: Parties
    as_of: int
    since: int
    must_see: Collection[int]
    zone: str
    inexact: Inexact

    @cached_property
    def directions(self) -> dict[int, Direction]:
        """Direction of each visible record, by position."""
        return direction_by_sighting(self.sightings, self.parties, self.as_of)

    @cached_property
    def incidents(self) -> list[Incident]:
        """All incidents, latest first, what is still to come before all others."""
        return incidents_of(self.sightings, self.directions, self.as_of)

    @cached_property
    def facets(self) -> list[Facets]:
        """Facets of each incident, by its number: the values that a filter can choose it by."""
        source = FacetSource(self.sightings, self.directions, self.since, self.must_see, self.zone)
        return [facets_of(incident, source) for incident in self.incidents]

    @cached_property
    def gaps(self) -> dict[int, list[Gap]]:
        """Gaps by the number of the incident that each is drawn under, -1 for those before the latest."""
        where = np.fromiter(self.directions, dtype=np.int64, count=len(self.directions))
        _, _, unknown = self.inexact(np.asarray(self.sightings.event_id[where]))
        undated = set(where[unknown].tolist())
        return placed(gaps_of(self.sightings, self.directions, self.as_of, undated), self.incidents)

    @cached_property
    def new(self) -> list[int]:
        """Positions of the records since the list before, latest first."""
        return [j for incident in self.incidents for j in incident.rows if is_new(self.sightings, j, self.since)]

    @cached_property
    def pages(self) -> dict[int, int]:
        """Page of each event by its id, where nothing is filtered out: from 1."""
        return {
            int(self.sightings.event_id[j]): number // PER_PAGE + 1
            for number, incident in enumerate(self.incidents)
            for j in incident.rows
        }

    def chosen(self, choice: Choice) -> list[int]:
        """Return the numbers of the incidents that a choice lets through, on all its pages."""
        return [number for number, facets in enumerate(self.facets) if facets.match(choice)]
