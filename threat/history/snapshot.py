"""A snapshot: the history as the list of batches it was computed from, and what is derived from its tables."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER
from threat.history.ages import Births
from threat.history.columns import hidden, ints, kind_numbers
from threat.history.links import Links
from threat.history.relationships import Relationships
from threat.history.schema import UNKNOWN
from threat.history.sightings import Rows, Sightings
from threat.history.sightings_build import open_or_build
from threat.history.sorted_ids import is_in, since
from threat.history.tables import Tables


class Snapshot(Tables):
    """The open tables of a list of batches, with the links, relationships and sightings derived from them.

    ``Store.snapshot`` makes it. Safe to share between threads for reading.
    """

    @cached_property
    def links(self) -> Links:
        """Merges and unmerges of persons, replayable."""
        return Links.of(self)

    @cached_property
    def relationships(self) -> Relationships:
        """The relationships, by id, with the spans in which each stands."""
        return Relationships.of(self, self.links)

    @cached_property
    def births(self) -> Births:
        """The birth years of persons, as they were recorded."""
        return Births.of(self, self.links)

    @cached_property
    def _hidden(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The ids, sorted, of the events that were corrected or withdrawn, and when."""
        event_id, recorded = (ints(self, name) for name in ("event_id", "recorded_at"))
        end = hidden(self, event_id, recorded, kind_numbers(self))
        rows = np.flatnonzero(end < NEVER)
        rows = rows[np.argsort(event_id[rows])]
        return event_id[rows], end[rows]

    def hidden_at(self, event_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when each event was corrected or withdrawn, int64 UTC seconds; NEVER where it was not.

        ``threat.history.versions`` has the rule. Not after its own recording: the event was never in force.
        """
        return since(event_ids, *self._hidden)

    @cached_property
    def _inexact(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The ids, sorted, of the events of each mask of ``inexact``."""
        names = ["event_id", "occurred_precision", "recorded_precision"]
        event_id, occurred, recorded = self.table("events", names).columns
        masks = (pc.equal(occurred, "day"), pc.equal(recorded, "day"), pc.equal(occurred, UNKNOWN))
        by_day, recorded_by_day, not_known = (np.sort(event_id.filter(mask).to_numpy()) for mask in masks)
        return by_day, recorded_by_day, not_known

    def inexact(self, event_ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which events happened, and which were recorded, at no known hour of a day; and which on no known day.

        An id that is of no event is of none of the three.
        """
        by_day, recorded_by_day, not_known = self._inexact
        return is_in(event_ids, by_day), is_in(event_ids, recorded_by_day), is_in(event_ids, not_known)

    @cached_property
    def undated(self) -> frozenset[int]:
        """The ids of the events of no known day: deaths whose date a source did not give."""
        return frozenset(self._inexact[2].tolist())

    def sightings(self) -> Sightings:
        """Return the memory-mapped arrays the feature engines read.

        They are built on first use, under ``derived/<snapshot id>/``.
        """
        return self._sightings

    @cached_property
    def _sightings(self) -> Sightings:
        """The arrays, mapped once: each mapping holds 20 files open, and a desk asks some ten times for one page."""
        return open_or_build(self, self.links)

    def rows(self, relationship_ids: ArrayLike, as_of: ArrayLike) -> Rows:
        """Return the rows to score; ``as_of`` is one instant (int64 UTC seconds) or one per relationship.

        Parties are resolved through the merges known at each as-of. Raises UsageError for an unknown relationship.
        """
        return self.relationships.rows(relationship_ids, as_of)
