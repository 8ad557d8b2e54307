"""Rows of the events table while they are gathered: NumPy columns, turned into Arrow once at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.simulation.world import chance
from threat.vocabulary import kinds

I64 = NDArray[np.int64]

SOURCES = ("crime", "calls", "custody", "orders", "intelligence", "forms", "partners", "unit")
NONE = -1
_KINDS = list(kinds())
_NUMBER = {name: i for i, name in enumerate(_KINDS)}
_CODES = sorted({code for kind in kinds().values() for code in kind.codes})
_CODE_NUMBER = {code: i for i, code in enumerate(_CODES)}
_YES, _NO = DOMESTIC.index("yes"), DOMESTIC.index("no")
_COLUMNS = (
    ("event", np.uint64),
    ("record", np.uint64),
    ("incident", np.uint64),
    ("supersedes", np.uint64),
    ("relation", np.int64),
    ("person", np.int64),
    ("kind", np.int16),
    ("code", np.int16),
    ("value", np.float64),
    ("occurred", np.int64),
    ("until", np.int64),
    ("recorded", np.int64),
    ("domestic", np.int8),
    ("proactive", np.bool_),
    ("reported_by", np.int8),
    ("assessment", np.bool_),
    ("source", np.int8),
)


def number(kind: str) -> int:
    """The integer of a kind."""
    return _NUMBER[kind]


def codes(names: tuple[str, ...] | list[str]) -> NDArray[np.int16]:
    """The integers of codes."""
    return np.array([_CODE_NUMBER[name] for name in names], dtype=np.int16)


@dataclass(slots=True)
class Ledger:
    """Event rows of one block. Times: int64 seconds; ``relation``, ``person``: rows of the block or NONE."""

    _parts: dict[str, list[NDArray[Any]]] = field(default_factory=lambda: {name: [] for name, _ in _COLUMNS})

    def add(
        self,
        kind: str | NDArray[np.int16],
        keys: NDArray[np.uint64],
        *,
        incident: NDArray[np.uint64],
        occurred: I64,
        recorded: I64,
        source: str,
        relation: I64 | int = NONE,
        person: I64 | int = NONE,
        record: NDArray[np.uint64] | None = None,
        code: NDArray[np.int16] | str | None = None,
        value: NDArray[np.float64] | float = np.nan,
        until: I64 | int = NONE,
        domestic: bool | NDArray[np.bool_] = True,
        proactive: bool = False,
        reported_by: NDArray[np.int8] | str = "police",
        assessment: bool = False,
        supersedes: NDArray[np.uint64] | int = 0,
        ordinal: int = 0,
    ) -> NDArray[np.uint64]:
        """Add one row per key; returns the rows' event keys (``chance.ids`` of them are the event ids)."""
        n = len(keys)
        if n == 0:
            return keys
        kind_number = np.full(n, _NUMBER[kind], np.int16) if isinstance(kind, str) else kind
        events = chance.derive(keys, "event", kind_number.astype(np.int64) + 1000 * ordinal)
        own: dict[str, Any] = {
            "event": events,
            "record": chance.derive(keys, f"record {source}") if record is None else record,
            "incident": incident,
            "supersedes": supersedes,
            "relation": relation,
            "person": person,
            "kind": kind_number,
            "code": NONE if code is None else (_CODE_NUMBER[code] if isinstance(code, str) else code),
            "value": value,
            "occurred": occurred,
            "until": until,
            "recorded": recorded,
            "domestic": (_YES if domestic else _NO) if isinstance(domestic, bool) else np.where(domestic, _YES, _NO),
            "proactive": proactive,
            "reported_by": REPORTED_BY.index(reported_by) if isinstance(reported_by, str) else reported_by,
            "assessment": assessment,
            "source": SOURCES.index(source),
        }
        for name, kind_of in _COLUMNS:
            column = own[name]
            whole = column.astype(kind_of) if isinstance(column, np.ndarray) else np.full(n, column, kind_of)
            self._parts[name].append(whole)
        return events

    def columns(self) -> dict[str, NDArray[Any]]:
        """All rows so far, by column."""
        return {
            name: np.concatenate(parts) if parts else np.zeros(0, dict(_COLUMNS)[name])
            for name, parts in self._parts.items()
        }


def to_arrow(columns: dict[str, NDArray[Any]], subject: pa.Array, at_risk: pa.Array, person: pa.Array) -> pa.Table:
    """The rows as the events table, without ``batch_id``; the persons of every row are given as ids or null."""
    event_ids = chance.ids(columns["event"])
    supersedes = columns["supersedes"]
    return pa.table(
        {
            "event_id": event_ids,
            "record_id": chance.ids(columns["record"]),
            "incident_id": chance.ids(columns["incident"]),
            "supersedes_event_id": pa.array(chance.ids(supersedes), mask=supersedes == 0),
            "subject_id": subject,
            "person_at_risk_id": at_risk,
            "person_id": person,
            "kind": words(columns["kind"], _KINDS),
            "code": words(columns["code"], _CODES),
            "value": pa.array(columns["value"], mask=np.isnan(columns["value"])),
            "occurred_at": columns["occurred"],
            "until": pa.array(columns["until"], mask=columns["until"] < 0),
            "recorded_at": columns["recorded"],
            "domestic": words(columns["domestic"], DOMESTIC),
            "proactive": columns["proactive"],
            "reported_by": words(columns["reported_by"], REPORTED_BY),
            "assertion": words(columns["assessment"].astype(np.int8), ("fact", "assessment")),
            "source_system": words(columns["source"], SOURCES),
            "source_id": pa.nulls(len(event_ids), pa.string()),
        }
    )


def words(numbers: NDArray[Any], names: list[str] | tuple[str, ...]) -> pa.Array:
    """A dictionary column; negative numbers are null."""
    indices = pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names)))
