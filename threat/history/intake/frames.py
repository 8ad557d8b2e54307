"""What a shape makes of an export: rows of the tables as frames, each with its file and row, and their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from threat.history.checks import stored_schema
from threat.history.intake.profile import Profile
from threat.history.intake.sheet import Sheet
from threat.history.snapshot import Snapshot
from threat.ids import NO_VALUE, SEPARATOR, id_of_text

Frames = dict[str, pd.DataFrame]
"""Frames by table. Besides the table's columns: ``from_file`` and ``from_row`` (position in the sheet)."""

Shape = Callable[[dict[str, Sheet], Profile, Snapshot], Frames]
"""Makes frames of sheets; rejects, in the sheets, every row that the source's meaning rules out."""


def ids(prefix: str, *columns: Any, ordinal: Any = None) -> pd.Series[Any]:
    """Return ``make_id(prefix, *fields, ordinal=...)`` of every row; null where the first column is null.

    Values are taken as Arrow writes them as text.

    >>> ids("person", pd.Series(["anna", None, "anna"]), pd.Series(["standard_csv"] * 3)).tolist()
    [5503021567240733590, <NA>, 5503021567240733590]
    """
    n = len(columns[0])
    last = pa.array(np.zeros(n, dtype=np.int64) if ordinal is None else np.asarray(ordinal))
    texts = [pa.scalar(prefix), *(_texts(column) for column in columns), last.cast(pa.string())]
    # Hashed once per distinct text: most rows repeat a person, and hashing is the slow part.
    joined = pc.binary_join_element_wise(*texts, SEPARATOR).dictionary_encode()
    is_given = pc.is_valid(pa.array(columns[0], from_pandas=True)).to_numpy(zero_copy_only=False)
    distinct = np.array([id_of_text(text) for text in joined.dictionary.to_pylist()], dtype=np.int64)
    values = distinct[joined.indices.to_numpy()] if n else distinct
    return pd.Series(values, dtype="Int64").mask(~is_given)


def _texts(column: Any) -> pa.Array:
    """Return a column as text, null as the text ``make_id`` uses for None."""
    array = pa.array(column, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pc.fill_null(array.cast(pa.string()), NO_VALUE)


def ordinals(*columns: Any) -> Any:
    """Return the number of each row among the rows equal to it, from 0, in order.

    >>> ordinals(["theft", "theft", "arson", "theft"], [1, 1, 1, 2]).tolist()
    [0, 1, 0, 0]
    """
    frame = pd.DataFrame({i: pd.Series(column).reset_index(drop=True) for i, column in enumerate(columns)})
    return frame.groupby(list(frame.columns), dropna=False, sort=False).cumcount().to_numpy()


def to_arrow(table: str, frame: pd.DataFrame) -> pa.Table:
    """Return the frame as rows of a table, without columns the frame lacks (the store fills those with nulls)."""
    schema = stored_schema(table)
    arrays, fields = [], []
    for field in schema:
        if field.name not in frame.columns:
            continue
        column = pa.array(frame[field.name], from_pandas=True)
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if pa.types.is_null(column.type):
            column = pa.nulls(len(column), field.type)
        elif pa.types.is_dictionary(field.type):
            column = column.cast(pa.string()).dictionary_encode()
        arrays.append(column.cast(field.type))
        fields.append(field)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
