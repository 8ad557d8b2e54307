"""Events that an export, loaded later, turned out to have recorded earlier: each event counts from its earliest time.

Parts are never changed, so the earlier time is a row of the small table ``known_earlier``. While that table is empty,
as it is where exports are loaded in order, nothing here costs anything.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.history.sorted_ids import position

COLUMNS = ("recorded_at", "recorded_precision")
"""Columns of an event that its earliest row in ``known_earlier`` says."""


def earliest(known_earlier: pa.Table) -> pa.Table:
    """Return the row of each event that was recorded first, by event id."""
    in_order = known_earlier.sort_by([("event_id", "ascending"), ("recorded_at", "ascending")])
    ids = in_order.column("event_id").to_numpy()
    is_first = np.ones(len(ids), dtype=bool)
    is_first[1:] = ids[1:] != ids[:-1]
    return in_order.filter(pa.array(is_first))


def with_earliest(events: pa.Table, event_ids: NDArray[np.int64], first: pa.Table) -> pa.Table:
    """Return the events with the times of ``first`` (``earliest``) where those are earlier.

    ``events``: some columns of events whose ids are ``event_ids``; columns that do not change are left as they are.
    """
    place = position(event_ids, first.column("event_id").to_numpy())
    changed = np.flatnonzero(place >= 0)
    if not len(changed):
        return events
    # The rows of the events, then the earliest rows: each changed event takes the latter.
    rows = np.arange(len(event_ids), dtype=np.int64)
    rows[changed] = len(event_ids) + place[changed]
    for name in COLUMNS:
        if name in events.column_names:
            number = events.column_names.index(name)
            both = pa.chunked_array([*events.column(name).chunks, *first.column(name).chunks], events.column(name).type)
            taken = pc.take(_unified(both), pa.array(rows))
            events = events.set_column(number, events.schema.field(number), taken)
    return events


def _unified(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose chunks share one dictionary, if they are words: only then can rows be taken from it."""
    return column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
