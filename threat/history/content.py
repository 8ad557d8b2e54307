"""Hashes of the rows of a batch: the same rows give the same hash, however they were cut, encoded or written.

Two are kept. The *batch id* names a batch in snapshots, lists and RUNs since the first version. The *content* of a
table is what is signed: SHA-256, 32 bytes, over the whole of every value. The rows are in canonical order: the order in
which they were appended, which every part keeps. A part that is written again (compacted, or without the rows of an
erased person) therefore has the same content as long as it holds the same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from threat.history.checks import indices


class ContentHash:
    """Running hash over the rows of one batch. Each column of each table has its own stream, so that cutting the rows
    differently, or ordering a dictionary differently, changes nothing; nulls differ from every value.
    """

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], hashlib.blake2b] = {}
        self._rows: dict[str, int] = {}

    def update(self, table: str, rows: pa.RecordBatch) -> None:
        """Take in rows, as ``checks.fit`` leaves them."""
        self._rows[table] = self._rows.get(table, 0) + rows.num_rows
        for field, column in zip(rows.schema, rows.columns, strict=True):
            stream = self._streams.setdefault((table, field.name), hashlib.blake2b(digest_size=16))
            stream.update(_column_bytes(column))

    def batch_id(self, *header: str) -> str:
        """Return 32 hexadecimal digits over the header and every stream."""
        whole = hashlib.blake2b("\x1f".join(header).encode(), digest_size=16)
        for table in sorted(self._rows):
            whole.update(f"\x1e{table}\x1f{self._rows[table]}".encode())
        for (table, name), stream in sorted(self._streams.items(), key=lambda item: item[0]):
            whole.update(f"\x1e{table}.{name}\x1f".encode() + stream.digest())
        return whole.hexdigest()


class TableContent:
    """Running SHA-256 over the rows of one table of one batch, column by column.

    A column is its values, the places of its nulls and, for words, its distinct words in order of first appearance: all
    of them whole, so that two different columns never have one hash. A column without any value is as an absent column:
    a part of before the column existed has the content that the same rows have today.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._columns: dict[str, _Column] = {}

    def update(self, rows: pa.RecordBatch) -> None:
        """Take in rows."""
        for field, column in zip(rows.schema, rows.columns, strict=True):
            self._columns.setdefault(field.name, _Column()).update(column, self.rows)
        self.rows += rows.num_rows

    def digest(self) -> str:
        """Return 64 hexadecimal digits over the number of rows and every column that has a value."""
        whole = hashlib.sha256(f"rows {self.rows}".encode())
        for name, column in sorted(self._columns.items()):
            if column.has_values:
                whole.update(f"\x1e{name}\x1f".encode() + column.digest())
        return whole.hexdigest()


def content_of(rows: pa.Table) -> str:
    """Return the content hash of a table in memory.

    >>> table = pa.table({"n": [1, None, 3], "word": ["b", "a", "b"]})
    >>> cut = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    >>> content_of(table) == content_of(cut) != content_of(table.slice(1))
    True
    """
    content = TableContent()
    for piece in rows.to_batches():
        content.update(piece)
    return content.digest()


class _Column:
    """The streams of one column."""

    def __init__(self) -> None:
        self._values, self._nulls, self._words = (hashlib.sha256() for _ in range(3))
        self._number: dict[str, int] = {}
        self._type = ""
        self.has_values = False

    def update(self, column: pa.Array, start: int) -> None:
        """Take in the values of some rows, of which ``start`` is the place of the first."""
        self._type = str(column.type.value_type if pa.types.is_dictionary(column.type) else column.type)
        self.has_values |= column.null_count < len(column)
        if column.null_count:
            self._nulls.update(_bytes(np.flatnonzero(pc.is_null(column).to_numpy(zero_copy_only=False)) + start))
        if pa.types.is_dictionary(column.type):
            self._values.update(_bytes(self._numbers(*indices(column))))
        elif pa.types.is_string(column.type):
            self._texts(column)
        else:
            self._values.update(_bytes(_plain(column)))

    def digest(self) -> bytes:
        """Return 32 bytes over the type and the streams."""
        whole = hashlib.sha256(self._type.encode())
        for stream in (self._values, self._nulls, self._words):
            whole.update(stream.digest())
        return whole.digest()

    def _numbers(self, codes: np.ndarray, words: Sequence[str]) -> np.ndarray:
        """Return the codes as numbers of words in order of first appearance in the column; -1 where null."""
        appearing, first = np.unique(codes, return_index=True)
        number = np.full(len(words) + 1, -1, dtype=np.int32)
        for code in appearing[np.argsort(first)].tolist():
            if code >= 0:
                word = words[code]
                if word not in self._number:
                    self._number[word] = len(self._number)
                    self._add_text(self._words, word)
                number[code] = self._number[word]
        return number[codes]

    @staticmethod
    def _add_text(stream: Any, text: str) -> None:
        encoded = text.encode()
        # Length first: two words in a row are then never the bytes of one.
        stream.update(len(encoded).to_bytes(8, "little") + encoded)

    def _texts(self, column: pa.StringArray) -> None:
        """Take in free texts: their lengths as values, their bytes as words; no list of distinct texts is kept."""
        self._values.update(_bytes(pc.fill_null(pc.binary_length(column), -1).to_numpy(zero_copy_only=False)))
        given = pc.drop_null(column) if column.null_count else column
        if len(given):
            _, offsets, data = given.buffers()
            ends = np.frombuffer(offsets, dtype=np.int32)[given.offset : given.offset + len(given) + 1]
            if data is not None:
                self._words.update(memoryview(data)[int(ends[0]) : int(ends[-1])])


def _plain(column: pa.Array) -> np.ndarray:
    """Return the values of a column of numbers or flags, nulls as 0; -0.0 and 0.0 are one value."""
    if pa.types.is_boolean(column.type):
        return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False))
    if pa.types.is_floating(column.type):
        return np.asarray(pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False) + 0.0)
    filled = pc.fill_null(column, 0) if column.null_count else column
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _bytes(values: np.ndarray) -> memoryview:
    """Return the memory of an array, uncopied where it is of one piece."""
    return np.ascontiguousarray(values).view(np.uint8).data


def _column_bytes(column: pa.Array) -> bytes:
    if pa.types.is_dictionary(column.type):
        codes, words = indices(column)
        hashes = np.array([_word_hash(word) for word in words] + [0], dtype=np.uint64)
        return hashes[codes].tobytes()
    if pa.types.is_string(column.type):
        encoded = column.dictionary_encode()
        return _column_bytes(encoded)
    valid = pc.is_valid(column).to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(column.type):
        values = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    elif pa.types.is_floating(column.type):
        values = pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False) + 0.0  # -0.0 and 0.0 are one value
    else:
        values = pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return _pairs(values, valid)


def _pairs(values: np.ndarray, valid: np.ndarray) -> bytes:
    """Value and validity of each row together, so that the stream does not depend on where it was cut."""
    pairs = np.empty(len(values), dtype=[("value", values.dtype), ("valid", np.bool_)])
    pairs["value"], pairs["valid"] = values, valid
    return pairs.tobytes()


def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big") | 1
