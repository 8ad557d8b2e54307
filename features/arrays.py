"""Sightings from plain arrays in any order, for an extract outside the store (which keeps its own sorted)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engines.fold.compiling import compiled, read_only
from threat.asof import NEVER
from threat.errors import BadInput
from threat.history.gravity import details, gravities, settle
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import COLUMNS, NO_PERSON, ROLE_ABOUT, Sightings
from threat.vocabulary import kinds

_CONSTANTS: dict[str, Any] = {
    "until": NEVER,
    "visible_until": NEVER,
    "counterpart": NO_PERSON,
    "value": np.nan,
    "code": -1,
    "role": ROLE_ABOUT,
    "domestic": DOMESTIC.index("unknown"),
    "reported_by": REPORTED_BY.index("unknown"),
    "source": 0,
    "proactive": False,
    "assessment": False,
}
"""Columns that may be absent: the value every row then has."""

_ONE_SOURCE = MappingProxyType({"extract": int(np.iinfo(np.int64).min)})
"""The sources of an extract that says nothing of them: its records reach back further than any window."""


def sightings_from(
    person: NDArray[np.int64],
    kind: NDArray[np.integer[Any]],
    occurred_at: NDArray[np.int64],
    recorded_at: NDArray[np.int64],
    *,
    threads: int = 1,
    code_names: tuple[str, ...] = (),
    sources: Mapping[str, int] = _ONE_SOURCE,
    **columns: NDArray[Any],
) -> Sightings:
    """Sort one row per (person, event) into sightings. Every array has length n; times are int64 UTC seconds.

    ``kind``: vocabulary numbers. ``sources``: the first instant that each source covers, by its name. ``columns``: any
    further array of ``Sightings`` by name; ``counterpart`` holds person ids (NO_PERSON: none). Absent: event_id and
    incident_id count the rows as they come, visible_from is recorded_at, and the rest takes one constant for all rows,
    which costs no memory. Raises BadInput for arrays of different lengths, a column that is none of those, a person
    without an id, or a kind number outside the vocabulary.
    """
    n = len(person)
    given = {"kind": kind, "occurred_at": occurred_at, "recorded_at": recorded_at, **columns}
    for name, array in given.items():
        if name not in COLUMNS:
            raise BadInput(
                "Sightings have no column of this name.", value=name, way_out=f"one of {', '.join(sorted(COLUMNS))}"
            )
        if len(array) != n:
            raise BadInput(f"{name} does not have one entry per row.", value=f"{len(array)}, not {n}")
    if n and person.min() < 0:
        raise BadInput("Some rows have no person, but unknown persons have no sightings.", value=int(person.min()))
    if n and not 0 <= kind.min() <= kind.max() < len(kinds()):
        raise BadInput("The vocabulary has no kind of this number.", value=f"{kind.min()} to {kind.max()}")
    persons, index = _distinct(person)
    counterpart = given.get("counterpart")
    if counterpart is not None:
        persons = np.union1d(persons, counterpart[counterpart != NO_PERSON]).astype(np.int64)
        # Plain searches: the union holds every id that is looked up, so a check would be dead code.
        index = np.searchsorted(persons, person).astype(np.int32)
        given["counterpart"] = np.where(counterpart == NO_PERSON, NO_PERSON, np.searchsorted(persons, counterpart))
    event_id = given.get("event_id", np.empty(0, np.int64))
    offsets, order, given["occurred_at"] = sort(index, len(persons), occurred_at, recorded_at, event_id, threads)
    del index
    settle(order, _same(offsets, order, given["occurred_at"], recorded_at), _gravity_of(given, code_names))

    def column(name: str) -> NDArray[Any]:
        if name in given:
            return np.asarray(given.pop(name)).astype(COLUMNS[name], copy=False)[order]
        return np.broadcast_to(np.array(_CONSTANTS[name], COLUMNS[name]), (n,))

    recorded = column("recorded_at")
    ids = column("event_id") if "event_id" in given else order
    return Sightings(
        persons=persons,
        offsets=offsets,
        event_id=ids,
        incident_id=column("incident_id") if "incident_id" in given else ids,
        occurred_at=given["occurred_at"],
        began_at=column("began_at") if "began_at" in given else given["occurred_at"],
        recorded_at=recorded,
        visible_from=column("visible_from") if "visible_from" in given else recorded,
        kind=column("kind"),
        **{name: column(name) for name in _CONSTANTS},
        code_names=code_names,
        source_names=tuple(sources),
        history_start=np.array(list(sources.values()), np.int64),
    )


def _same(
    offsets: NDArray[np.int64], order: NDArray[np.int64], times: NDArray[np.int64], recorded_at: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether each sorted row shares its person and both times with the next."""
    same = times[1:] == times[:-1]
    same[offsets[(offsets > 0) & (offsets < len(order))] - 1] = False
    near = np.flatnonzero(same)
    same[near] = recorded_at[order[near]] == recorded_at[order[near + 1]]
    return same


def _gravity_of(
    given: dict[str, Any], code_names: tuple[str, ...]
) -> Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], ...]]:
    """Return what gives the gravity, role and details of some rows; columns that are absent have their constant."""

    def gravity(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        def column(name: str) -> NDArray[Any]:
            if name not in given or given[name] is None:
                return np.full(len(rows), _CONSTANTS[name], COLUMNS[name])
            return np.asarray(given[name])[rows]

        kind, code, value, domestic = (column(name) for name in ("kind", "code", "value", "domestic"))
        gravity_of_rows = gravities(kind, code, value, domestic, code_names)
        last = details(*(column(name) for name in ("until", "reported_by", "proactive", "assessment")))
        return (gravity_of_rows << 2) | column("role").astype(np.int64), last  # three roles take two bits

    return gravity


def _distinct(person: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return sorted distinct ids, and the place of each row's id among them."""
    if len(person) and person.max() < 8 * len(person):  # small numbers need no sort
        seen = np.zeros(int(person.max()) + 1, np.bool_)
        seen[person] = True
        place = np.cumsum(seen, dtype=np.int32)
        place -= 1
        return np.flatnonzero(seen), place[person]
    persons, index = np.unique(person, return_inverse=True)
    return persons, index.astype(np.int32)


def sort(
    index: NDArray[np.int32],
    n_persons: int,
    occurred_at: NDArray[np.int64],
    recorded_at: NDArray[np.int64],
    event_id: NDArray[np.int64],
    threads: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return offsets by person (int64, n_persons + 1), the rows in order, and their occurred_at.

    The order is person, occurred_at, recorded_at, event_id: the total order but for gravity, which only ties need.

    One counting pass gathers each person's rows, then each person's few rows are sorted while they are in the cache.
    An empty ``event_id`` means the rows' own order.
    """
    index, occurred_at = read_only(index), read_only(occurred_at)
    ties = _Ties(read_only(recorded_at), read_only(event_id))
    offsets = np.zeros(n_persons + 1, np.int64)
    order, times = np.empty(len(index), np.int64), np.empty(len(index), np.int64)
    _gather(index, occurred_at, offsets, order, times)
    bounds = np.searchsorted(offsets, np.linspace(0, len(index), 8 * threads + 1)).tolist()
    bounds[0], bounds[-1] = 0, n_persons

    def part(i: int) -> None:
        _sort_each(offsets, bounds[i], bounds[i + 1], times, order, ties)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(part, range(8 * threads)):
            pass
    return offsets, order, times


@compiled
def _gather(index: Any, occurred_at: Any, offsets: Any, order: Any, times: Any) -> None:
    """Sort by person by counting, which keeps the order of rows; take the times along."""
    for i in range(len(index)):
        offsets[index[i] + 1] += 1
    for p in range(1, len(offsets)):
        offsets[p] += offsets[p - 1]
    for i in range(len(index)):
        at = offsets[index[i]]
        order[at] = i
        times[at] = occurred_at[i]
        offsets[index[i]] = at + 1
    for p in range(len(offsets) - 1, 0, -1):
        offsets[p] = offsets[p - 1]
    offsets[0] = 0


class _Ties(NamedTuple):
    """The rest of the total order, by row: what decides between two rows of one time."""

    recorded_at: NDArray[np.int64]
    event_id: NDArray[np.int64]


@compiled
def _before(t: int, i: int, u: int, j: int, ties: _Ties) -> bool:
    """Return True when row ``i`` at time ``t`` comes before row ``j`` at time ``u``."""
    if t != u:
        return t < u
    if ties.recorded_at[i] != ties.recorded_at[j]:
        return ties.recorded_at[i] < ties.recorded_at[j]
    if len(ties.event_id) > 0:
        return ties.event_id[i] < ties.event_id[j]
    return i < j


@compiled
def _sort_each(offsets: Any, first: int, beyond: int, times: Any, order: Any, ties: _Ties) -> None:
    """Sort each person's rows: insertion for a short run, then runs merged in pairs."""
    longest = 0
    for p in range(first, beyond):
        longest = max(longest, offsets[p + 1] - offsets[p])
    spare_times, spare_order = np.empty(longest, np.int64), np.empty(longest, np.int64)
    run = 16  # up to about this length insertion moves less than merging does
    for p in range(first, beyond):
        low, high = offsets[p], offsets[p + 1]
        for start in range(low, high, run):
            for i in range(start + 1, min(start + run, high)):
                t, row, j = times[i], order[i], i - 1
                while j >= start and _before(t, row, times[j], order[j], ties):
                    times[j + 1], order[j + 1] = times[j], order[j]
                    j -= 1
                times[j + 1], order[j + 1] = t, row
        width = run
        while width < high - low:
            for start in range(low, high, 2 * width):
                middle, end = min(start + width, high), min(start + 2 * width, high)
                i, j = start, middle
                for k in range(end - start):
                    if j == end or (i < middle and not _before(times[j], order[j], times[i], order[i], ties)):
                        spare_times[k], spare_order[k] = times[i], order[i]
                        i += 1
                    else:
                        spare_times[k], spare_order[k] = times[j], order[j]
                        j += 1
                times[start:end] = spare_times[: end - start]
                order[start:end] = spare_order[: end - start]
            width *= 2
