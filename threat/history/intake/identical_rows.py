"""Rows of a file that are equal in every cell: how many, and which copy of its group each row is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


class IdenticalRows(NamedTuple):
    """Equal rows. ``rows``: those that equal an earlier row. ``largest``: rows of the largest group, 0 without any.

    ``ordinal``: int64, one per row of the file: 0 for the first row of its group, 1 for its first copy, and so on.
    """

    rows: int
    largest: int
    ordinal: NDArray[np.int64]


def identical_rows(raw: pa.Table, among: NDArray[np.bool_]) -> IdenticalRows:
    """Count equal rows; ``raw``: every column as text. ``among``: a mask, the rows to look at.

    >>> found = identical_rows(pa.table({"kind": ["theft", "theft", "arson", "theft"]}), np.ones(4, dtype=bool))
    >>> found.rows, found.largest, found.ordinal.tolist()
    (2, 3, [0, 1, 0, 2])
    """
    ordinal = np.zeros(len(among), dtype=np.int64)
    where = np.flatnonzero(among)
    if not len(where):
        return IdenticalRows(0, 0, ordinal)
    # Columns one after the other, as numbers: a group of all texts at once takes far more memory and time.
    group = np.zeros(len(where), dtype=np.int64)
    for name in raw.column_names:
        column = raw.column(name).take(pa.array(where))
        if column.null_count == len(column):
            continue
        codes = pc.fill_null(column.combine_chunks().dictionary_encode().indices, -1).to_numpy(zero_copy_only=False)
        group, distinct = pd.factorize(group * (int(codes.max()) + 2) + codes + 1)
        if len(distinct) == len(where):  # most files have times or references: soon no two rows are equal
            return IdenticalRows(0, 0, ordinal)
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    ordinal[where[order]] = np.arange(len(where)) - starts[group[order]]
    largest = int(sizes.max())
    return IdenticalRows(int(np.count_nonzero(ordinal)), largest if largest > 1 else 0, ordinal)
