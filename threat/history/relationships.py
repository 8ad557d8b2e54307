"""Relationships by id, and their parties as known at an as-of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER
from threat.errors import UsageError
from threat.history.links import Links
from threat.history.sightings import NO_PERSON, Rows
from threat.history.sorted_ids import position
from threat.history.tables import Tables
from threat.ids import show_id


@dataclass(frozen=True, slots=True, eq=False)
class Relationships:
    """One row per relationship, sorted by id: parties as recorded, when recorded, when withdrawn (NEVER: not).

    A relationship appended again (a withdrawal is such a row) keeps its earliest ``recorded_at`` and its earliest
    ``withdrawn_at``. int64 each; ``kind`` is what the row recorded last says.
    """

    relationship_id: NDArray[np.int64]
    subject_id: NDArray[np.int64]
    person_at_risk_id: NDArray[np.int64]
    recorded_at: NDArray[np.int64]
    withdrawn_at: NDArray[np.int64]
    kind: NDArray[np.object_]
    links: Links

    @classmethod
    def of(cls, tables: Tables, links: Links) -> Relationships:
        """Read the relationships of some batches; ``links`` resolve their parties."""
        table = tables.table("relationships")
        ids = table.column("relationship_id").to_numpy()
        unique, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
        times = table.column("recorded_at").to_numpy()
        recorded = np.full(len(unique), NEVER, dtype=np.int64)
        np.minimum.at(recorded, inverse, times)
        withdrawn = np.full(len(unique), NEVER, dtype=np.int64)
        np.minimum.at(withdrawn, inverse, pc.fill_null(table.column("withdrawn_at"), NEVER).to_numpy())
        at_risk = pc.fill_null(table.column("person_at_risk_id"), NO_PERSON).to_numpy()
        last = np.zeros(len(unique), dtype=np.int64)
        in_time = np.argsort(times, kind="stable")
        last[inverse[in_time]] = in_time
        kind = np.array(table.column("kind").combine_chunks().dictionary_decode().to_pylist(), dtype=object)
        return cls(
            relationship_id=unique,
            subject_id=table.column("subject_id").to_numpy()[first],
            person_at_risk_id=at_risk[first],
            recorded_at=recorded,
            withdrawn_at=withdrawn,
            kind=kind[last] if len(ids) else kind,
            links=links,
        )

    def __len__(self) -> int:
        return len(self.relationship_id)

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
