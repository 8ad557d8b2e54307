"""Arrays derived from a snapshot, kept on disk as whole folders: ``derived/<snapshot>/<name>-<format>/``."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from threat.files import sync_folder, write_whole
from threat.history.tables import Tables

KEPT = 5
"""Snapshots whose arrays stay on disk: today's list, the list before it, a training and two spare."""

_LAST = "meta.json"
"""Written last: a folder with this file is whole."""


def open_or_build(tables: Tables, name: str, layout: str, build: Callable[[Path], str]) -> Path:
    """Return the folder of some arrays of a snapshot, built on first use.

    ``layout``: a short word that changes with the meaning of the arrays. ``build`` writes them into an empty folder and
    returns what ``meta.json`` is to say. Two processes may build at once: one result is kept.
    """
    folder = tables.store_path / "derived" / tables.id / f"{name}-{layout}"
    if not (folder / _LAST).is_file():
        temporary = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}-{os.getpid()}")
        temporary.mkdir(parents=True)
        try:
            write_whole(temporary / _LAST, build(temporary))
            try:
                temporary.rename(folder)
                sync_folder(folder.parent)
            except OSError:
                if not (folder / _LAST).is_file():
                    raise
            _let_go(tables.store_path / "derived", name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def read_array(folder: Path, name: str) -> NDArray[np.generic]:
    """Return an array of a folder, memory-mapped, so that processes share its pages."""
    path = folder / f"{name}.npy"
    # An empty array cannot be mapped.
    array = np.load(path) if path.stat().st_size < _PAGE else np.load(path, mmap_mode="r")
    return np.asarray(array)


_PAGE = 4096
"""Bytes of a page of memory: mapping a smaller file saves nothing."""


def _let_go(derived: Path, name: str) -> None:
    """Delete all but the arrays built last, and what a killed build left.

    A store loaded every night would otherwise grow by a copy a night. Arrays can be built again, and a process that
    has mapped them keeps its pages.
    """
    for left in derived.glob(f"*/.{name}-*"):
        if not _runs(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    built = sorted(derived.glob(f"*/{name}-*/{_LAST}"), key=lambda path: path.stat().st_mtime_ns)
    for path in built[:-KEPT]:
        # Renamed first: killed half-way, arrays under their final name would look whole.
        doomed = path.parent.with_name(f".{path.parent.name}-{uuid.uuid4().hex}-{os.getpid()}")
        with suppress(OSError):  # another process was faster
            path.parent.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 asks and does nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
