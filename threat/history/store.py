"""The store: immutable Parquet parts and one manifest replaced by an atomic rename.

    manifest.json                   the batches in order, each with its parts (path, rows, SHA-256)
    parts/<table>/<batch>-<n>.parquet
    quarantine/<batch>.parquet      rows that did not fit, with the reason (``threat.history.intake``)
    derived/<snapshot>/             arrays made from a snapshot; may be deleted at any time
    identity_access.jsonl           who opened whose identity, when and why (append-only)

There is no database file: a load never locks a reader, and a killed load leaves the manifest, and so the history, as
it was.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.errors import BadInput, IntegrityFailure, ThreatError, UsageError, raise_all
from threat.files import is_unfinished, move_into_place, sha256_of, write_whole
from threat.history.batches import EMPTY, Batch, Entry, next_snapshot_id
from threat.history.checks import check, fit, stored_schema
from threat.history.circles import in_a_circle
from threat.history.content import ContentHash
from threat.history.schema import REPEATED, TABLES
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import is_in
from threat.ids import show_id

FORMAT = "threat-history/1"
ROWS_PER_GROUP = 500_000
"""Rows checked, hashed and written at once: some 100 MB of events, so that a load of any size fits a small machine."""


class Store:
    """A history on disk. Use ``Store.create`` or ``Store.open``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: str | Path) -> Store:
        """Make a new, empty store. Raises UsageError when the folder already holds something."""
        path = Path(path)
        # A creation killed half-way may have left the unfinished manifest: that is still an empty folder.
        if path.exists() and (not path.is_dir() or not all(map(is_unfinished, path.iterdir()))):
            raise UsageError("The folder for a new store is not empty.", value=path, way_out="name an empty folder")
        path.mkdir(parents=True, exist_ok=True)
        store = cls(path)
        store.replace_entries([])
        return store

    @classmethod
    def open_or_create(cls, path: str | Path) -> Store:
        """Open the store at ``path``, or create the store when there is none."""
        return cls.open(path) if (Path(path) / "manifest.json").is_file() else cls.create(path)

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Open an existing store. Raises UsageError when there is none at ``path``."""
        path = Path(path)
        if not (path / "manifest.json").is_file():
            raise UsageError("There is no history here.", value=path, way_out="load records first: threat load")
        store = cls(path)
        store.entries()
        return store

    def append(
        self, batch: Batch, tables: Mapping[str, pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch | pa.Table]]
    ) -> str:
        """Write rows as immutable parts and add them to the history in one step; returns the batch id.

        ``tables``: by table name, an Arrow table or an iterable of record batches (read one after the other, so that
        memory does not grow). The id is a hash of the content: appending the same rows twice changes nothing.
        Raises BadInput for rows that break a rule of the history or use an event id again, UsageError when another load
        is writing.
        """
        with self.writer(batch) as writer:
            for name, rows in tables.items():
                for piece in [rows] if isinstance(rows, (pa.Table, pa.RecordBatch)) else rows:
                    writer.write(name, piece)
        return writer.batch_id

    def writer(self, batch: Batch) -> Writer:
        """Return a writer of several tables at once: ``with store.writer(batch) as w: w.write(name, rows)``.

        Leaving the block commits; an exception leaves the history as it was.
        """
        return Writer(self, batch)

    def snapshot(self, snapshot_id: str | None = None) -> Snapshot:
        """Return the history as it is now, or as the list of batches an earlier result names.

        Raises IntegrityFailure when no snapshot of this store has that id.
        """
        entries = self.entries()
        at = EMPTY
        for i, entry in enumerate(entries):
            if at == snapshot_id:
                return Snapshot(self.path, at, entries[:i])
            at = next_snapshot_id(at, entry.batch_id)
        if snapshot_id is not None and at != snapshot_id:
            raise IntegrityFailure(
                "This store never held that snapshot.",
                value=snapshot_id,
                where=str(self.path),
                way_out="open the store the result was computed from",
            )
        return Snapshot(self.path, at, entries)

    def entries(self) -> list[Entry]:
        """Read the batches of the manifest, in order. Raises IntegrityFailure when it cannot be read."""
        path = self.path / "manifest.json"
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["format"] != FORMAT:
                raise ValueError(f"format {document['format']}")
            return [
                Entry(
                    item["batch_id"],
                    Batch(**item["batch"]),
                    item["rows_kept"],
                    {
                        name: [(path, rows, digest) for path, rows, digest in parts]
                        for name, parts in item["parts"].items()
                    },
                )
                for item in document["batches"]
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IntegrityFailure(
                "The manifest of the history cannot be read.",
                value=error,
                where=str(path),
                way_out="restore the store from a copy; do not edit it",
            ) from None

    def verify(self) -> int:
        """Check the SHA-256 of every part against the manifest; returns how many. Raises IntegrityFailure otherwise."""
        problems = []
        parts = [part for entry in self.entries() for parts in entry.parts.values() for part in parts]
        for path, _, digest in parts:
            whole = self.path / path
            digest_now = sha256_of(whole) if whole.is_file() else "missing"
            if digest_now != digest:
                problems.append(
                    IntegrityFailure(
                        "This part was changed.", value=digest_now, where=path, way_out="restore it from a copy"
                    )
                )
        raise_all(list(problems))
        return len(parts)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Lock the store for writing. Raises UsageError when another process has locked it."""
        # A lock of the operating system: it ends with the process, also when the process is killed.
        with (self.path / "lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise UsageError(
                    "Another load is writing to this store.",
                    value=f"process {lock.read().strip() or 'unknown'}",
                    where=str(self.path),
                    way_out="wait until it has ended, then try again",
                ) from None
            lock.seek(0)
            lock.truncate()
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def sweep(self) -> None:
        """Delete what a killed load left behind. Call it only while holding ``writing``."""
        shutil.rmtree(self.path / "incoming", ignore_errors=True)
        for left in filter(is_unfinished, self.path.iterdir()):
            left.unlink()
        entries = self.entries()
        listed = {path for entry in entries for parts in entry.parts.values() for path, _, _ in parts}
        listed |= {f"quarantine/{entry.batch_id}.parquet" for entry in entries}
        for file in [*self.path.glob("parts/*/*.parquet"), *self.path.glob("quarantine/*.parquet")]:
            if file.relative_to(self.path).as_posix() not in listed:
                file.unlink()

    def replace_entries(self, entries: list[Entry]) -> None:
        """Make these the batches of the history, in one step. Call it only while holding ``writing``."""
        document = {"format": FORMAT, "batches": [asdict(entry) for entry in entries]}
        write_whole(self.path / "manifest.json", json.dumps(document, indent=1))


class Writer:
    """One batch being written; nothing of it can be seen until the block ends without an exception.

    ``batch`` may be replaced until then; ``batch_id`` is known afterwards ("" when the batch was abandoned).
    """

    def __init__(self, store: Store, batch: Batch) -> None:
        self.batch_id = ""
        self.batch = batch
        self._store = store
        self._abandoned = False
        self._content = ContentHash()
        self._files: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, int] = {}
        self._event_ids: list[NDArray[np.int64]] = []
        self._corrections: list[NDArray[np.int64]] = []
        self._quarantine: pa.Table | None = None

    def __enter__(self) -> Writer:
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
            self._content.update(table, piece)
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
        # Only where it is said, so that the ids of deliveries that say nothing stay as they were.
        covers = [f"{source} until {at}" for source, at in sorted(batch.covers_until.items())]
        self.batch_id = self._content.batch_id(batch.profile, batch.sha256, str(batch.rows_quarantined), *covers)
        entries = self._store.entries()
        if any(entry.batch_id == self.batch_id for entry in entries):
            return
        self._refuse_reused_ids()
        self._refuse_circles()
        rows_in = sum(self._rows.values()) + batch.rows_quarantined if batch.rows_in is None else batch.rows_in
        if rows_in < batch.rows_quarantined:
            raise BadInput("The batch quarantines more rows than it had.", value=batch.rows_quarantined)
        parts: dict[str, list[tuple[str, int, str]]] = {}
        for table, rows in self._rows.items():
            target = f"parts/{table}/{self.batch_id}-0000.parquet"
            parts[table] = [(target, rows, self._place(f"{table}.parquet", target))]
        if self._quarantine is not None and self._quarantine.num_rows:
            pq.write_table(self._quarantine, self._incoming / "quarantine.parquet", compression="zstd")
            self._place("quarantine.parquet", f"quarantine/{self.batch_id}.parquet")
        entry = Entry(self.batch_id, replace(batch, rows_in=rows_in), rows_in - batch.rows_quarantined, parts)
        try:
            self._store.replace_entries([*entries, entry])
        except OSError:
            # The new manifest may be in place although the disk did not confirm its name: whoever is told that nothing
            # was loaded must find nothing.
            with suppress(OSError):
                self._store.replace_entries(entries)
            raise

    def _refuse_reused_ids(self) -> None:
        """Refuse an event id used before: parts are not rewritten, so the event would count twice for ever."""
        if not self._event_ids:
            return
        ids = np.sort(np.concatenate(self._event_ids))
        existing_ids = self._store.snapshot().table("events", ["event_id"]).column("event_id").to_numpy()
        twice = np.concatenate([ids[1:][ids[1:] == ids[:-1]], existing_ids[is_in(existing_ids, ids)]])
        if len(twice):
            raise BadInput(
                f"{len(twice)} event ids are used twice.",
                value=show_id("E", int(twice[0])),
                where="events.event_id",
                way_out="a correction has an id of its own and names the old one in supersedes_event_id",
            )

    def _refuse_circles(self) -> None:
        """Refuse events that supersede themselves, alone or with events of before: none of them would be in force."""
        if not sum(map(len, self._corrections)):
            return
        columns = ["event_id", "supersedes_event_id"]
        corrections = np.concatenate(
            [*self._corrections, _corrections(self._store.snapshot().table("events", columns))]
        )
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
