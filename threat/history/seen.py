"""What this account has verified of a store before: hashes of files that have not changed since, and the head it saw.

Kept outside the store, in a folder of the account that reads, so that who can write the store cannot write what is
remembered of it. A file counts as unchanged while its size, times of content and of inode, inode and device are what
they were when its bytes were last hashed. Whoever writes a file can set the first two back, but not the time of the
inode. Losing the folder costs time alone, and the memory of the head.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from threat import untrusted
from threat.errors import IntegrityFailure
from threat.files import sha256_of, whole_file

VARIABLE: Final = "THREAT_CACHE"
"""Names the folder; without it ``$XDG_CACHE_HOME/threat`` or ``~/.cache/threat``."""

_STAMP = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev")

_THREADS = min(4, os.cpu_count() or 1)
"""Files hashed at once: hashing lets other threads run, and beyond four the memory is the limit."""


def cache_folder() -> Path | None:
    """Return the folder of what this account remembers, made where it is missing; None where there can be none.

    None as well where another account owns the folder or could write to it: its content would prove nothing.
    """
    named = os.environ.get(VARIABLE) or ""
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(named) if named else Path(home) / "threat"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.stat()
    except (OSError, RuntimeError):
        return None
    writable_by_others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return None if writable_by_others or status.st_uid != os.geteuid() else folder


def hashes_of(paths: Iterable[Path]) -> list[str]:
    """Return the SHA-256 of some files, in order, several at once; ``missing`` where a file cannot be read."""
    given = list(paths)
    if len(given) < 2:
        return [_hash_of(path) for path in given]
    with ThreadPoolExecutor(min(_THREADS, len(given))) as pool:
        return list(pool.map(_hash_of, given))


def _hash_of(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return "missing"


@dataclass(slots=True)
class Seen:
    """What was verified of one store. ``file``: where this is kept, None where nothing can be.

    ``history``, ``sequence``, ``head``: id of the history and its newest record, when last verified. ``stamps``: by
    path below the store, what the file system said of a file and the SHA-256 of its bytes.
    """

    file: Path | None
    history: str = ""
    sequence: int = -1
    head: str = ""
    stamps: dict[str, list[int | str]] = field(default_factory=dict)
    _changed: bool = False

    @classmethod
    def of(cls, store: Path) -> Seen:
        """Return what this account remembers of the store at a path; nothing where it cannot be read."""
        folder = cache_folder()
        place = store.resolve()
        if folder is None or folder.resolve().is_relative_to(place):
            return cls(None)
        seen = cls(folder / "stores" / f"{sha256_of(os.fsencode(place))[:32]}.json")
        seen._take(seen._on_disk())
        return seen

    def _on_disk(self) -> dict[str, Any]:
        if self.file is None:
            return {}
        with suppress(OSError, ValueError, AttributeError):
            document = untrusted.decode_object(untrusted.read(self.file))
            kinds = {name: type(value) for name, value in document.items()}
            if kinds == {"history": str, "sequence": int, "head": str, "stamps": dict}:
                return dict(document)
        return {}

    def _take(self, document: dict[str, Any]) -> None:
        if document:
            self.history, self.sequence = document["history"], document["sequence"]
            self.head, self.stamps = document["head"], document["stamps"]

    def changed_files(self, store: Path, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the files, of (path below the store, SHA-256), whose bytes are others, each with the hash it has now.

        Only files that this account has not hashed since they last changed are read.
        """
        unknown = []
        for path, digest in wanted:
            stamp = _stamp(store / path)
            if stamp is None or self.stamps.get(path) != [*stamp, digest]:
                unknown.append((path, digest, stamp))
        changed = []
        for (path, digest, stamp), now in zip(unknown, hashes_of(store / path for path, _, _ in unknown), strict=True):
            if now != digest:
                changed.append((path, now))
            elif stamp is not None:
                # Stamped before it was read: a file changed meanwhile has another stamp next time, and is read again.
                self.stamps[path] = [*stamp, digest]
                self._changed = True
        return changed

    def remember_head(self, history: str, sequence: int, head: str) -> None:
        """Remember the newest record of a history."""
        if (self.history, self.sequence, self.head) != (history, sequence, head):
            self.history, self.sequence, self.head = history, sequence, head
            self._changed = True

    def check_head(self, history: str, hashes: Sequence[str], where: Path) -> None:
        """Raise IntegrityFailure where a history is not the one seen before, or lacks records that were seen."""
        if not self.history:
            return
        way_out = f"restore the newest copy; where this history was put here on purpose, remove {self.file}"
        if self.history != history:
            raise IntegrityFailure(
                "Another history is here than this account saw before.",
                value=history,
                where=str(where),
                way_out=way_out,
            )
        if self.sequence >= len(hashes) or hashes[self.sequence] != self.head:
            raise IntegrityFailure(
                "The history lacks records that this account saw before.",
                value=f"{len(hashes)} records; record {self.sequence + 1} was {self.head[:16]}",
                where=str(where),
                way_out=way_out,
            )

    def save(self) -> None:
        """Write what was learnt, if anything; a folder that refuses costs time alone."""
        if self.file is None or not self._changed:
            return
        before = self._on_disk()
        # Another process may have seen a newer head meanwhile: the memory of a head never goes back.
        if before.get("history") == self.history and before.get("sequence", -1) > self.sequence:
            self.sequence, self.head = before["sequence"], before["head"]
        document = {"history": self.history, "sequence": self.sequence, "head": self.head, "stamps": self.stamps}
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Not flushed to the disk: what is lost is hashed again.
            with whole_file(self.file, synced=False) as unfinished:
                unfinished.touch(mode=0o600)
                unfinished.write_text(json.dumps(document), encoding="utf-8")
        self._changed = False

    def forget(self) -> None:
        """Forget everything: a new history begins here, made by this process."""
        self.history, self.sequence, self.head, self.stamps = "", -1, "", {}
        self._changed = True
        if self.file is not None:
            with suppress(OSError):
                self.file.unlink(missing_ok=True)


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    # A link is read for what it points to, and its own times say nothing of that.
    return [getattr(status, name) for name in _STAMP] if stat.S_ISREG(status.st_mode) else None
