"""What the kernel is given: the columns of sightings, a compiled program, and the rows asked about.

Named tuples, because compiled code reads their fields by place at no cost. Their field names are part of the version
under which compiled code is kept (``compiling``): code compiled for another order of fields is never used.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Columns(NamedTuple):
    """The arrays of ``Sightings`` that the kernel reads, by the same names; one that no instruction reads is short."""

    offsets: NDArray[np.int64]
    occurred_at: NDArray[np.int64]
    visible_from: NDArray[np.int64]
    visible_until: NDArray[np.int64]
    kind: NDArray[np.int16]
    role: NDArray[np.int8]
    proactive: NDArray[np.bool_]
    domestic: NDArray[np.int8]
    counterpart: NDArray[np.int32]
    code: NDArray[np.int16]
    reported_by: NDArray[np.int8]
    incident_id: NDArray[np.int64]
    value: NDArray[np.float32]
    until: NDArray[np.int64]
    recorded_at: NDArray[np.int64]
    began_at: NDArray[np.int64]


SOMETIMES = frozenset(
    {"counterpart", "code", "reported_by", "incident_id", "value", "until", "recorded_at", "began_at"}
)
"""Columns that only some instructions read. The kernel reads all the others whatever the program is."""


class Asked(NamedTuple):
    """The row numbers of one block, and the parties and as-of of every row of the job by row number.

    ``party`` and ``other``: indices into the persons of the store, -1 unknown, -2 never seen; ``party`` is the person
    whose history this half reads. ``capacity``: the longest history among the rows of the block.
    """

    rows: NDArray[np.int64]
    party: NDArray[np.int64]
    other: NDArray[np.int64]
    as_of: NDArray[np.int64]
    capacity: int


class Program(NamedTuple):
    """One half's program: what each event adds, and how each value is read.

    ``acting``: the role that is class 0 to 2 (``program.CLASSES``). ``instructions`` int32 (n, 5): operation, filter
    (0: none), cell, window map, auxiliary number; for LAST_CODE the last two are its mark cell and its table. ``back``,
    ``ahead``, ``stays``: int32 offsets by dispatch key of the instructions for look-back events, events to come, and
    stays. ``streams``: uint8 by kind, which of the three (1, 2, 4) read the kind at all.
    ``edges``: int64 window lengths in seconds, ascending. ``maps``: int16 (m, edges + 1) from edge to bucket, -1
    beyond. ``filters``: bool (f, (codes + 1) * reporters). ``tables``: float64 (t, codes + 1) value of a code.
    ``start``: initial integer cells. ``sums`` and ``float_sums`` int32 (n, 2): first cell and number of the buckets
    that are added up. ``plain`` int32 (n, 2): column and integer cell of values that are read as they are; ``outputs``
    int64 (n, 8): operation, column, a, b, c, window, needs a person at risk, gate (a float cell that must be 1, -1:
    none), for all other values; ``factors`` float64 (n, 2): windows of a ratio in days. ``pool``: cells of slopes.
    ``rates``: half lives in seconds. ``harm``: days by kind number. ``reads_counterpart``, ``reads_code``: some
    instruction reads that column (and with the code, who reported). ``any_ahead``, ``any_stays``: some instruction
    reads events to come, or stays.
    """

    acting: int
    instructions: NDArray[np.int32]
    back: NDArray[np.int32]
    ahead: NDArray[np.int32]
    stays: NDArray[np.int32]
    streams: NDArray[np.uint8]
    edges: NDArray[np.int64]
    maps: NDArray[np.int16]
    filters: NDArray[np.bool_]
    tables: NDArray[np.float64]
    start: NDArray[np.int64]
    n_floats: int
    sums: NDArray[np.int32]
    float_sums: NDArray[np.int32]
    plain: NDArray[np.int32]
    outputs: NDArray[np.int64]
    factors: NDArray[np.float64]
    pool: NDArray[np.int32]
    rates: NDArray[np.float64]
    harm: NDArray[np.float64]
    n_incident_bits: int
    n_counterpart_bits: int
    n_harm: int
    reads_counterpart: bool
    reads_code: bool
    any_ahead: bool
    any_stays: bool
