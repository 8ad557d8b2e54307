"""Files and folders that are whole or absent, and the hashes of files.

A process killed at any moment leaves the old file or the new file, never half of one: the content is written next
to the target under a name nobody reads (``.NAME.<random>.part``) and renamed over the target when complete. A folder
is written the same way, but never over another.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_UNFINISHED = ".part"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""Modes of everything that is written: records of people, and what is said of them, are for one user's eyes."""

PRIVATE_MASK = 0o077
"""The mask of a process that gives these modes to whatever any library writes: Parquet, SQLite, LightGBM, MLflow."""


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
        private_folder(unfinished)
        for name, content in files.items():
            place = unfinished / name
            private_folder(place.parent)
            with place.open("wb") as file:
                os.fchmod(file.fileno(), PRIVATE_FILE)
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


def private_folder(path: Path) -> Path:
    """Make a folder, and the folders above that are missing, with mode 700; return the path. A folder there stays."""
    for missing in reversed([folder for folder in (path, *path.parents) if not folder.exists()]):
        missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return path


def close_to_others(folder: Path) -> None:
    """Give everything under a folder the private modes: for a library that copies files with the modes they had."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder during the block: of the processes that ask for the lock, one at a time goes on."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unfinished(path: Path) -> Path:
    # A random name, not the process number: two threads of one server may write the same file at once.
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{_UNFINISHED}")


def move_into_place(source: Path, target: Path, *, synced: bool = True) -> None:
    """Rename a finished file to ``target``. With ``synced``, both the content and the rename survive a power cut."""
    # Whatever the mask of the process is: a library may be used without the command line, which sets the mask.
    source.chmod(PRIVATE_FILE)
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
