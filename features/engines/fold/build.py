"""The fold engine: sightings and rows in, a matrix out."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.engines.contract import check_rows
from features.engines.fold.compiling import read_only
from features.engines.fold.inputs import SOMETIMES, Asked, Columns
from features.engines.fold.kernel import fold
from features.engines.fold.program import Half, compile_half
from features.load import Catalogue, load_catalogue
from features.matrix import Matrix
from threat.files import whole_file
from threat.history.sightings import NO_PERSON, Rows, Sightings
from threat.history.sorted_ids import position
from threat.terminal import progress

_UNSEEN = -2
"""Index of a person the store never saw; matches no counterpart."""

_BLOCK = 4096
"""Rows per task of a thread: small enough to balance, large enough that scratch space costs nothing."""

_SIGHTINGS_MAPPED = 4_000_000
"""Sightings read before the mapped store is let go: about a quarter of a gigabyte."""

_CHUNK = 262_144
"""Rows per written chunk of ``build_to``; memory is about this times 4 bytes times the definitions."""


def build(sightings: Sightings, rows: Rows, catalogue: Catalogue | None = None, *, parallel: bool = True) -> Matrix:
    """Return every definition for every row, as the contract of engines says.

    ``parallel``: use all the process's cores; False stays in the calling thread. Raises UsageError for rows that
    ``check_rows`` refuses.
    """
    catalogue = load_catalogue() if catalogue is None else catalogue
    check_rows(rows)
    out = np.empty((len(rows), len(catalogue)), np.float32)
    with progress("Features", total=len(rows)) if len(rows) > _CHUNK else nullcontext(_quiet) as advance:
        Job(sightings, out, _cores() if parallel else 1, advance).fill(rows, catalogue)
    return Matrix.of(out, rows, catalogue)


def build_to(
    path: Path, sightings: Sightings, rows: Rows, catalogue: Catalogue | None = None, *, parallel: bool = True
) -> Matrix:
    """Write what ``build`` returns to a ``.npy`` file in chunks, and return the matrix with memory-mapped values.

    Memory does not grow with the number of rows. The file appears under its name when it is whole.
    """
    catalogue = load_catalogue() if catalogue is None else catalogue
    check_rows(rows)
    shape = (len(rows), len(catalogue))
    # Not synced: a matrix of millions of rows is computed again faster than a disk can promise to keep it.
    with (
        whole_file(path, synced=False) as unfinished,
        unfinished.open("wb") as file,
        progress("Features", total=len(rows)) as advance,
    ):
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in _chunks(rows):
            out = np.empty((len(chunk), len(catalogue)), np.float32)
            Job(sightings, out, _cores() if parallel else 1, advance).fill(chunk, catalogue)
            out.tofile(file)
    # An empty file cannot be mapped.
    values = np.load(path, mmap_mode="r") if 0 not in shape else np.empty(shape, np.float32)
    return Matrix.of(values, rows, catalogue)


def _chunks(rows: Rows) -> Iterator[Rows]:
    for first in range(0, len(rows), _CHUNK):
        part = slice(first, first + _CHUNK)
        yield rows.take(part)


def _cores() -> int:
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@lru_cache(maxsize=8)
def halves(catalogue: Catalogue, code_names: tuple[str, ...]) -> tuple[Half, Half]:
    """Return the programs of the subject's half and of the person at risk's, compiled once for a catalogue."""
    definitions = catalogue.definitions
    return compile_half(definitions, False, code_names), compile_half(definitions, True, code_names)


def _quiet(amount: float) -> None:
    """Nothing to show for a job of less than a second."""


def person_index(persons: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index into ``persons`` of each id: NO_PERSON stays, an id that is not there is -2.

    >>> person_index(np.array([10, 20]), np.array([20, 15, NO_PERSON])).tolist()
    [1, -2, -1]
    """
    place = position(ids, persons)
    return np.where(ids == NO_PERSON, NO_PERSON, np.where(place >= 0, place, _UNSEEN))


@dataclass(frozen=True)
class Job:
    """Rows of one history to fold: where their values go, on how many threads, and who hears of the progress.

    ``out``: float32 (rows, definitions). ``advance`` hears the number of rows done, half of it for each half.
    """

    sightings: Sightings
    out: NDArray[np.float32]
    threads: int
    advance: Callable[[float], None]

    def fill(self, rows: Rows, catalogue: Catalogue) -> None:
        """Fold both halves of every row."""
        subject = person_index(self.sightings.persons, rows.subject)
        at_risk = person_index(self.sightings.persons, rows.at_risk)
        subject_half, at_risk_half = halves(catalogue, self.sightings.code_names)
        self.run(subject_half, subject, at_risk, rows.as_of)
        self.run(at_risk_half, at_risk, subject, rows.as_of)

    def run(self, half: Half, party: NDArray[np.int64], other: NDArray[np.int64], as_of: NDArray[np.int64]) -> None:
        """Fold one half of every row: ``party``, the person whose history it reads, and ``other`` by person index."""
        if half.is_empty or not len(party):
            return
        # Rows of one person next to each other: the history is read from memory once, in order.
        rows = np.argsort(party, kind="stable")
        lengths = _lengths(self.sightings, party[rows])
        columns = _columns(half, self.sightings)
        party, other, as_of = read_only(party), read_only(other), read_only(as_of)

        def block(first: int) -> None:
            part = slice(first, first + _BLOCK)
            capacity = max(1, int(lengths[part].max()))
            fold(Asked(read_only(rows[part]), party, other, as_of, capacity), columns, half.program, self.out)

        firsts = range(0, len(rows), _BLOCK)
        if len(firsts) == 1:  # a row of a server: no pool of threads
            block(0)
            return
        with ThreadPoolExecutor(self.threads) if self.threads > 1 else nullcontext() as pool:
            for group in _groups(firsts, lengths):
                for _ in pool.map(block, group) if pool else map(block, group):
                    pass
                _let_go(self.sightings)
                self.advance(len(group) * _BLOCK / 2)


def _lengths(sightings: Sightings, party: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of sightings of each person by index; 0 for a person unknown or never seen."""
    if not len(sightings.persons):
        return party * 0
    person = np.maximum(party, 0)
    return np.where(party >= 0, sightings.offsets[person + 1] - sightings.offsets[person], 0)


def _groups(firsts: range, lengths: NDArray[np.int64]) -> Iterator[list[int]]:
    """Consecutive blocks that read about ``_SIGHTINGS_MAPPED`` sightings together."""
    group: list[int] = []
    mapped = 0
    for first in firsts:
        group.append(first)
        mapped += int(lengths[first : first + _BLOCK].sum())
        if mapped >= _SIGHTINGS_MAPPED:
            yield group
            group, mapped = [], 0
    if group:
        yield group


def _let_go(sightings: Sightings) -> None:
    """Unmap what was read of a memory-mapped store: it stays in the system's cache, but is no longer this process's.

    Rows come in the order of persons, so what was read is not needed again in this half.
    """
    if not hasattr(mmap, "MADV_DONTNEED"):
        return
    for field in fields(sightings):
        array = getattr(sightings, field.name)
        # Only of a map that cannot have been written: in a private one that would undo the writing.
        if isinstance(array, np.memmap) and array.mode == "r":
            array._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def _columns(half: Half, sightings: Sightings) -> Columns:
    """Return the kernel's columns. One that no instruction reads is cut to a row: its file is not touched."""
    arrays = ((name, getattr(sightings, name)) for name in Columns._fields)
    unread = SOMETIMES - half.uses
    return Columns(*(read_only(array[:1] if name in unread else array) for name, array in arrays))
