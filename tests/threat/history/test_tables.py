"""Open tables and queries, and the closed tables that neither can reach."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.history_rows import BATCH, events, relationships, two_events
from hypothesis import given
from hypothesis import strategies as st

from threat.errors import UsageError
from threat.history import Store
from threat.history.tables import read_parts, read_rows_of


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


@given(parts=st.lists(st.lists(st.integers(1, 5), max_size=6), max_size=3), wanted=st.sets(st.integers(1, 7)))
def test_the_rows_of_some_persons_are_those_of_the_whole_table(parts: list[list[int]], wanted: set[int]) -> None:
    """In parts of row groups of two, some with none of the persons; nobody is asked for, too."""
    with TemporaryDirectory() as folder:
        paths = []
        for number, persons in enumerate(parts):
            paths.append(f"{folder}/{number}.parquet")
            names = [f"{number}-{i}" for i in range(len(persons))]
            recorded = list(range(len(persons)))
            rows = {"person_id": pa.array(persons, pa.int64()), "names": names, "recorded_at": recorded}
            pq.write_table(pa.table(rows), paths[-1], row_group_size=2)
        whole = read_parts("identities", paths)
        expected = [row for row in whole.to_pylist() if row["person_id"] in wanted]
        found = read_rows_of("identities", paths, sorted(wanted))
        assert found.to_pylist() == expected
        assert found.schema == whole.schema
