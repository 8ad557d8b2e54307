"""Building the sightings of a snapshot: one sort of the events, one of packed keys, then column by column to disk.

Memory holds the ids, times and keys of all events and one further column at a time; every column is written as a
``.npy`` file and read memory-mapped, so that processes share the pages.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.errors import BadInput
from threat.history import derived
from threat.history.columns import hidden, ints, kind_numbers, words
from threat.history.gravity import gravities, in_order
from threat.history.links import Links
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import COLUMNS, NO_PERSON, Sightings
from threat.history.sightings_keys import Keys, Spans, first_keys, relinked, until_known
from threat.history.sorted_ids import since
from threat.history.tables import Tables
from threat.vocabulary import kinds

_ROLE_BITS, _RANK_BITS = 2, 30
"""One int64 sorts person, event and role at once: 31 bits of person number, 30 of event rank, 2 of role."""
_CHUNK = 1 << 22
"""Rows written at once: 32 MB of the widest column, so that no second copy of a column is held."""


def open_or_build(tables: Tables, links: Links) -> Sightings:
    """Return the sightings of a snapshot, built on first use. Two processes may build at once: one result is kept."""
    return _open(derived.open_or_build(tables, "sightings", _format(), lambda folder: _build(tables, links, folder)))


def _format() -> str:
    """Return a hash that changes with the meaning of the arrays: their layout, or the numbers of the vocabulary."""
    words = [f"{name}:{dtype.__name__}" for name, dtype in COLUMNS.items()] + list(kinds()) + ["3"]
    return hashlib.sha256("\n".join([*words, *DOMESTIC, *REPORTED_BY]).encode()).hexdigest()[:8]


def _open(folder: Path) -> Sightings:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    arrays: dict[str, Any] = {}
    for field in fields(Sightings):
        if field.name in meta:
            arrays[field.name] = tuple(meta[field.name])
        else:
            # An empty file cannot be mapped.
            path = folder / f"{field.name}.npy"
            arrays[field.name] = np.load(path, mmap_mode="r" if meta["rows"] else None)
    return Sightings(**arrays)


def _build(tables: Tables, links: Links, folder: Path) -> str:
    """Write the arrays into an empty folder, and return what ``meta.json`` is to say."""
    event_id = ints(tables, "event_id")
    recorded = ints(tables, "recorded_at")
    kind = kind_numbers(tables)
    end = hidden(tables, event_id, recorded, kind)
    sorted_rows = in_order(ints(tables, "occurred_at"), recorded, event_id, lambda rows: _gravity(tables, kind, rows))
    order = sorted_rows.astype(np.int32)
    recorded, end, kind = recorded[order], end[order], kind[order]
    in_force = (kind != kinds()["withdrawn"].number) & (end > recorded)

    persons, parties, spans = _persons(tables, links, order, recorded)
    keys = first_keys(parties, in_force, recorded, end)
    if len(spans.start):
        keys = relinked(keys, spans)
    known_since = since(persons, links.nobody, links.nobody_since)
    if (known_since < NEVER).any():
        keys = until_known(keys, np.append(known_since, NEVER))
    if len(order) >= 1 << _RANK_BITS:
        raise BadInput(
            f"The store holds more than {1 << _RANK_BITS:,} events.", value=len(order), way_out="split the store"
        )
    _sort(keys)
    offsets = np.zeros(len(persons) + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys.person, minlength=len(persons)), out=offsets[1:])

    np.save(folder / "persons.npy", persons)
    np.save(folder / "offsets.npy", offsets)
    _write(folder, "counterpart", keys.counterpart)
    _write(folder, "role", keys.role)
    _write(folder, "visible_from", keys.start)
    _write(folder, "visible_until", keys.end)
    event = keys.event
    del keys
    _write(folder, "recorded_at", recorded, event)
    _write(folder, "event_id", event_id[order], event)
    del event_id, end
    for name in ("incident_id", "occurred_at"):
        _write(folder, name, ints(tables, name)[order], event)
    _write(folder, "until", ints(tables, "until", null=NEVER)[order], event)
    _write(folder, "value", _values(tables)[order], event)
    _write(folder, "kind", kind, event)
    _write(folder, "proactive", tables.table("events", ["proactive"]).column("proactive").to_numpy()[order], event)
    source, code_names, source_names = _write_words(tables, folder, order, event)
    np.save(folder / "history_start.npy", _history_start(tables, source[order], recorded, source_names))
    meta = {"rows": len(event), "code_names": code_names, "source_names": source_names}
    return json.dumps(meta, ensure_ascii=False)


def _gravity(tables: Tables, kind: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what decides between events of one second, int64, for the rows that share both times with another."""
    code, code_names = words(tables, "code")
    domestic, _ = words(tables, "domestic", DOMESTIC)
    value = _values(tables)
    return gravities(kind[rows], code[rows], value[rows], domestic[rows], code_names)


def _values(tables: Tables) -> NDArray[np.float32]:
    column = tables.table("events", ["value"]).column("value")
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(), dtype=np.float32)


def _sort(keys: Keys) -> None:
    """Sort the keys, in place, by person, then by the order of events, then by role."""
    packed = keys.person.astype(np.int64) << (_ROLE_BITS + _RANK_BITS)
    packed |= keys.event.astype(np.int64) << _ROLE_BITS
    packed |= keys.role
    in_order = np.argsort(packed, kind="stable")
    del packed
    for field in fields(keys):  # one column at a time: a second copy of all would double the peak
        setattr(keys, field.name, getattr(keys, field.name)[in_order])


def _write_words(
    tables: Tables, folder: Path, order: NDArray[np.int32], event: NDArray[np.int32]
) -> tuple[NDArray[np.int32], tuple[str, ...], tuple[str, ...]]:
    """Write the columns of words as numbers; returns the source of each event, the codes and the source systems."""
    domestic, _ = words(tables, "domestic", DOMESTIC)
    _write(folder, "domestic", domestic[order], event)
    reported, _ = words(tables, "reported_by", REPORTED_BY)
    _write(folder, "reported_by", reported[order], event)
    assertion, _ = words(tables, "assertion", ("fact", "assessment"))
    _write(folder, "assessment", assertion[order] == 1, event)
    code, code_names = words(tables, "code")
    _write(folder, "code", _narrow("code", code, code_names, np.int16)[order], event)
    source, source_names = words(tables, "source_system")
    _write(folder, "source", _narrow("source_system", source, source_names, np.int8)[order], event)
    return source, code_names, source_names


def _narrow(name: str, codes: NDArray[np.int32], names: tuple[str, ...], dtype: Any) -> NDArray[Any]:
    limit = int(np.iinfo(dtype).max)
    if len(names) > limit:
        raise BadInput(
            f"Too many different values of {name}.",
            value=len(names),
            way_out=f"up to {limit}; put free text in source_id, not in {name}",
        )
    return codes.astype(dtype)


def _persons(
    tables: Tables, links: Links, order: NDArray[np.int32], recorded: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[NDArray[np.int32]], Spans]:
    """Return sorted person ids, the three parties of each ordered event as numbers (NO_PERSON), and the spans.

    Who was known to be nobody when the event was recorded has no number here.
    """
    columns = [ints(tables, name)[order] for name in ("subject_id", "person_at_risk_id", "person_id")]
    for column in columns:
        column[since(column, links.nobody, links.nobody_since) <= recorded] = NO_PERSON
    linked = np.concatenate([links.person, links.survivor])
    codes, distinct = pd.factorize(np.concatenate([*columns, linked]))
    by_id = np.argsort(distinct)
    number = np.empty(len(distinct), dtype=np.int32)
    number[by_id] = np.arange(len(distinct), dtype=np.int32)
    persons = np.asarray(distinct, dtype=np.int64)[by_id]
    numbers = number[codes] if len(distinct) else codes.astype(np.int32)
    if len(persons) and persons[0] == NO_PERSON:
        # NO_PERSON sorts first: dropping it moves every number down by one, and itself to -1, which is its value.
        persons, numbers = persons[1:], numbers - 1
    n, m = len(order), len(links.person)
    of_person = numbers[3 * n : 3 * n + m]
    first = np.zeros(len(persons) + 1, dtype=np.int64)
    np.cumsum(np.bincount(of_person, minlength=len(persons)), out=first[1:])
    spans = Spans(first, links.start, links.end, numbers[3 * n + m :])
    return persons, [numbers[i * n : (i + 1) * n] for i in range(3)], spans


def _write(folder: Path, name: str, column: NDArray[Any], rows: NDArray[np.int32] | None = None) -> None:
    """Write ``column[rows]`` (or the column) as ``name.npy`` without holding a second copy."""
    n, dtype = len(column) if rows is None else len(rows), np.dtype(COLUMNS[name])
    with (folder / f"{name}.npy").open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (n,)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, n, _CHUNK):
            stop = min(start + _CHUNK, n)
            piece = column[start:stop] if rows is None else column[rows[start:stop]]
            file.write(np.ascontiguousarray(piece, dtype=dtype).data)
        file.flush()
        os.fsync(file.fileno())


def _history_start(
    tables: Tables, source: NDArray[np.int32], recorded: NDArray[np.int64], names: tuple[str, ...]
) -> NDArray[np.int64]:
    """Return the first instant each source covers: as its profile declares, otherwise its first record."""
    out = np.full(len(names), NEVER, dtype=np.int64)
    np.minimum.at(out, source, recorded)
    for i, name in enumerate(names):
        declared = [e.batch.history_start[name] for e in tables.entries if name in e.batch.history_start]
        if declared:
            out[i] = min(declared)
    return out
