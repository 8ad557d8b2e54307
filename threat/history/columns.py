"""Columns of the events as NumPy arrays: numbers with their nulls filled, words as places in a list of words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.history.gravity import details, gravities
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import NO_PERSON
from threat.history.statements import ranks
from threat.history.tables import Tables
from threat.history.versions import hidden_at
from threat.vocabulary import kinds

Ints = NDArray[np.int64]


def ints(tables: Tables, name: str, null: int = NO_PERSON) -> Ints:
    """Return a column of numbers of the events, nulls as ``null``; int64[n], in the order the rows were appended."""
    return filled(tables.table("events", [name]).column(name), null)


def filled(column: pa.ChunkedArray, null: int) -> Ints:
    """Return a column of whole numbers with its nulls filled, int64[n]."""
    return np.asarray(pc.fill_null(column, null).to_numpy(), dtype=np.int64)


def times(column: pa.ChunkedArray) -> Ints:
    """Return a column of times, int64 UTC seconds; NEVER where null."""
    return filled(column, NEVER)


def words(tables: Tables, name: str, names: tuple[str, ...] | None = None) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return a word column of the events as indices into ``names``; -1 where null.

    ``names`` None: the words that occur, sorted.
    """
    column = tables.table("events", [name]).column(name)
    if names is None:
        occurring = {word for chunk in column.chunks for word in pc.unique(chunk).dictionary_decode().to_pylist()}
        names = tuple(sorted(word for word in occurring if word is not None))
    return places(column, names), names


def places(column: pa.ChunkedArray, names: tuple[str, ...]) -> NDArray[np.int32]:
    """Return a word column as indices into ``names``, int32[n]; -1 where null or not among them."""
    number = {word: i for i, word in enumerate(names)}
    out = np.empty(len(column), dtype=np.int32)
    at = 0
    for chunk in column.chunks:
        lookup = np.array([number.get(word, -1) for word in chunk.dictionary.to_pylist()] + [-1], dtype=np.int32)
        codes = pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False)
        out[at : at + len(chunk)] = lookup[codes]
        at += len(chunk)
    return out


def kind_numbers(tables: Tables) -> NDArray[np.int32]:
    """Return the number of the kind of each event, as the vocabulary numbers its kinds."""
    return words(tables, "kind", tuple(kinds()))[0]


def hidden(tables: Tables, event_id: Ints, recorded: Ints, kind: NDArray[np.int32]) -> Ints:
    """Return when each event was corrected or withdrawn (``versions.hidden_at``); NEVER where it was not."""
    supersedes = ints(tables, "supersedes_event_id")
    is_withdrawal = kind == kinds()["withdrawn"].number
    return hidden_at(event_id, supersedes, recorded, is_withdrawal, lambda rows: _content(tables, kind, rows))


def _content(tables: Tables, kind: NDArray[np.int32], rows: Ints) -> Ints:
    """Return what decides between corrections of one fact in one second, int64[len(rows)], the greater the later.

    What a correction says decides: its gravity, then when it happened, its details, which parties are known, and its
    source system.
    """
    code, code_names = words(tables, "code")
    domestic, reported_by = words(tables, "domestic", DOMESTIC)[0], words(tables, "reported_by", REPORTED_BY)[0]
    assertion, source = words(tables, "assertion", ("fact", "assessment"))[0], words(tables, "source_system")[0]
    plain = tables.table("events", ["value", "proactive"])
    value = pc.fill_null(plain.column("value"), float("nan")).to_numpy().astype(np.float32)
    proactive = plain.column("proactive").to_numpy().astype(bool)
    until = ints(tables, "until", NEVER)
    parties = [ints(tables, name)[rows] != NO_PERSON for name in ("subject_id", "person_at_risk_id", "person_id")]
    said = (
        gravities(kind[rows], code[rows], value[rows], domestic[rows], code_names),
        ints(tables, "occurred_at")[rows],
        details(until[rows], reported_by[rows], proactive[rows], assertion[rows] == 1),
        *parties,
        source[rows],
    )
    return ranks(*said)
