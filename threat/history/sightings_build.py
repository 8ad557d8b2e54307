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
from numpy.typing import NDArray

from threat import untrusted
from threat.asof import DAY, NEVER
from threat.errors import BadInput, IntegrityFailure
from threat.history import derived
from threat.history.gravity import details, domestic_ranks, gravities, in_order
from threat.history.links import Links
from threat.history.relationships_build import open_pairs
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.seen_events import SeenEvents
from threat.history.sightings import COLUMNS, NO_PERSON, Sightings
from threat.history.sightings_keys import Keys, KnownAs, StandingPairs, as_known, first_keys, with_domestic
from threat.history.sorted_ids import position
from threat.history.stated import Stated
from threat.history.tables import Tables
from threat.vocabulary import kinds

Ints = NDArray[np.int64]

_ROLE_BITS, _DOMESTIC_BITS, _RANK_BITS = 2, 2, 29
"""One int64 sorts person, event, flag and role at once: 30 bits of person number, 29 of event rank, 2 each."""
_CHUNK = 1 << 22
"""Rows written at once: 32 MB of the widest column, so that no second copy of a column is held."""


def open_or_build(tables: Tables, links: Links) -> Sightings:
    """Return the sightings of a snapshot, built on first use. Two processes may build at once: one result is kept."""
    return _open(derived.open_or_build(tables, "sightings", _format(), lambda folder: _build(tables, links, folder)))


def _format() -> str:
    """Return a hash that changes with the meaning of the arrays: their layout, or the numbers of the vocabulary."""
    words = [f"{name}:{dtype.__name__}" for name, dtype in COLUMNS.items()] + list(kinds()) + ["6"]
    return hashlib.sha256("\n".join([*words, *DOMESTIC, *REPORTED_BY]).encode()).hexdigest()[:8]


def _open(folder: Path) -> Sightings:
    arrays: dict[str, Any] = {}
    try:
        meta = untrusted.decode_object(untrusted.read(folder / "meta.json"))
        for field in fields(Sightings):
            if field.name in meta:
                arrays[field.name] = tuple(meta[field.name])
            else:
                # An empty file cannot be mapped.
                path = folder / f"{field.name}.npy"
                arrays[field.name] = np.load(path, mmap_mode="r" if meta["rows"] else None)
    except (KeyError, TypeError, ValueError, EOFError, FileNotFoundError) as error:
        raise IntegrityFailure(
            "The arrays of the snapshot cannot be read.",
            value=error,
            where=str(folder),
            way_out="remove this folder: the arrays are built again",
        ) from None
    return Sightings(**arrays)


def _build(tables: Tables, links: Links, folder: Path) -> str:
    """Write the arrays into an empty folder, and return what ``meta.json`` is to say."""
    seen = SeenEvents(tables, Stated.of(tables))
    event_id, recorded, began = (seen.ints(name) for name in ("event_id", "recorded_at", "occurred_at"))
    kind = seen.kinds()
    end = seen.hidden(event_id, recorded, kind)
    code, code_names = seen.codes()
    occurred = _occurred(seen, kind, began, recorded)
    order, rank = _ordered(seen, event_id, occurred, recorded)
    if len(order) >= 1 << _RANK_BITS:
        raise BadInput(
            f"The store holds more than {1 << _RANK_BITS:,} events.", value=len(order), way_out="split the store"
        )
    recorded, end, kind = recorded[order], end[order], kind[order]
    in_force = (kind != kinds()["withdrawn"].number) & (end > recorded)
    persons, parties, identities = _persons(seen, links, order)
    keys = as_known(first_keys(parties, in_force, seen.domestic()[order], recorded, end), identities)
    del parties, end
    keys = with_domestic(keys, _standing(tables, persons, identities))
    persons = _only_persons(persons, keys, identities)
    _sort(keys, rank)
    del rank
    offsets = np.zeros(len(persons) + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys.person, minlength=len(persons)), out=offsets[1:])

    np.save(folder / "persons.npy", persons)
    np.save(folder / "offsets.npy", offsets)
    for name, column in (
        ("counterpart", keys.counterpart),
        ("role", keys.role),
        ("domestic", keys.domestic),
        ("visible_from", keys.start),
        ("visible_until", keys.end),
    ):
        _write(folder, name, column)
    event = keys.event
    del keys, column
    _write(folder, "recorded_at", recorded, event)
    _write(folder, "kind", kind, event)
    _write(folder, "code", _narrow("code", code, code_names, np.int16)[order], event)
    for name, column in (("event_id", event_id), ("occurred_at", occurred), ("began_at", began)):
        _write(folder, name, column[order], event)
    del event_id, occurred, began, kind, code
    for name in ("incident_id", "until"):
        _write(folder, name, seen.ints(name)[order], event)
    _write(folder, "value", seen.values()[order], event)
    _write(folder, "proactive", seen.proactive()[order], event)
    _write(folder, "reported_by", seen.reported_by()[order], event)
    _write(folder, "assessment", seen.assessments()[order], event)
    source, source_names = seen.sources()
    _write(folder, "source", _narrow("source_system", source, source_names, np.int8)[order], event)
    np.save(folder / "history_start.npy", _history_start(tables, seen, source, source_names))
    meta = {"rows": len(event), "code_names": code_names, "source_names": source_names}
    return json.dumps(meta, ensure_ascii=False)


def _occurred(seen: SeenEvents, kind: NDArray[np.int32], began: Ints, recorded: Ints) -> Ints:
    """Return when each row occurred: of a course of conduct the end, as far as it was known when recorded.

    So every window that looks back reads a course at its end; ``began_at`` keeps the start.
    """
    course = np.array([each.lasts == "course" for each in kinds().values()], dtype=bool)
    until = seen.ints("until")
    known_end = np.maximum(np.minimum(until, recorded), began)
    return np.where(course[kind] & (until < NEVER), known_end, began)


def _ordered(
    seen: SeenEvents, event_id: Ints, occurred: Ints, recorded: Ints
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the rows in the total order (``threat.history.gravity``), and the rank of each place, one for equal rows.

    Equal up to the domestic flag, which changes with time and is sorted by row, not by event; so what decides after the
    flag and the role is in the places alone.
    """
    kind, (code, code_names), value = seen.kinds(), seen.codes(), seen.values()

    def gravity(rows: NDArray[Any]) -> Ints:
        return gravities(kind[rows], code[rows], value[rows], np.zeros(len(rows), dtype=np.int64), code_names)

    until, reported_by = seen.ints("until"), seen.reported_by()
    proactive, assessment = seen.proactive(), seen.assessments()

    def gravity_and_details(rows: NDArray[Any]) -> tuple[Ints, Ints]:
        return gravity(rows), details(until[rows], reported_by[rows], proactive[rows], assessment[rows])

    order = in_order(occurred, recorded, event_id, gravity_and_details)
    same = np.append(False, (np.diff(occurred[order]) == 0) & (np.diff(recorded[order]) == 0))[: len(order)]
    again = np.flatnonzero(same)
    same[again] = gravity(order[again]) == gravity(order[again - 1])
    rank = np.cumsum(~same) - 1
    return order.astype(np.int32), rank.astype(np.int32)


def _sort(keys: Keys, rank: NDArray[np.int32]) -> None:
    """Sort the keys, in place, by person, then by the order of events, then by flag and role."""
    packed = keys.person.astype(np.int64) << (_ROLE_BITS + _DOMESTIC_BITS + _RANK_BITS)
    packed |= rank[keys.event].astype(np.int64) << (_ROLE_BITS + _DOMESTIC_BITS)
    packed |= domestic_ranks()[keys.domestic].astype(np.int64) << _ROLE_BITS
    packed |= keys.role
    in_order = np.argsort(packed, kind="stable")
    # Rows equal in all of that: by event (in the order of their details, then ids) and, of one event, by span.
    same = np.diff(packed[in_order]) == 0
    tied = np.append(same, False) | np.append(False, same) if len(in_order) else np.zeros(0, dtype=bool)
    rows = in_order[tied]
    in_order[tied] = rows[np.lexsort((keys.start[rows], keys.event[rows], packed[rows]))]
    del packed, rows, tied, same
    for field in fields(keys):  # one column at a time: a second copy of all would double the peak
        setattr(keys, field.name, getattr(keys, field.name)[in_order])


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
    seen: SeenEvents, links: Links, order: NDArray[np.int32]
) -> tuple[NDArray[np.int64], list[NDArray[np.int32]], KnownAs]:
    """Return sorted person ids, the three parties of each ordered row as numbers (NO_PERSON), and who they were."""
    parties = [seen.ints(name)[order] for name in ("subject_id", "person_at_risk_id", "person_id")]
    codes, distinct = pd.factorize(np.concatenate([*parties, links.person, links.survivor]))
    by_id = np.argsort(distinct)
    number = np.empty(len(distinct), dtype=np.int32)
    number[by_id] = np.arange(len(distinct), dtype=np.int32)
    persons = np.asarray(distinct, dtype=np.int64)[by_id]
    numbers = number[codes] if len(distinct) else codes.astype(np.int32)
    if len(persons) and persons[0] == NO_PERSON:
        # NO_PERSON sorts first: dropping it moves every number down by one, and itself to -1, which is its value.
        persons, numbers = persons[1:], numbers - 1
    n, m = len(order), len(links.person)
    of_links = numbers[3 * n : 3 * n + m]
    counts = np.zeros(len(persons), dtype=np.int64)
    counts[of_links] = np.diff(links.spans.first)
    # The persons of the links are sorted as the numbers are, so their spans need no new order.
    first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    identities = KnownAs(first, links.spans.start, links.spans.end, numbers[3 * n + m :].astype(np.int32))
    return persons, [numbers[i * n : (i + 1) * n] for i in range(3)], identities


def _standing(tables: Tables, persons: Ints, identities: KnownAs) -> StandingPairs:
    """Return the spans in which each pair of persons stands as a relationship, as they were known."""
    pairs = open_pairs(tables)
    row = pairs.standing.keys()
    subject, at_risk = (position(ids, persons)[row] for ids in (pairs.subject_id, pairs.person_at_risk_id))
    named = (subject >= 0) & (at_risk >= 0)
    zeros = np.zeros(int(named.sum()), dtype=np.int8)
    parties = Keys(
        event=np.zeros(len(zeros), dtype=np.int32),
        role=zeros,
        person=subject[named].astype(np.int32),
        counterpart=at_risk[named].astype(np.int32),
        domestic=zeros,
        start=pairs.standing.start[named],
        end=pairs.standing.end[named],
    )
    return StandingPairs.of(parties, identities, len(persons))


def _only_persons(persons: Ints, keys: Keys, identities: KnownAs) -> Ints:
    """Return the persons without those who were never seen as one person, and number them anew in the keys."""
    seen = np.append(np.diff(identities.first) == 0, True)  # last: NO_PERSON
    seen[keys.person] = True
    seen[keys.counterpart] = True
    seen = seen[:-1]
    if not seen.all():
        number = np.append(np.cumsum(seen) - 1, NO_PERSON).astype(np.int32)
        keys.person, keys.counterpart = number[keys.person], number[keys.counterpart]
    return persons[seen]


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


_TEN_YEARS = int(10 * 365.25 * DAY)
"""Seconds: no source is silent for so long after its first record, so such a record is a slip of its date."""


def _history_start(tables: Tables, seen: SeenEvents, source: NDArray[np.int32], names: tuple[str, ...]) -> Ints:
    """Return the first instant each source covers: as its profile declares, otherwise where its records begin.

    They begin at the first record after leaving out the earliest one in a thousand (rounded down), and any record at
    the front that is more than ten years before the next: one row with a wrong date moves nobody's history.
    """
    out = np.full(len(names), NEVER, dtype=np.int64)
    recorded, source = seen.ints("recorded_at")[: seen.events], source[: seen.events]
    for i, name in enumerate(names):
        declared = [e.batch.history_start[name] for e in tables.entries if name in e.batch.history_start]
        times = np.sort(recorded[source == i])
        if declared:
            out[i] = min(declared)
        elif len(times):
            times = times[len(times) // 1000 :]
            far = np.flatnonzero(np.append(np.diff(times) > _TEN_YEARS, False))
            out[i] = times[_at_the_front(far)]
    return out


def _at_the_front(far: Ints) -> int:
    """Return how many of the places ``far`` follow one another from 0 on."""
    return int((far == np.arange(len(far))).sum())
