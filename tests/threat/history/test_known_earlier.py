"""Events that a later load knew to be recorded earlier: every reader sees the earliest time."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from fixtures.history_rows import BATCH, two_events

from threat.history import Store


def test_every_reader_sees_the_earliest_time_an_event_is_known_from(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"events": two_events()})
    assert store.snapshot().sightings().recorded_at.tolist() == [20, 30, 20, 30]
    rows = {"event_id": [1, 1, 77], "recorded_at": [15, 12, 3], "recorded_precision": ["second", "day", None]}
    store.append(BATCH, {"known_earlier": pa.table(rows)})
    snapshot = store.snapshot()
    assert snapshot.table("events", ["recorded_at"]).column(0).to_pylist() == [12, 30]
    assert snapshot.table("events", ["recorded_precision", "event_id"]).to_pylist() == [
        {"recorded_precision": "day", "event_id": 1},
        {"recorded_precision": None, "event_id": 2},
    ]
    assert snapshot.table("events", ["event_id", "kind"]).column("kind").to_pylist() == ["stalking", "harassment"]
    sql = "SELECT event_id, recorded_at, recorded_precision, kind FROM events ORDER BY event_id"
    assert [tuple(row.values()) for row in snapshot.query(sql).to_pylist()] == [
        (1, 12, "day", "stalking"),
        (2, 30, None, "harassment"),
    ]
    assert snapshot.sightings().recorded_at.tolist() == [12, 30, 12, 30]
