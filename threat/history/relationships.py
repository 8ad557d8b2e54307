"""Relationships: directed pairs of persons, when each stands, of what kind, and who its parties are at an as-of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER, on_record
from threat.errors import UsageError
from threat.history.links import Links
from threat.history.relationships_build import Pairs, open_pairs
from threat.history.schema import RELATIONSHIP_KINDS
from threat.history.sightings import Rows
from threat.history.sorted_ids import position
from threat.history.spans import Spans
from threat.history.stated import UNKNOWN
from threat.history.tables import Tables
from threat.ids import show_id


@dataclass(frozen=True, slots=True, eq=False)
class Relationships:
    """Every pair of parties, as recorded, that stands as a relationship at some time; ids sorted.

    The id is that of the pair (``threat.ids.pair_ids``), whatever references the sources gave. A pair stands while a
    stated row of it or a domestic event that names it is in force; ``threat.history.relationships_build`` says when,
    and ``tests/spec/relationships`` draws the rule. int64[n] each.
    """

    pairs: Pairs
    links: Links

    @classmethod
    def of(cls, tables: Tables, links: Links) -> Relationships:
        """Read the relationships of some batches; ``links`` resolve their parties."""
        return cls(open_pairs(tables), links)

    def __len__(self) -> int:
        return len(self.relationship_id)

    @property
    def relationship_id(self) -> NDArray[np.int64]:
        """Ids of the pairs, sorted."""
        return self.pairs.relationship_id

    @property
    def subject_id(self) -> NDArray[np.int64]:
        """Subject of each pair, as recorded."""
        return self.pairs.subject_id

    @property
    def person_at_risk_id(self) -> NDArray[np.int64]:
        """Person at risk of each pair, as recorded; NO_PERSON where unknown."""
        return self.pairs.person_at_risk_id

    @property
    def recorded_at(self) -> NDArray[np.int64]:
        """Return when each pair first stood, UTC seconds."""
        standing = self.pairs.standing
        return standing.start[standing.first[:-1]]

    def standing(self, as_of: int) -> NDArray[np.bool_]:
        """Mask of the pairs that stand at ``as_of`` (UTC seconds)."""
        return self.pairs.standing.at(np.arange(len(self)), as_of) >= 0

    def stands(self, relationship_ids: ArrayLike, as_of: ArrayLike) -> NDArray[np.bool_]:
        """Mask of the relationships that stand at an as-of, one in all or one per id; False for an unknown id."""
        return self._at(relationship_ids, as_of, self.pairs.standing) >= 0

    def since(self, as_of: int) -> NDArray[np.int64]:
        """Return when each pair first stood, as known at ``as_of``; NEVER where it never had by then."""
        return np.where(on_record(self.recorded_at, as_of), self.recorded_at, NEVER)

    def kind_at(self, relationship_ids: ArrayLike, as_of: ArrayLike) -> NDArray[np.object_]:
        """Return the latest stated kind of each relationship in force at an as-of, ``unknown`` where none is stated.

        A row that states ``unknown`` says nothing: the kind before goes on. Unknown ids are of unknown kind.
        """
        span = self._at(relationship_ids, as_of, self.pairs.kinds)
        kind = np.append(self.pairs.kind, UNKNOWN)[span]
        return np.array(RELATIONSHIP_KINDS, dtype=object)[kind]

    def _at(self, relationship_ids: ArrayLike, as_of: ArrayLike, spans: Spans) -> NDArray[np.int64]:
        """Return the place of the span of each relationship that holds at its as-of; -1 without any."""
        ids = np.atleast_1d(np.asarray(relationship_ids, dtype=np.int64))
        at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape)
        where = position(ids, self.relationship_id)
        out = np.full(len(ids), -1, dtype=np.int64)
        out[where >= 0] = spans.at(where[where >= 0], at[where >= 0])
        return out

    def rows(self, relationship_ids: ArrayLike, as_of: ArrayLike) -> Rows:
        """Return the rows to score, as ``Snapshot.rows`` says."""
        ids = np.atleast_1d(np.asarray(relationship_ids, dtype=np.int64))
        at = np.ascontiguousarray(np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape))
        where = position(ids, self.relationship_id)
        missing = ids[where < 0]
        if len(missing):
            raise UsageError(
                f"Not a relationship of this history ({len(missing)} of {len(ids)}).",
                value=show_id("R", int(missing[0])),
                way_out="copy the reference from a list of the same snapshot",
            )
        return Rows(
            relationship_id=ids,
            subject=self.links.resolve(self.subject_id[where], at),
            at_risk=self.links.resolve(self.person_at_risk_id[where], at),
            as_of=at,
        )
