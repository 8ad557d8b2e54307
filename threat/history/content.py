"""The content hash of a batch: the same rows give the same id, however they were cut into record batches or encoded."""

from __future__ import annotations

import hashlib

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
        """32 hexadecimal digits over the header and every stream."""
        whole = hashlib.blake2b("\x1f".join(header).encode(), digest_size=16)
        for table in sorted(self._rows):
            whole.update(f"\x1e{table}\x1f{self._rows[table]}".encode())
        for (table, name), stream in sorted(self._streams.items(), key=lambda item: item[0]):
            whole.update(f"\x1e{table}.{name}\x1f".encode() + stream.digest())
        return whole.hexdigest()


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
