"""Events that an export, loaded later, turned out to have recorded earlier: each event is what was recorded first.

Parts are never changed, so the earlier time is a row of the small table ``known_earlier``; and where one reference was
used for two events, so is all of the event that was recorded first. While that table is empty, as it is where exports
are loaded in order, nothing here costs anything.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.history.sorted_ids import position

COLUMNS = ("recorded_at", "recorded_precision")
"""Columns of an event that every row of ``known_earlier`` says; the others only rows with a ``kind``."""


def earliest(known_earlier: pa.Table) -> pa.Table:
    """Return the row of each event that was recorded first, by event id; in one second, the row appended last."""
    ids, recorded = (known_earlier.column(name).to_numpy() for name in ("event_id", "recorded_at"))
    order = np.lexsort((-np.arange(len(ids)), recorded, ids))
    is_first = np.ones(len(ids), dtype=bool)
    is_first[1:] = ids[order[1:]] != ids[order[:-1]]
    return known_earlier.take(pa.array(order[is_first]))


def with_earliest(events: pa.Table, event_ids: NDArray[np.int64], first: pa.Table) -> pa.Table:
    """Return the events with what ``first`` (``earliest``) says of them.

    ``events``: some columns of events whose ids are ``event_ids``; columns that do not change are left as they are.
    """
    place = position(event_ids, first.column("event_id").to_numpy())
    other = pc.is_valid(first.column("kind")).to_numpy()
    for number, name in enumerate(events.column_names):
        if name in ("event_id", "batch_id"):
            continue
        changed = np.flatnonzero((place >= 0) if name in COLUMNS else (place >= 0) & np.append(other, False)[place])
        if len(changed):
            taken = with_values_of(events.column(name), changed, first.column(name), place[changed])
            events = events.set_column(number, events.schema.field(number), taken)
    return events


def with_values_of(
    column: pa.ChunkedArray, changed: NDArray[np.int64], other: pa.ChunkedArray, places: NDArray[np.int64]
) -> pa.ChunkedArray:
    """Return a column that has, at the places ``changed``, the values that another column has at ``places``.

    >>> column, other = pa.chunked_array([[1, 2, 3]]), pa.chunked_array([[8, 9]])
    >>> with_values_of(column, np.array([0]), other, np.array([1])).to_pylist()
    [9, 2, 3]
    """
    # The rows of the column, then those of the other: each changed place takes one of the latter.
    rows = np.arange(len(column), dtype=np.int64)
    rows[changed] = len(column) + places
    both = pa.chunked_array([*column.chunks, *other.chunks], column.type)
    return pc.take(_unified(both), pa.array(rows))


def _unified(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose chunks share one dictionary, if they are words: only then can rows be taken from it."""
    return column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
