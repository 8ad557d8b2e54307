"""The store: immutable Parquet parts and one manifest replaced by an atomic rename.

    manifest.json                   the chain of records: batches, erasures (``threat.history.manifest``)
    parts/<table>/<batch>-<n>.parquet
    quarantine/<batch>.parquet      rows that did not fit, with the reason (``threat.history.intake``)
    derived/<snapshot>/             arrays made from a snapshot; may be deleted at any time
    identity_access.jsonl           who opened whose identity, when and why (append-only)

There is no database file: a load never locks a reader, and a killed load leaves the manifest, and so the history, as
it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.files import is_unfinished
from threat.history import manifest
from threat.history.batches import Batch, Erasure
from threat.history.integrity import Integrity
from threat.history.manifest import Manifest
from threat.history.snapshot import Snapshot
from threat.history.store_folder import StoreFolder
from threat.history.verification import verify_rows
from threat.history.writer import Writer
from threat.trust.folder import Trust


class Store(StoreFolder):
    """A history on disk. Use ``Store.create`` or ``Store.open``."""

    @classmethod
    def create(cls, path: str | Path, trust: Trust | None = None) -> Store:
        """Make a new, empty store, signed where there is a trust folder.

        Raises UsageError when the folder already holds something, and without the key of ``intake`` where one is
        needed.
        """
        path = Path(path)
        # A creation killed half-way may have left the unfinished manifest: that is still an empty folder.
        if path.exists() and (not path.is_dir() or not all(map(is_unfinished, path.iterdir()))):
            raise UsageError("The folder for a new store is not empty.", value=path, way_out="name an empty folder")
        store = cls(path, trust)
        signer = store.signer()
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        store.seen.forget()
        store.replace_manifest(manifest.new_history(store.trust.environment, signer))
        return store

    @classmethod
    def open_or_create(cls, path: str | Path, trust: Trust | None = None) -> Store:
        """Open the store at ``path``, or create the store when there is none."""
        there = (Path(path) / manifest.FILE).is_file()
        return cls.open(path, trust) if there else cls.create(path, trust)

    @classmethod
    def open(cls, path: str | Path, trust: Trust | None = None) -> Store:
        """Open an existing store, judged by ``trust`` (None: ``Trust.open()``).

        Raises UsageError when there is none at ``path``, IntegrityFailure when its manifest does not verify.
        """
        path = Path(path)
        if not (path / manifest.FILE).is_file():
            raise UsageError("There is no history here.", value=path, way_out="load records first: threat load")
        store = cls(path, trust)
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

    def snapshot(self, snapshot_id: str | None = None, *, check: bool = True, erased_ok: bool = False) -> Snapshot:
        """Return the history as it is now, or as the list of batches (and erasures) an earlier result names.

        Every file of the snapshot is checked against the manifest first (``check_files``), unless ``check`` is False:
        for figures about the store alone. Rows that were erased since are in no snapshot: where an earlier one lacks
        some, ``erased_ok`` is asked for by who says so, and ``Snapshot.erasures`` has them.

        Raises IntegrityFailure when no snapshot of this store has that id, or a file was changed; BadInput where rows
        of the snapshot were erased since.
        """
        whole = self.manifest()
        asked = whole.snapshots[-1] if snapshot_id is None else self._named(whole, snapshot_id)
        at, batches, erasures = asked
        entries = whole.entries[:batches]
        ids = {entry.batch_id for entry in entries}
        since = tuple(
            erasure
            for erasure in whole.erasures[erasures:]
            if any(change.batch_id in ids for change in erasure.changes)
        )
        if since and not erased_ok:
            raise _erased(at, since, self.path)
        if check:
            self.check_files(entries)
        integrity = Integrity(self.trust, self.seen, whole.history, len(whole.erasures), whole.signed, check)
        return Snapshot(self.path, at, entries, integrity, since)

    def _named(self, whole: Manifest, snapshot_id: str) -> tuple[str, int, int]:
        for snapshot in whole.snapshots:
            if snapshot[0] == snapshot_id:
                return snapshot
        raise IntegrityFailure(
            "This store never held that snapshot.",
            value=snapshot_id,
            where=str(self.path),
            way_out="open the store the result was computed from",
        )

    def verify(self, *, full: bool = False) -> int:
        """Check the manifest, and the SHA-256 of every file, whatever was checked before; return how many files.

        ``full``: read every row as well, and compute ids of batches, contents and numbers of rows again. Raises
        IntegrityFailure with all that differs.
        """
        entries = self.entries()
        files = self.check_every_file(entries)
        if full:
            verify_rows(self.path, entries)
        return files

    def sign(self) -> Manifest:
        """Sign the history with the key of ``intake``, after verifying it in full; return the manifest.

        For a history of before there was a trust folder, and after the key was lost or revoked: whatever signatures it
        has are not asked. Raises UsageError without a trust folder or the key, IntegrityFailure for changed rows.
        """
        signer = self.trust.signer("intake")
        unjudged = StoreFolder(self.path, Trust.none())
        with unjudged.writing():
            unjudged.sweep()
            whole = unjudged.manifest()
            unjudged.check_every_file(whole.entries)
            read = verify_rows(self.path, whole.entries)
            chain = whole if whole.is_chain else manifest.chained(read)
            signed = manifest.signed_by(chain, self.trust.environment, signer)
            self.seen.forget()
            self.replace_manifest(signed)
        return self.manifest()


class RowsErased(BadInput):
    """Rows of an earlier snapshot were erased since, so that nothing is computed or shown from it any more."""


def _erased(snapshot_id: str, since: tuple[Erasure, ...], path: Path) -> RowsErased:
    return RowsErased(
        "Rows of this snapshot were erased since: what was computed from the snapshot cannot be computed again.",
        value=f"snapshot {snapshot_id}: {'; '.join(erasure.said for erasure in since)}",
        where=str(path),
        way_out="compute the result anew on the history as the history is now",
    )
