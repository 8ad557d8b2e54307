"""The writer of one batch: rows into parts, the parts into place, and then one record in the manifest."""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.errors import BadInput, ThreatError, UsageError
from threat.files import move_into_place, sha256_of
from threat.history import manifest
from threat.history.batches import QUARANTINE, Batch, Entry, Part
from threat.history.checks import check, fit, stored_schema
from threat.history.circles import in_a_circle
from threat.history.content import ContentHash, TableContent, content_of
from threat.history.record_fields import batch_fields
from threat.history.schema import REPEATED, TABLES
from threat.history.sorted_ids import is_in
from threat.history.store_folder import StoreFolder
from threat.history.tables import Tables
from threat.history.verification import verify_rows
from threat.ids import show_id

ROWS_PER_GROUP = 500_000
"""Rows checked, hashed and written at once: some 100 MB of events, so that a load of any size fits a small machine."""


class Writer:
    """One batch being written; nothing of it can be seen until the block ends without an exception.

    ``batch`` may be replaced until then; ``batch_id`` is known afterwards ("" when the batch was abandoned).
    """

    def __init__(self, store: StoreFolder, batch: Batch) -> None:
        self.batch_id = ""
        self.batch = batch
        self._store = store
        self._abandoned = False
        self._id = ContentHash()
        self._content: dict[str, TableContent] = {}
        self._files: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, int] = {}
        self._event_ids: list[NDArray[np.int64]] = []
        self._corrections: list[NDArray[np.int64]] = []
        self._quarantine: pa.Table | None = None

    def __enter__(self) -> Writer:
        # Before any row is read: a load of an hour is not to end for want of a key.
        self._store.signer()
        self._lock = self._store.writing()
        self._lock.__enter__()
        try:
            self._store.sweep()
            self._incoming = self._store.path / "incoming" / uuid.uuid4().hex
            self._incoming.mkdir(parents=True)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def write(self, table: str, rows: pa.Table | pa.RecordBatch) -> None:
        """Add rows to a table. Columns that may be null can be left out. Raises BadInput for rows that break a rule.

        A table's name with ``schema.REPEATED`` at its end: rows that came again and changed nothing.
        """
        if table.removesuffix(REPEATED) not in TABLES or table == "batches":
            raise UsageError(
                "Not a table to write to.", value=table, way_out=", ".join(n for n in TABLES if n != "batches")
            )
        for start in range(0, rows.num_rows, ROWS_PER_GROUP):
            piece = fit(table, rows.slice(start, ROWS_PER_GROUP))
            check(table.removesuffix(REPEATED), piece)
            self._id.update(table, piece)
            self._content.setdefault(table, TableContent()).update(piece)
            if table not in self._files:
                schema = stored_schema(table)
                self._files[table] = pq.ParquetWriter(
                    self._incoming / f"{table}.parquet",
                    schema,
                    compression="zstd",
                    use_dictionary=[field.name for field in schema if pa.types.is_dictionary(field.type)],
                )
            self._files[table].write_batch(piece, row_group_size=ROWS_PER_GROUP)
            self._rows[table] = self._rows.get(table, 0) + piece.num_rows
            if table == "events":
                self._event_ids.append(piece.column("event_id").to_numpy())
            if table in {"events", "known_earlier"}:
                self._corrections.append(_corrections(piece))

    def quarantine(self, rows: pa.Table) -> None:
        """Keep rows that did not fit next to the batch; columns as ``threat.history.quarantine.SCHEMA``."""
        self._quarantine = rows

    def abandon(self) -> None:
        """Append nothing when the block ends."""
        self._abandoned = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_whole = False
        try:
            for file in self._files.values():
                file.close()
            if kind is None and not self._abandoned:
                self._commit()
            is_whole = True
        finally:
            shutil.rmtree(self._incoming, ignore_errors=True)
            if not is_whole:
                # Parts that were placed before the disk was full would fill it until the next load.
                with suppress(OSError, ThreatError):
                    self._store.sweep()
            self._lock.__exit__(None, None, None)

    def _commit(self) -> None:
        batch = self.batch
        self.batch_id = self._id.batch_id(*batch.header())
        before = self._store.manifest()
        if any(entry.batch_id == self.batch_id for entry in before.entries):
            return
        self._refuse_reused_ids()
        self._refuse_circles()
        rows_in = sum(self._rows.values()) + batch.rows_quarantined if batch.rows_in is None else batch.rows_in
        if rows_in < batch.rows_quarantined:
            raise BadInput("The batch quarantines more rows than it had.", value=batch.rows_quarantined)
        if not before.is_chain:
            before = manifest.chained(verify_rows(self._store.path, before.entries))
            self._store.replace_manifest(before)
        entry = self._placed(replace(batch, rows_in=rows_in))
        try:
            self._store.add_record(batch_fields(entry))
        except OSError:
            # The new manifest may be in place although the disk did not confirm its name: whoever is told that nothing
            # was loaded must find nothing.
            with suppress(OSError):
                self._store.replace_manifest(before)
            raise

    def _placed(self, batch: Batch) -> Entry:
        """Move every finished file to its place; return the batch as the manifest is to list it."""
        parts: dict[str, list[Part]] = {}
        content = {table: of_table.digest() for table, of_table in self._content.items()}
        for table, rows in self._rows.items():
            target = f"parts/{table}/{self.batch_id}-0000.parquet"
            parts[table] = [(target, rows, self._place(f"{table}.parquet", target))]
        quarantine = None
        if self._quarantine is not None and self._quarantine.num_rows:
            pq.write_table(self._quarantine, self._incoming / "quarantine.parquet", compression="zstd")
            target = f"quarantine/{self.batch_id}.parquet"
            quarantine = (target, self._quarantine.num_rows, self._place("quarantine.parquet", target))
            content[QUARANTINE] = content_of(self._quarantine)
        kept = (batch.rows_in or 0) - batch.rows_quarantined
        return Entry(self.batch_id, batch, kept, parts, quarantine, content)

    def _refuse_reused_ids(self) -> None:
        """Refuse an event id used before: parts are not rewritten, so the event would count twice for ever."""
        if not self._event_ids:
            return
        ids = np.sort(np.concatenate(self._event_ids))
        existing_ids = self._tables().table("events", ["event_id"]).column("event_id").to_numpy()
        twice = np.concatenate([ids[1:][ids[1:] == ids[:-1]], existing_ids[is_in(existing_ids, ids)]])
        if len(twice):
            raise BadInput(
                f"{len(twice)} event ids are used twice.",
                value=show_id("E", int(twice[0])),
                where="events.event_id",
                way_out="a correction has an id of its own and names the old one in supersedes_event_id",
            )

    def _tables(self) -> Tables:
        return Tables(self._store.path, "", self._store.entries())

    def _refuse_circles(self) -> None:
        """Refuse events that supersede themselves, alone or with events of before: none of them would be in force."""
        if not sum(map(len, self._corrections)):
            return
        columns = ["event_id", "supersedes_event_id"]
        corrections = np.concatenate([*self._corrections, _corrections(self._tables().table("events", columns))])
        circular = corrections[in_a_circle(corrections[:, 0], corrections[:, 1])]
        # A circle that a store of before holds is no fault of this batch.
        circular = circular[np.isin(circular[:, 0], np.concatenate(self._corrections)[:, 0])]
        if len(circular):
            raise BadInput(
                f"{len(circular)} events are circular: they supersede themselves, directly or through others.",
                value=show_id("E", int(circular[0, 0])),
                where="events.supersedes_event_id",
                way_out="a correction names an event that was recorded before it",
            )

    def _place(self, name: str, target: str) -> str:
        """Move a finished file to its place, safely on disk; returns its SHA-256."""
        source, goal = self._incoming / name, self._store.path / target
        digest = sha256_of(source)
        goal.parent.mkdir(parents=True, exist_ok=True)
        move_into_place(source, goal)
        return digest


def _corrections(events: pa.Table | pa.RecordBatch) -> NDArray[np.int64]:
    """Return the id of each event that supersedes another, and the id that it supersedes: int64[n, 2]."""
    events = events.filter(pc.is_valid(events.column("supersedes_event_id")))
    return np.column_stack([events.column(name).to_numpy() for name in ("event_id", "supersedes_event_id")])
