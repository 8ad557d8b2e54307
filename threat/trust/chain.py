"""An append-only log whose entries are linked by hash: changing, dropping, adding or moving any line is found.

One JSON document per line: ``{"entry", "hash", "previous", "sequence"}`` in canonical form. ``hash`` is the SHA-256 of
the canonical form of the other three, so every entry seals all that came before it. A log cannot prove by itself that
its *last* lines were not cut off: keep its ``head`` somewhere else (a signed checkpoint) and hand it to ``verify``.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threat import untrusted
from threat.errors import BadInput, IntegrityFailure
from threat.files import private_folder, sync_folder

START = "0" * 64
"""``previous`` of the first entry."""

_LINE = {"entry": dict, "hash": str, "previous": str, "sequence": int}
"""Fields of a line, with their types."""

_BLOCK = 1 << 16
"""Bytes read at a time, backwards, until a whole last line is found; a longer line only takes more reads."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends: the number of entries and the hash of the last (START when empty)."""

    count: int
    hash: str


def canonical(document: Any) -> bytes:
    """Return the bytes that a JSON document has: sorted keys, no spaces, UTF-8.

    Raises BadInput for NaN and for values that are not JSON.
    """
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise BadInput("The entry is not JSON, so it cannot be sealed.", value=error) from None


def link(previous: str, sequence: int, entry: Mapping[str, Any]) -> str:
    """The hash (64 hexadecimal digits) that seals ``entry`` as number ``sequence`` (from 0) after ``previous``.

    A log kept elsewhere, such as in a database, uses this same rule.
    """
    return hashlib.sha256(canonical({"entry": entry, "previous": previous, "sequence": sequence})).hexdigest()


def append(path: Path, entry: Mapping[str, Any] | Callable[[Head], Mapping[str, Any]]) -> str:
    """Add an entry and return its hash; on disk before this returns. Writers wait for each other.

    ``entry``: the entry, or a function of the head that makes the entry, for an entry that names its own place.
    Raises IntegrityFailure when the last line does not verify (nothing is added to a broken log), BadInput for values
    that are not JSON, OSError when the disk refuses (the log is then as it was).
    """
    if not callable(entry):
        canonical(entry)  # before the file is made: an entry that is not JSON leaves no empty log behind
    new = not path.exists()
    private_folder(path.parent)
    with _locked(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, fcntl.LOCK_EX) as handle:
        head = _head(handle, path)
        made = entry(head) if callable(entry) else entry
        seal = link(head.hash, head.count, made)
        line = {"entry": made, "hash": seal, "previous": head.hash, "sequence": head.count}
        size = os.fstat(handle).st_size
        try:
            _write(handle, canonical(line) + b"\n")
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    if new:
        sync_folder(path.parent)
    return seal


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Each line's document in order, verified as it is read. An absent log has none.

    Raises IntegrityFailure naming the first bad line.
    """
    if not path.exists():
        return
    previous, sequence = START, 0
    with _locked(path, os.O_RDONLY, fcntl.LOCK_SH) as handle, os.fdopen(os.dup(handle), "rb") as lines:
        for raw in lines:
            document = _check(raw, previous, sequence, path)
            yield document
            previous, sequence = document["hash"], sequence + 1


def verify(path: Path, expected: Head | None = None) -> int:
    """The number of entries, all sealed in order.

    ``expected``: a head kept elsewhere; the log must still hold that entry (it may have grown since).
    Raises IntegrityFailure naming the first bad line, or saying that entries are missing at the end.
    """
    count = 0
    if expected is not None and expected.count == 0:
        expected = None
    sealed = None
    for document in entries(path):
        count += 1
        if expected is not None and count == expected.count:
            sealed = document["hash"]
    if expected is not None and sealed != expected.hash:
        raise IntegrityFailure(
            "The log no longer holds the entry its checkpoint names: entries were removed or rewritten.",
            value=f"{count} entries, the checkpoint names entry {expected.count - 1}",
            where=str(path),
            way_out="stop using this log; restore it from a copy and tell the person responsible for security",
        )
    return count


def head(path: Path) -> Head:
    """Return the head of the log. Checks the last line only; ``verify`` checks all of them."""
    if not path.exists():
        return Head(0, START)
    with _locked(path, os.O_RDONLY, fcntl.LOCK_SH) as handle:
        return _head(handle, path)


@contextmanager
def _locked(path: Path, flags: int, lock: int) -> Iterator[int]:
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if path.is_symlink():
            raise IntegrityFailure("The log is a link to another file.", where=str(path)) from error
        raise
    try:
        fcntl.flock(handle, lock)
        yield handle
    finally:
        os.close(handle)


def _head(handle: int, path: Path) -> Head:
    """Read the last line backwards, so that appending costs the same whatever the length of the log."""
    size = os.fstat(handle).st_size
    if size == 0:
        return Head(0, START)
    start, tail = size, b""
    while start > 0 and tail.rstrip(b"\n").find(b"\n") < 0:
        step = min(_BLOCK, start)
        start -= step
        tail = os.pread(handle, step, start) + tail
    raw = tail[tail.rstrip(b"\n").rfind(b"\n") + 1 :]
    document = _read(raw, path, "its last line")
    _check(raw, document["previous"], document["sequence"], path)
    return Head(document["sequence"] + 1, document["hash"])


def _read(raw: bytes, path: Path, which: str) -> dict[str, Any]:
    try:
        if not raw.endswith(b"\n"):
            raise untrusted.MalformedError("it has no end")
        return untrusted.decode_object(raw, _LINE)
    except untrusted.MalformedError as error:
        raise IntegrityFailure(
            "The log has a damaged or incomplete line.",
            value=error,
            where=f"{path}, {which}",
            way_out="keep a copy for the person responsible for security, then restore the log",
        ) from None


def _check(raw: bytes, previous: str, sequence: int, path: Path) -> dict[str, Any]:
    """The document of one line, or IntegrityFailure. Any byte that differs from the canonical form is a failure."""
    which = f"line {sequence + 1}"
    document = _read(raw, path, which)
    good = (
        document["previous"] == previous
        and document["sequence"] == sequence
        and document["hash"] == link(previous, sequence, document["entry"])
        and canonical(document) + b"\n" == raw
    )
    if not good:
        raise IntegrityFailure(
            "The log was changed after it was written.",
            where=f"{path}, {which}",
            way_out="stop using this log; restore it from a copy and tell the person responsible for security",
        )
    return document


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
