"""What a shape makes: rows of the tables, each with the file and row it came from, as frames and as Arrow tables."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from threat.history.checks import stored_schema

Shaped = dict[str, pd.DataFrame]
"""Frames by table. Besides the table's columns: ``from_file`` and ``from_row`` (position in the sheet)."""


def ids(prefix: str, *columns: Any, ordinal: Any = None) -> pd.Series[Any]:
    """``make_id(prefix, *fields, ordinal=...)`` row by row, hashed once per distinct row; null where the first column
    is null. Values are taken as Arrow writes them as text.
    """
    n = len(columns[0])
    last = pa.array(np.zeros(n, dtype=np.int64) if ordinal is None else np.asarray(ordinal))
    texts = [pa.scalar(prefix), *(_texts(column) for column in columns), last.cast(pa.string())]
    joined = pc.binary_join_element_wise(*texts, "\x1f").dictionary_encode()
    known = pc.is_valid(pa.array(columns[0], from_pandas=True)).to_numpy(zero_copy_only=False)
    number = np.array([_hash(text) for text in joined.dictionary.to_pylist()], dtype=np.int64)
    out = number[joined.indices.to_numpy()] if n else number
    return pd.Series(out, dtype="Int64").mask(~known)


def _texts(column: Any) -> pa.Array:
    """A column as text, null as the text ``make_id`` uses for None."""
    array = pa.array(column, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pc.fill_null(array.cast(pa.string()), "\x00")


def _hash(text: str) -> int:
    """As ``make_id``, from the text it makes of its fields."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def ordinals(*columns: Any) -> Any:
    """The number of each row among the rows equal to it, from 0, in order."""
    frame = pd.DataFrame({i: pd.Series(column).reset_index(drop=True) for i, column in enumerate(columns)})
    return frame.groupby(list(frame.columns), dropna=False, sort=False).cumcount().to_numpy()


def to_arrow(table: str, frame: pd.DataFrame) -> pa.Table:
    """The frame as rows of a table; columns it lacks are left out (the store fills them with nulls)."""
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
