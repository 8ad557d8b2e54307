"""Files and folders that are whole or absent, and the hashes of files.

A process killed at any moment leaves the old file or the new file, never half of one: the content is written next
to the target under a name nobody reads (``.NAME.<random>.part``) and renamed over the target when complete. A folder
is written the same way, but never over another.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_UNFINISHED = ".part"


def write_whole(path: Path, content: bytes | str) -> None:
    """Replace a file by ``content`` (text as UTF-8) in one step; on disk, rename included, before this returns.

    The folder of ``path`` must exist. Raises OSError when the disk refuses; the old file is then as it was.
    """
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: Path, *, synced: bool = True) -> Iterator[Path]:
    """Give a path to write to, and rename it to ``path`` when the block ends; delete it when the block raises.

    ``synced=False`` leaves flushing to the operating system: for large files that can be computed again.
    """
    unfinished = _unfinished(path)
    try:
        yield unfinished
        move_into_place(unfinished, path, synced=synced)
    finally:
        unfinished.unlink(missing_ok=True)


def whole_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder of files (by relative name) in one step; on disk, rename included, before this returns.

    The parent of ``path`` is made where it is missing. Raises OSError when ``path`` is a folder that holds anything,
    or when the disk refuses; ``path`` is then as it was.
    """
    unfinished = _unfinished(path)
    try:
        unfinished.mkdir(parents=True)
        for name, content in files.items():
            place = unfinished / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        # Names before the rename, as with content: a folder may otherwise reach the disk without its files.
        for folder in (unfinished, *(item for item in unfinished.rglob("*") if item.is_dir())):
            sync_folder(folder)
        unfinished.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _unfinished(path: Path) -> Path:
    # A random name, not the process number: two threads of one server may write the same file at once.
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{_UNFINISHED}")


def move_into_place(source: Path, target: Path, *, synced: bool = True) -> None:
    """Rename a finished file to ``target``. With ``synced``, both the content and the rename survive a power cut."""
    if synced:
        # Content before name: a rename may reach the disk before the bytes it names.
        with source.open("rb") as file:
            os.fsync(file.fileno())
    source.replace(target)
    if synced:
        sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Make renames and new names inside a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_unfinished(path: Path) -> bool:
    """Tell whether ``path`` is what a process killed while it wrote left behind; nobody needs it."""
    return path.name.startswith(".") and path.name.endswith(_UNFINISHED)


def sha256_of(content: bytes | Path) -> str:
    """Return the SHA-256, in hexadecimal, of some bytes or of the file at a path.

    >>> sha256_of(b"")
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
