"""The fold engine's door: sightings and rows in, a matrix out."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.definitions import Definition
from features.engines.fold.compiling import read_only
from features.engines.fold.inputs import SOMETIMES, Asked, Columns
from features.engines.fold.kernel import fold
from features.engines.fold.program import Half, compile_half
from features.load import Catalogue, load_catalogue
from features.matrix import Matrix
from threat.asof import DAY
from threat.errors import UsageError
from threat.files import whole_file
from threat.history.sightings import NO_PERSON, Rows, Sightings
from threat.terminal import progress

_UNSEEN = -2
"""Index of a person the store never saw; matches no counterpart."""

_BLOCK = 4096
"""Rows per task of a thread: small enough to balance, large enough that scratch space costs nothing."""

_HELD = 4_000_000
"""Sightings read before the mapped store is let go: about a quarter of a gigabyte."""

_CHUNK = 262_144
"""Rows per written chunk of ``build_to``; memory is about this times 4 bytes times the definitions."""


def build(sightings: Sightings, rows: Rows, catalogue: Catalogue | None = None, *, parallel: bool = True) -> Matrix:
    """Every definition for every row. ``parallel``: use all the process's cores; False stays in the calling thread.

    Raises UsageError when a row has no subject, names one person twice, or has times or ids that are not int64.
    """
    catalogue = load_catalogue() if catalogue is None else catalogue
    _check(rows)
    out = np.empty((len(rows), len(catalogue)), np.float32)
    with progress("Features", total=len(rows)) if len(rows) > _CHUNK else nullcontext(_quiet) as advance:
        _fill(sightings, rows, catalogue, out, _cores() if parallel else 1, advance)
    return _matrix(out, sightings, rows, catalogue)


def build_to(
    path: Path, sightings: Sightings, rows: Rows, catalogue: Catalogue | None = None, *, parallel: bool = True
) -> Matrix:
    """As ``build``, written to one ``.npy`` file in chunks, so that memory does not grow with the number of rows.

    The file appears under its name when it is whole. Returns the matrix with memory-mapped values.
    """
    catalogue = load_catalogue() if catalogue is None else catalogue
    _check(rows)
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
            _fill(sightings, chunk, catalogue, out, _cores() if parallel else 1, advance)
            out.tofile(file)
    values = np.load(path, mmap_mode="r") if 0 not in shape else np.empty(shape, np.float32)
    return _matrix(values, sightings, rows, catalogue)


def _chunks(rows: Rows) -> Iterator[Rows]:
    for first in range(0, len(rows), _CHUNK):
        part = slice(first, first + _CHUNK)
        yield rows.take(part)


def _check(rows: Rows) -> None:
    for name in ("subject", "at_risk", "as_of"):
        array = getattr(rows, name)
        if array.dtype != np.int64 or array.shape != (len(rows),):
            raise UsageError(
                "Rows hold int64 ids and int64 UTC seconds, one per relationship.",
                value=f"{name}: {array.dtype} {array.shape}",
                way_out="turn aware times to seconds with threat.asof.seconds",
            )
    nobody = np.flatnonzero(rows.subject == NO_PERSON)
    if len(nobody):
        raise UsageError("A relationship needs a subject.", value=f"{len(nobody)} rows", where=f"row {nobody[0]}")
    same = np.flatnonzero(rows.subject == rows.at_risk)
    if len(same):
        raise UsageError(
            "Subject and person at risk are two persons.",
            value=f"{len(same)} rows",
            where=f"row {same[0]}",
            way_out="a merge that makes both parties one person quarantines the relationship",
        )


def _cores() -> int:
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _matrix(values: NDArray[np.float32], sightings: Sightings, rows: Rows, catalogue: Catalogue) -> Matrix:
    spans = np.array([_longest(d) for d in catalogue], np.int64)
    return Matrix(
        values, catalogue.names, rows, spans, sightings.history_start, sightings.source_names, catalogue.version
    )


def _longest(d: Definition) -> int:
    return max((int(days * DAY) for days in (d.window_days, d.long_window_days) if days is not None), default=0)


@lru_cache(maxsize=8)
def _programs(catalogue: Catalogue, code_names: tuple[str, ...]) -> tuple[Half, Half]:
    definitions = catalogue.definitions
    return compile_half(definitions, False, code_names), compile_half(definitions, True, code_names)


def _quiet(amount: float) -> None:
    """Nothing to show for a job of less than a second."""


def _fill(
    sightings: Sightings,
    rows: Rows,
    catalogue: Catalogue,
    out: NDArray[np.float32],
    threads: int,
    advance: Callable[[float], None],
) -> None:
    subject = person_index(sightings.persons, rows.subject)
    at_risk = person_index(sightings.persons, rows.at_risk)
    subject_half, at_risk_half = _programs(catalogue, sightings.code_names)
    _run(subject_half, sightings, subject, at_risk, rows.as_of, out, threads, advance)
    _run(at_risk_half, sightings, at_risk, subject, rows.as_of, out, threads, advance)


def person_index(persons: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index into ``persons`` of each id: NO_PERSON stays, an id that is not there is -2."""
    if not len(persons):
        return np.where(ids == NO_PERSON, NO_PERSON, _UNSEEN).astype(np.int64)
    at = np.searchsorted(persons, ids)
    found = persons[np.minimum(at, len(persons) - 1)] == ids
    return np.where(ids == NO_PERSON, NO_PERSON, np.where(found, at, _UNSEEN)).astype(np.int64)


def _run(
    half: Half,
    sightings: Sightings,
    party: NDArray[np.int64],
    other: NDArray[np.int64],
    as_of: NDArray[np.int64],
    out: NDArray[np.float32],
    threads: int,
    advance: Callable[[float], None],
) -> None:
    """One half of every row; ``advance`` is told half of the rows done."""
    if half.is_empty or not len(party):
        return
    # Rows of one person side by side: the history is read from memory once, in order.
    rows = np.argsort(party, kind="stable")
    person = np.maximum(party[rows], 0)
    lengths = (
        np.where(party[rows] >= 0, sightings.offsets[person + 1] - sightings.offsets[person], 0)
        if len(sightings.persons)
        else party * 0
    )
    columns = _columns(half, sightings)

    def block(first: int) -> None:
        part = slice(first, first + _BLOCK)
        capacity = max(1, int(lengths[part].max()))
        fold(Asked(read_only(rows[part]), party, other, as_of, capacity), columns, half.program, out)

    party, other, as_of = read_only(party), read_only(other), read_only(as_of)
    firsts = range(0, len(rows), _BLOCK)
    if len(firsts) == 1:
        block(0)
        return
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        for group in _groups(firsts, lengths):
            for _ in pool.map(block, group) if pool else map(block, group):
                pass
            _let_go(sightings)
            advance(len(group) * _BLOCK / 2)


def _groups(firsts: range, lengths: NDArray[np.int64]) -> Iterator[list[int]]:
    """Consecutive blocks that read about ``_HELD`` sightings together."""
    group: list[int] = []
    held = 0
    for first in firsts:
        group.append(first)
        held += int(lengths[first : first + _BLOCK].sum())
        if held >= _HELD:
            yield group
            group, held = [], 0
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
    """The kernel's columns. One that no instruction reads is cut to a row, so that its file is not touched."""
    arrays = ((name, getattr(sightings, name)) for name in Columns._fields)
    unread = SOMETIMES - half.uses
    return Columns(*(read_only(array[:1] if name in unread else array) for name, array in arrays))
