"""RUNs that have no manifest yet: one that a training is writing, or one whose training was killed.

From its first moment a RUN's directory holds what was asked (``FIRST``), written in one step. The process that writes a
RUN locks its directory, and the lock ends with the process however it ends, so that a RUN in progress and one that was
killed can be told apart. Nothing here is ever read as evidence: ``Run.open`` refuses a RUN without a manifest.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from threat.errors import ThreatError, UsageError
from threat.files import is_unfinished, whole_folder
from threat.release.documents.choices import Choices
from threat.release.documents.config import Config
from threat.release.documents.document import JsonFile
from threat.release.documents.folds import Folds
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import MANIFEST, Run

FIRST = (Config.FILE, SnapshotRead.FILE)
"""By these files a directory is known as a RUN: a folder of RUNs may hold others, which are never touched."""


DISCARDED = ".discarded"
"""Folder, in a folder of RUNs, of the questions of discarded RUNs: no RUNs, and found by no pattern for RUNs."""


@dataclass(frozen=True, slots=True)
class PartialRun:
    """A RUN without a manifest, as it was when it was looked at.

    ``in_progress``: a process is writing the RUN. ``chosen``: its model is chosen, so that its test may be open.
    """

    directory: Path
    in_progress: bool
    chosen: bool

    @property
    def says(self) -> str:
        """Return one sentence for the terminal."""
        if self.in_progress:
            return f"{self.directory.name} is being trained at this moment."
        reached = "after its model was chosen" if self.chosen else "before its model was chosen"
        return f"{self.directory.name} is partial: its training ended {reached}."


def partial_runs(folder: Path) -> list[PartialRun]:
    """Return the partial RUNs of a folder of RUNs, by name."""
    directories = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [
        PartialRun(path, in_progress=_is_locked(path), chosen=(path / Choices.FILE).is_file())
        for path in directories
        if not is_unfinished(path) and not (path / MANIFEST).exists() and all((path / name).is_file() for name in FIRST)
    ]


@contextmanager
def new_run(folder: Path, run_id: str, question: Sequence[JsonFile]) -> Iterator[Run]:
    """Start the RUN ``folder / run_id`` with what is asked, and hold it until the block ends.

    The RUN is removed when the block raises a ThreatError: what was asked cannot be done, so nobody can finish it. Any
    other end leaves a partial RUN. Raises UsageError when the RUN exists already, or the id is no plain name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The folder is held from the RUN's first file to its lock: nobody may take the RUN for a killed one in between.
    with _locked(folder):
        run = Run.create(folder, run_id, question)
        # Waits: whoever lists partial RUNs holds each for an instant.
        lock = _lock(run.directory, wait=True)
    try:
        yield run
    except ThreatError:
        shutil.rmtree(run.directory)
        raise
    finally:
        os.close(lock)


@contextmanager
def reopened(directory: Path) -> Iterator[Run]:
    """Open a partial RUN to be finished, and hold it until the block ends; what a kill left half-written is removed.

    Raises UsageError when there is no such RUN, when it is sealed, or when a process is writing it.
    """
    if not all((directory / name).is_file() for name in FIRST):
        raise UsageError("There is no such RUN.", where=str(directory), way_out="threat train names partial RUNs")
    if (directory / MANIFEST).exists():
        raise UsageError("This RUN is sealed, so there is nothing to finish.", where=str(directory))
    lock = _lock(directory)
    try:
        for path in directory.rglob("*"):
            if is_unfinished(path):
                path.unlink()
        yield Run(directory, directory.name)
    finally:
        os.close(lock)


def discard(folder: Path) -> list[PartialRun]:
    """Remove the partial RUNs of a folder that no process is writing; return them as they were.

    Of a RUN whose test may have been opened, what says which test stays in ``DISCARDED``: the opening still counts.
    """
    if not folder.is_dir():
        return []
    with _locked(folder):
        killed = [partial for partial in partial_runs(folder) if not partial.in_progress]
        for partial in killed:
            if partial.chosen:
                question = {name: (partial.directory / name).read_bytes() for name in (*FIRST, Folds.FILE)}
                whole_folder(_vacant(folder / DISCARDED / partial.directory.name), question)
            shutil.rmtree(partial.directory)
    return killed


def _vacant(path: Path) -> Path:
    """Return the path, or, where a RUN of that name was discarded before, the first free path that begins so."""
    paths = (path, *(path.with_name(f"{path.name}-{number}") for number in range(2, 1_000)))
    return next(free for free in paths if not free.exists())


def _lock(directory: Path, *, wait: bool = False) -> int:
    """Return a descriptor that holds the lock of a RUN's directory.

    Raises UsageError when another process holds the lock, unless ``wait``.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UsageError("This RUN is being trained by another process.", where=str(directory)) from None
    return descriptor


def _is_locked(directory: Path) -> bool:
    try:
        os.close(_lock(directory))
    except UsageError:
        return True
    return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
