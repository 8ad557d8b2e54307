"""Small histories for tests: tables from short rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from threat.history.snapshot import Batch

BATCH = Batch(profile="test", loaded_at=10_000)


def events(*rows: dict[str, Any]) -> pa.Table:
    """An events table; each row needs only what matters to the test."""
    plain = {
        "record_id": None,
        "incident_id": None,
        "supersedes_event_id": None,
        "subject_id": None,
        "person_at_risk_id": None,
        "person_id": None,
        "kind": "stalking",
        "code": None,
        "value": None,
        "occurred_at": 0,
        "until": None,
        "recorded_at": None,
        "domestic": "yes",
        "proactive": False,
        "reported_by": "unknown",
        "assertion": "fact",
        "source_system": "test",
        "source_id": None,
    }
    full = []
    for row in rows:
        out = plain | row
        out["incident_id"] = out["event_id"] if out["incident_id"] is None else out["incident_id"]
        out["record_id"] = out["incident_id"] if out["record_id"] is None else out["record_id"]
        out["recorded_at"] = out["occurred_at"] if out["recorded_at"] is None else out["recorded_at"]
        full.append(out)
    types: dict[str, pa.DataType] = {"code": pa.string(), "source_id": pa.string(), "value": pa.float64()}
    columns = {}
    for name in full[0] if full else plain:
        values = [row[name] for row in full]
        columns[name] = pa.array(
            values, types.get(name, pa.int64() if name.endswith(("_id", "_at", "until")) else None)
        )
    return pa.table(columns)


def persons(*ids: int, kind: str = "person") -> pa.Table:
    """Persons of one kind, on record from the beginning."""
    return pa.table({"person_id": list(ids), "kind": [kind] * len(ids), "recorded_at": [0] * len(ids)})


def links(*rows: tuple[int, int, int, int | None]) -> pa.Table:
    """Links: source, person, recorded_at, withdrawn_at."""
    source, person, recorded, withdrawn = (list(column) for column in zip(*rows, strict=True))
    return pa.table(
        {
            "source_person_id": source,
            "person_id": person,
            "recorded_at": recorded,
            "withdrawn_at": pa.array(withdrawn, pa.int64()),
            "method": ["test"] * len(source),
        }
    )


def relationships(*rows: tuple[int, int, int | None] | tuple[int, int, int | None, int]) -> pa.Table:
    """Relationships: id, subject, person at risk, optionally when recorded (1)."""
    full: Sequence[Any] = [(*row, 1)[:4] for row in rows]
    return pa.table(
        {
            "relationship_id": [row[0] for row in full],
            "subject_id": [row[1] for row in full],
            "person_at_risk_id": pa.array([row[2] for row in full], pa.int64()),
            "recorded_at": [row[3] for row in full],
            "kind": ["unknown"] * len(full),
        }
    )
