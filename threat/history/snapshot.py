"""A snapshot: the history as the list of batches it was computed from, and what is derived from its tables."""

from __future__ import annotations

from functools import cached_property

from numpy.typing import ArrayLike

from threat.history.links import Links
from threat.history.relationships import Relationships
from threat.history.sightings import Rows, Sightings
from threat.history.sightings_build import open_or_build
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
        """The relationships, one row each, by id."""
        return Relationships.of(self, self.links)

    def sightings(self) -> Sightings:
        """Return the memory-mapped arrays the feature engines read.

        They are built on first use, under ``derived/<snapshot id>/``.
        """
        return open_or_build(self, self.links)

    def rows(self, relationship_ids: ArrayLike, as_of: ArrayLike) -> Rows:
        """Return the rows to score; ``as_of`` is one instant (int64 UTC seconds) or one per relationship.

        Parties are resolved through the merges known at each as-of. Raises UsageError for an unknown relationship.
        """
        return self.relationships.rows(relationship_ids, as_of)
