"""Rows that did not fit: kept in the store with the reason, never coerced, never dropped."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from threat.history.batches import Entry
from threat.history.tables import Tables

SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("severe", pa.bool_(), nullable=False),
        pa.field("record", pa.string(), nullable=False),
    ]
)
"""``row``: number in the file, the first after the header being 1. ``record``: the row as it was, as JSON."""

REASONS = {
    "wrong_number_of_cells": "more or fewer cells than the header has columns",
    "missing_value": "a value the profile requires is empty",
    "unreadable_time": "no format of the profile reads the time",
    "ambiguous_time": "an hour that the end of summer time makes twice",
    "nonexistent_time": "an hour that the start of summer time leaves out",
    "impossible_date": "happened after it was recorded or before a birth, ended before it began, or is outside any "
    "record's years",
    "recorded_in_future": "recorded later than the load",
    "unreadable_number": "not a number where one belongs",
    "damaged_reference": "a reference in scientific notation: a spreadsheet has lost its digits",
    "unknown_code": "a code or word the profile does not map",
    "not_a_record": "no record at all: the header again, a line of totals, or a text the profile knows as none",
    "duplicate_key": "the same key as an earlier row of the file",
    "identical_row": "equals more earlier rows in every cell than the profile keeps",
    "unknown_reference": "names a row that is neither in the file nor held",
    "names_nobody": "an event that names no person",
    "same_person": "names one person as subject and as person at risk",
    "circular_correction": "supersedes itself, directly or through other rows",
    "other_parties": "withdraws a row that names other people",
    "key_reused": "the key is held with other content; a correction needs a key of its own",
}
"""Every reason, in the words of the report."""


def file_of(tables: Tables, entry: Entry) -> Path | None:
    """Return the file of the quarantined rows of a batch; None where it has none."""
    if entry.quarantine is None:
        return None
    path = tables.store_path / entry.quarantine[0]
    # In a manifest of format 1 every batch names a file, which is there only if it has such rows.
    return path if path.is_file() else None


def read(tables: Tables) -> pd.DataFrame:
    """Read all quarantined rows, oldest batch first: ``batch_id``, ``profile`` and the columns of ``SCHEMA``.

    The records are as the source wrote them, protected characteristics and identities included: show them only to
    people who may see those.
    """
    frames = []
    for entry in tables.entries:
        path = file_of(tables, entry)
        if path is not None:
            frame = pq.read_table(path).to_pandas()
            frame.insert(0, "profile", entry.batch.profile)
            frame.insert(0, "batch_id", entry.batch_id)
            frames.append(frame)
    if not frames:
        return pd.DataFrame(columns=["batch_id", "profile", *SCHEMA.names])
    return pd.concat(frames, ignore_index=True)
