"""Rows of a file that are equal in every cell: how many, and which copy of its group each row is."""

from __future__ import annotations

from collections.abc import Collection
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


def identical_rows(raw: pa.Table, among: NDArray[np.bool_], first: Collection[str] = ()) -> IdenticalRows:
    """Count equal rows; ``raw``: every column as text. ``among``: a mask, the rows to look at.

    ``first``: columns with many different texts, such as times; compared first, they leave few rows for the others.

    >>> copies = identical_rows(pa.table({"kind": ["theft", "theft", "arson", "theft"]}), np.ones(4, dtype=bool))
    >>> copies.rows, copies.largest, copies.ordinal.tolist()
    (2, 3, [0, 1, 0, 2])
    """
    ordinal = np.zeros(len(among), dtype=np.int64)
    rows = np.flatnonzero(among)
    group = np.zeros(len(rows), dtype=np.int64)
    for name in [*first, *(name for name in raw.column_names if name not in first)]:
        column = raw.column(name) if len(rows) == raw.num_rows else raw.column(name).take(pa.array(rows))
        if column.null_count < len(column):
            codes = pc.fill_null(column.combine_chunks().dictionary_encode().indices, -1).to_numpy(zero_copy_only=False)
            group, _ = pd.factorize(group * (int(codes.max()) + 2) + codes + 1)
        # A row that differs from all others needs no further look.
        is_shared = np.bincount(group)[group] > 1
        rows, group = rows[is_shared], group[is_shared]
        if not len(rows):
            return IdenticalRows(0, 0, ordinal)
    group, _ = pd.factorize(group)
    sizes = np.bincount(group)
    order = np.argsort(group, kind="stable")
    starts = np.cumsum(sizes) - sizes
    ordinal[rows[order]] = np.arange(len(rows)) - starts[group[order]]
    return IdenticalRows(int(np.count_nonzero(ordinal)), int(sizes.max()), ordinal)
