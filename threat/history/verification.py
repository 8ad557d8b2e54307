"""Verification of a store in full: every row is read, and ids, contents and counts are computed from the rows again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from threat.errors import IntegrityFailure, ThreatError, raise_all
from threat.files import sha256_of
from threat.history.batches import QUARANTINE, Entry, Part
from threat.history.content import ContentHash, TableContent, content_of

ROWS_AT_ONCE = 500_000
"""Rows read at once: some 100 MB of events, so that a store of any size is verified in little memory."""


@dataclass(frozen=True, slots=True)
class RowsRead:
    """What the rows of a batch say: its id, by table their content hash and number, and the quarantined rows' file."""

    batch_id: str
    content: dict[str, str]
    rows: dict[str, int]
    quarantine: Part | None


def read_rows(store: Path, entry: Entry) -> RowsRead:
    """Read every row of a batch. Raises IntegrityFailure where a file cannot be read as Parquet."""
    whole, content, rows = ContentHash(), {}, {}
    for table, parts in entry.parts.items():
        of_table = TableContent()
        for path, _, _ in parts:
            try:
                for piece in pq.ParquetFile(store / path).iter_batches(ROWS_AT_ONCE):
                    whole.update(table, piece)
                    of_table.update(piece)
            except (OSError, pa.ArrowException) as error:
                raise _unreadable(path, error) from None
        content[table], rows[table] = of_table.digest(), of_table.rows
    quarantine = None
    if entry.quarantine is not None and (file := store / entry.quarantine[0]).is_file():
        try:
            rejected = pq.read_table(file)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(entry.quarantine[0], error) from None
        content[QUARANTINE], rows[QUARANTINE] = content_of(rejected), rejected.num_rows
        quarantine = (entry.quarantine[0], rejected.num_rows, sha256_of(file))
    elif QUARANTINE in entry.content:  # all of them erased
        content[QUARANTINE] = TableContent().digest()
    return RowsRead(whole.batch_id(*entry.batch.header()), content, rows, quarantine)


def _unreadable(path: str, error: Exception) -> IntegrityFailure:
    return IntegrityFailure("This part cannot be read.", value=error, where=path, way_out="restore it from a copy")


def verify_rows(store: Path, entries: Sequence[Entry]) -> list[Entry]:
    """Compare batches with their rows; return the batches with the contents that their rows have.

    Raises IntegrityFailure with everything that differs: ids, contents, numbers of rows. A batch of which rows were
    erased has no id to compare: the content that is left is what the erasure signed.
    """
    problems: list[ThreatError] = []
    out = []
    for entry in entries:
        read = read_rows(store, entry)
        problems += _problems(entry, read)
        out.append(replace(entry, content=read.content, quarantine=read.quarantine))
    raise_all(problems)
    return out


def _problems(entry: Entry, read: RowsRead) -> list[ThreatError]:
    name = f"batch {entry.batch_id}"
    batch = entry.batch
    problems: list[ThreatError] = []
    if not entry.erased and read.batch_id != entry.batch_id:
        problems.append(_differs("The id of a batch is not that of its rows.", read.batch_id, name))
    for table, listed in entry.content.items():
        if read.content.get(table) != listed:
            problems.append(_differs("The rows of a table are not those that were loaded.", table, f"{name}, {table}"))
    for table, parts in entry.parts.items():
        expected = sum(rows for _, rows, _ in parts)
        if read.rows[table] != expected:
            problems.append(
                _differs(
                    "A table has another number of rows than the manifest says.", read.rows[table], f"{name}, {table}"
                )
            )
    if (batch.rows_in or 0) - batch.rows_quarantined != entry.rows_kept:
        problems.append(_differs("The rows of a batch are not those kept and quarantined.", entry.rows_kept, name))
    return problems


def _differs(problem: str, value: object, where: str) -> IntegrityFailure:
    return IntegrityFailure(problem, value=value, where=where, way_out="restore the store from a copy")
