"""The folder of a store: its manifest, its lock, and which of its files are listed. Nothing here knows a row."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from threat.errors import IntegrityFailure, ThreatError, UsageError, raise_all
from threat.files import is_unfinished
from threat.history import manifest
from threat.history.batches import Entry
from threat.history.manifest import Manifest
from threat.history.seen import Seen
from threat.trust.folder import Trust
from threat.trust.signing import Signer


class StoreFolder:
    """A store on disk, and the trust by which its records are judged."""

    def __init__(self, path: Path, trust: Trust | None = None) -> None:
        self.path = path
        self.trust = Trust.open() if trust is None else trust
        self._seen: Seen | None = None

    @property
    def seen(self) -> Seen:
        """Return what this account remembers of the store."""
        if self._seen is None:
            self._seen = Seen.of(self.path)
        return self._seen

    def manifest(self) -> Manifest:
        """Read and verify the manifest. Raises IntegrityFailure where it does not verify or goes back behind its head.

        Where nothing is signed, nothing is remembered of the head: a developer may put any store anywhere.
        """
        # Before the manifest: a load that ends between the two must not make this manifest look cut short.
        seen = self.seen
        read = manifest.read(self.path / manifest.FILE, self.trust)
        if read.signed:
            seen.check_head(read.history, read.hashes, self.path)
            seen.remember_head(read.history, len(read.records) - 1, read.head)
            seen.save()
        return read

    def entries(self) -> list[Entry]:
        """Read the batches of the manifest, in order. Raises IntegrityFailure when it does not verify."""
        return list(self.manifest().entries)

    def signer(self) -> Signer | None:
        """Return the signer of records; None where no trust folder exists. Raises UsageError without the intake key."""
        return self.trust.signer("intake") if self.trust.exists else None

    def replace_manifest(self, changed: Manifest) -> None:
        """Make this the manifest of the store, in one step. Call it only while holding ``writing``."""
        manifest.write(self.path / manifest.FILE, changed)
        if changed.signed:
            self.seen.remember_head(changed.history, len(changed.records) - 1, changed.head)
            self.seen.save()

    def add_record(self, fields: Mapping[str, Any]) -> Manifest:
        """Append a record to the manifest, signed where there is a trust folder; return the manifest.

        Call it only while holding ``writing``. Raises UsageError without the intake key. Not for a store of format 1.
        """
        changed = manifest.with_record(self.manifest(), fields, self.signer())
        self.replace_manifest(changed)
        return changed

    def check_files(self, entries: Iterable[Entry]) -> None:
        """Refuse to read files that are not the ones the manifest lists. Raises IntegrityFailure naming all of them.

        Files that this account hashed before and that have not changed since are not read again.
        """
        wanted = [(path, digest) for entry in entries for path, _, digest in entry.files() if digest]
        changed = self.seen.changed_files(self.path, wanted)
        self.seen.save()
        raise_all(self._changed(changed))

    def check_every_file(self, entries: Iterable[Entry]) -> int:
        """Hash every file of some batches, whatever was hashed before; return how many. Raises as ``check_files``."""
        wanted = [(path, digest) for entry in entries for path, _, digest in entry.files() if digest]
        self.seen.stamps.clear()
        changed = self.seen.changed_files(self.path, wanted)
        self.seen.save()
        raise_all(self._changed(changed))
        return len(wanted)

    @staticmethod
    def _changed(changed: Iterable[tuple[str, str]]) -> list[ThreatError]:
        return [
            IntegrityFailure("This part was changed.", value=now, where=path, way_out="restore it from a copy")
            for path, now in changed
        ]

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
        """Delete what a killed load or erasure left behind. Call it only while holding ``writing``."""
        shutil.rmtree(self.path / "incoming", ignore_errors=True)
        for left in filter(is_unfinished, self.path.iterdir()):
            left.unlink()
        for file in self.strays():
            file.unlink()

    def strays(self) -> list[Path]:
        """Return the files of parts and quarantined rows that no record lists."""
        listed = {path for entry in self.entries() for path, _, _ in entry.files()}
        files = [*self.path.glob("parts/*/*.parquet"), *self.path.glob("quarantine/*.parquet")]
        return [file for file in files if file.relative_to(self.path).as_posix() not in listed]
