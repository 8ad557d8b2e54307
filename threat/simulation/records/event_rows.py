"""Rows of the events table while they are gathered: NumPy columns, turned into Arrow once at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.simulation.world import chance
from threat.vocabulary import kinds

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
Mask = NDArray[np.bool_]

SOURCES = ("crime", "calls", "custody", "orders", "intelligence", "forms", "partners", "unit")
NONE = -1
"""No relation, no person, no code or no end: rows, codes and ends that exist are all 0 or more."""
_KINDS = list(kinds())
_NUMBER = {name: i for i, name in enumerate(_KINDS)}
_CODES = sorted({code for kind in kinds().values() for code in kind.codes})
_CODE_NUMBER = {code: i for i, code in enumerate(_CODES)}
_YES, _NO = DOMESTIC.index("yes"), DOMESTIC.index("no")
_ORDINALS = 1000
"""Step between the ordinals of an event key: more than there are kinds, so kind and ordinal never meet in one key."""
_COLUMNS = (
    ("event", np.uint64),
    ("record", np.uint64),
    ("incident", np.uint64),
    ("supersedes", np.uint64),
    ("relation", np.int64),
    ("person", np.int64),
    ("offender", np.int64),
    ("outsider", np.uint64),
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
    """Return the integer of a kind."""
    return _NUMBER[kind]


def codes(names: tuple[str, ...] | list[str]) -> NDArray[np.int16]:
    """Return the integers of codes."""
    return np.array([_CODE_NUMBER[name] for name in names], dtype=np.int16)


class EventFields(NamedTuple):
    """Content of event rows but for their kind. An array has an entry per row; a scalar is every row's.

    ``incident``, ``record``: keys; without a record, one is made from the row's key and source. ``occurred``,
    ``recorded``, ``until``: int64 seconds. ``relation``, ``person``: rows of the block, or NONE. ``offender``: person
    row of the subject where no relationship is named. ``outsider``: key of a person at risk outside the cluster, in
    place of the relationship's; 0 for none.
    """

    incident: U64
    occurred: I64
    recorded: I64
    source: str
    relation: I64 | int = NONE
    person: I64 | int = NONE
    offender: I64 | int = NONE
    outsider: U64 | int = 0
    record: U64 | None = None
    code: NDArray[np.int16] | str | None = None
    value: NDArray[np.float64] | float = np.nan
    until: I64 | int = NONE
    domestic: bool = True
    proactive: bool = False
    reported_by: NDArray[np.int8] | str = "police"
    assessment: bool = False

    def take(self, mask: Mask) -> EventFields:
        """Return the fields of the rows where ``mask`` is true."""
        return EventFields._make(value[mask] if isinstance(value, np.ndarray) else value for value in self)


@dataclass(slots=True)
class EventRows:
    """Event rows of one block, gathered column by column."""

    _parts: dict[str, list[NDArray[Any]]] = field(default_factory=lambda: {name: [] for name, _ in _COLUMNS})

    def add(
        self,
        kind: str | NDArray[np.int16],
        keys: U64,
        content: EventFields,
        *,
        supersedes: U64 | int = 0,
        ordinal: int = 0,
    ) -> U64:
        """Add one row per key; return the rows' event keys (``chance.ids`` of them are the event ids).

        ``ordinal`` tells apart rows of one kind and key. ``supersedes``: event keys of the rows replaced, 0 for none.
        """
        n = len(keys)
        if n == 0:
            return keys
        kind_number = np.full(n, _NUMBER[kind], np.int16) if isinstance(kind, str) else kind
        events = chance.derive(keys, "event", kind_number.astype(np.int64) + _ORDINALS * ordinal)
        record, code, reported_by = content.record, content.code, content.reported_by
        columns: dict[str, Any] = {
            "event": events,
            "record": chance.derive(keys, f"record {content.source}") if record is None else record,
            "incident": content.incident,
            "supersedes": supersedes,
            "relation": content.relation,
            "person": content.person,
            "offender": content.offender,
            "outsider": content.outsider,
            "kind": kind_number,
            "code": NONE if code is None else (_CODE_NUMBER[code] if isinstance(code, str) else code),
            "value": content.value,
            "occurred": content.occurred,
            "until": content.until,
            "recorded": content.recorded,
            "domestic": _YES if content.domestic else _NO,
            "proactive": content.proactive,
            "reported_by": REPORTED_BY.index(reported_by) if isinstance(reported_by, str) else reported_by,
            "assessment": content.assessment,
            "source": SOURCES.index(content.source),
        }
        for name, dtype in _COLUMNS:
            column = columns[name]
            whole = column.astype(dtype) if isinstance(column, np.ndarray) else np.full(n, column, dtype)
            self._parts[name].append(whole)
        return events

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return all rows so far, by column."""
        return {
            name: np.concatenate(parts) if parts else np.zeros(0, dict(_COLUMNS)[name])
            for name, parts in self._parts.items()
        }


def to_arrow(columns: dict[str, NDArray[Any]], subject: pa.Array, at_risk: pa.Array, person: pa.Array) -> pa.Table:
    """Return the rows as the events table, without ``batch_id``; every row's persons are given as ids or null."""
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
    """Return a dictionary column of names by number; negative numbers are null.

    >>> words(np.array([1, -1, 0]), ("no", "yes")).to_pylist()
    ['yes', None, 'no']
    """
    indices = pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names)))
