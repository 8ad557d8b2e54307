"""Open tables and queries, and the closed tables that neither can reach."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, events, relationships, two_events

from threat.errors import UsageError
from threat.history import Store


def test_tables_and_queries(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    first = store.append(BATCH, {"events": two_events(), "relationships": relationships((9, 5, 6))})
    second = store.append(
        BATCH, {"events": events({"event_id": 3, "person_id": 5, "kind": "arrest", "occurred_at": 50})}
    )
    snapshot = store.snapshot()
    assert snapshot.table("events", ["event_id", "kind", "batch_id"]).to_pylist() == [
        {"event_id": 1, "kind": "stalking", "batch_id": first},
        {"event_id": 2, "kind": "harassment", "batch_id": first},
        {"event_id": 3, "kind": "arrest", "batch_id": second},
    ]
    found = snapshot.query("SELECT batch_id, count(*) AS n FROM events WHERE event_id >= ? GROUP BY 1 ORDER BY n", [1])
    assert found.to_pylist() == [{"batch_id": second, "n": 1}, {"batch_id": first, "n": 2}]
    assert snapshot.query("SELECT count(*) AS n FROM person_links").to_pylist() == [{"n": 0}]
    assert snapshot.table("batches", ["rows_in", "rows_kept"]).to_pylist() == [
        {"rows_in": 3, "rows_kept": 3},
        {"rows_in": 1, "rows_kept": 1},
    ]


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT * FROM protected", "closed"),
        ("SELECT * FROM identities", "closed"),
        ("SELECT * FROM read_parquet('{parts}/identities/*.parquet')", "closed"),
        ("SELECT * FROM read_parquet('{parts}/protected/*.parquet')", "closed"),
        ("SELECT * FROM read_csv('{store}/manifest.json')", "not here"),
        ("COPY (SELECT 1) TO '{store}/x.csv'", "single SELECT"),
        ("DROP VIEW events", "single SELECT"),
        ("SELECT 1; SELECT 2", "single SELECT"),
        ("SELECT nothing FROM events", "not right"),
        ("SELEC", "not right"),
    ],
)
def test_queries_reach_nothing_else(tmp_path: Path, sql: str, rule: str) -> None:
    store = Store.create(tmp_path / "store")
    identity = pa.table({"person_id": [5], "names": ["a name"], "recorded_at": [1]})
    words = {"characteristic": ["sex"], "code": ["male"], "scheme": ["two"], "source": ["observed"]}
    characteristic = pa.table({"person_id": [5], "recorded_at": [1], **words})
    store.append(BATCH, {"events": two_events(), "identities": identity, "protected": characteristic})
    snapshot = store.snapshot()
    with pytest.raises(UsageError, match=rule):
        snapshot.query(sql.format(parts=store.path / "parts", store=store.path))
    assert snapshot.query("SELECT count(*) AS n FROM events").to_pylist() == [{"n": 2}]


@pytest.mark.parametrize("name", ["protected", "identities"])
def test_closed_tables_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="closed"):
        Store.create(tmp_path / "store").snapshot().table(name)
