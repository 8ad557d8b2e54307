"""The store: same rows twice, snapshots by id, closed tables, tampering, kills, and what is refused."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, events, persons, relationships

from threat.errors import BadInput, IntegrityFailure, ThreatError, UsageError
from threat.history import Batch, Store
from threat.history import identities as identity_table
from threat.history import protected as protected_table


def two_events() -> pa.Table:
    return events(
        {"event_id": 1, "subject_id": 5, "person_at_risk_id": 6, "occurred_at": 10, "recorded_at": 20},
        {"event_id": 2, "subject_id": 5, "person_at_risk_id": 6, "occurred_at": 30, "kind": "harassment"},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def test_the_same_rows_twice_change_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    first = store.append(BATCH, {"events": two_events(), "persons": persons(5, 6)})
    before = files(store.path)
    again = store.append(Batch(profile="test", loaded_at=99_999), {"events": two_events(), "persons": persons(5, 6)})
    assert again == first
    assert files(store.path) == before
    assert store.snapshot().batches == (first,)


def test_the_id_does_not_depend_on_how_rows_are_cut_or_encoded(tmp_path: Path) -> None:
    whole = two_events()
    pieces = [whole.slice(0, 1).to_batches()[0], whole.slice(1, 1).to_batches()[0]]
    place = whole.schema.get_field_index("kind")
    encoded = whole.set_column(place, "kind", pa.array(["harassment", "stalking"]).dictionary_encode().take([1, 0]))
    ids = {
        Store.create(tmp_path / str(i)).append(BATCH, {"events": rows})
        for i, rows in enumerate([whole, pieces, iter(pieces), encoded])
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    "change",
    [{"kind": "rape"}, {"occurred_at": 11}, {"code": "x"}, {"value": 0.0}, {"person_id": 0}, {"proactive": True}],
    ids=lambda change: next(iter(change)),
)
def test_the_id_depends_on_every_value(tmp_path: Path, change: dict[str, Any]) -> None:
    row = {"event_id": 1, "subject_id": 5, "occurred_at": 10, "recorded_at": 20}
    one = Store.create(tmp_path / "one").append(BATCH, {"events": events(row)})
    other = Store.create(tmp_path / "other").append(BATCH, {"events": events(row | change)})
    assert one != other


def test_snapshots_by_id(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    empty = store.snapshot()
    store.append(BATCH, {"events": two_events()})
    one = store.snapshot()
    store.append(BATCH, {"events": events({"event_id": 3, "subject_id": 5, "occurred_at": 50})})
    two = store.snapshot()
    assert [store.snapshot(s.id).table("events").num_rows for s in (empty, one, two)] == [0, 2, 3]
    assert len({empty.id, one.id, two.id}) == 3
    with pytest.raises(IntegrityFailure, match="never held that snapshot"):
        store.snapshot("0" * 16)


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
    store.append(BATCH, {"events": two_events(), "identities": _identity(), "protected": _protected()})
    snapshot = store.snapshot()
    with pytest.raises(UsageError, match=rule):
        snapshot.query(sql.format(parts=store.path / "parts", store=store.path))
    assert snapshot.query("SELECT count(*) AS n FROM events").to_pylist() == [{"n": 2}]


def _identity() -> pa.Table:
    return pa.table(
        {
            "person_id": [5, 5, 6],
            "names": ["first spelling", "second spelling", "another"],
            "recorded_at": [1, 2, 1],
        }
    )


def _protected() -> pa.Table:
    return pa.table(
        {
            "person_id": [5, 5, 5, 6],
            "characteristic": ["sex", "ethnicity", "ethnicity", "sex"],
            "code": ["male", "A1", "W1", "female"],
            "scheme": ["two", "18+1", "18+1", "two"],
            "source": ["observed", "observed", "self", "self"],
            "recorded_at": [1, 1, 5, 1],
            "withdrawn_at": pa.array([None, None, None, 4], pa.int64()),
        }
    )


@pytest.mark.parametrize("name", ["protected", "identities"])
def test_closed_tables_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="closed"):
        Store.create(tmp_path / "store").snapshot().table(name)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (1, []),
        (2, [(5, "ethnicity", "A1", "observed"), (5, "sex", "male", "observed"), (6, "sex", "female", "self")]),
        (4, [(5, "ethnicity", "A1", "observed"), (5, "sex", "male", "observed"), (6, "sex", "female", "self")]),
        (5, [(5, "ethnicity", "A1", "observed"), (5, "sex", "male", "observed")]),
        (
            None,
            [
                (5, "ethnicity", "A1", "observed"),
                (5, "ethnicity", "W1", "self"),
                (5, "sex", "male", "observed"),
            ],
        ),
    ],
)
def test_protected_as_known(tmp_path: Path, as_of: int | None, expected: list[tuple[Any, ...]]) -> None:
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"protected": _protected()})
    found = protected_table.read(store.snapshot(), as_of=as_of)
    rows = found[["person_id", "characteristic", "code", "source"]].itertuples(index=False, name=None)
    assert list(rows) == expected
    only = protected_table.read(store.snapshot(), [6], as_of=as_of)
    assert set(only["person_id"]) <= {6}


def test_identities_need_a_reason_and_leave_a_trace(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"identities": _identity()})
    snapshot = store.snapshot()
    for reason, by, who, rule in (
        ("", "sergeant", [5], "reason"),
        ("safeguarding call", " ", [5], "reader"),
        ("safeguarding call", "sergeant", [], "No person is named"),
    ):
        with pytest.raises(UsageError, match=rule):
            identity_table.read(snapshot, who, reason=reason, by=by)
    assert not (store.path / identity_table.LOG).exists()
    found = identity_table.read(snapshot, [6, 5], reason="safeguarding call", by="sergeant")
    assert list(zip(found["person_id"], found["names"], strict=True)) == [(6, "another"), (5, "second spelling")]
    identity_table.read(snapshot, [5], reason="second call", by="constable")
    log = [json.loads(line) for line in (store.path / identity_table.LOG).read_text().splitlines()]
    assert [(entry["by"], entry["reason"], entry["persons"]) for entry in log] == [
        ("sergeant", "safeguarding call", ["P-0000000000000006", "P-0000000000000005"]),
        ("constable", "second call", ["P-0000000000000005"]),
    ]


GOOD = {"event_id": 1, "subject_id": 5, "occurred_at": 10, "recorded_at": 20}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"kind": "quarrel"}, "allowed words"),
        ({"domestic": "maybe"}, "allowed words"),
        ({"reported_by": "nobody"}, "allowed words"),
        ({"assertion": "rumour"}, "allowed words"),
        ({"kind": "risk_grade", "code": "extreme"}, "Not a code of risk_grade"),
        ({"subject_id": None}, "names nobody"),
        ({"recorded_at": 9}, "before it happened"),
        ({"until": 9}, "ends before it began"),
        ({"kind": "withdrawn"}, "does not name the row it withdraws"),
        ({"subject_id": -1}, "63-bit"),
        ({"domestic": None}, "lack a value"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_rows_that_break_a_rule_are_refused(tmp_path: Path, change: dict[str, Any], rule: str) -> None:
    store = Store.create(tmp_path / "store")
    before = files(store.path)
    with pytest.raises(BadInput, match=rule):
        store.append(BATCH, {"events": events(GOOD | change)})
    assert files(store.path) == before


def test_a_release_may_lie_ahead(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    store.append(
        BATCH, {"events": events(GOOD | {"kind": "release", "subject_id": None, "person_id": 5, "recorded_at": 9})}
    )
    assert store.snapshot().row_count("events") == 1


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    bad = [GOOD | {"event_id": 1, "kind": "quarrel"}, GOOD | {"event_id": 2, "domestic": "maybe"}]
    with pytest.raises(BadInput, match=r"(?s)2 problems.*maybe.*quarrel"):
        Store.create(tmp_path / "store").append(BATCH, {"events": events(*bad)})


def test_columns_are_checked(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    with pytest.raises(BadInput, match="Not a column"):
        store.append(BATCH, {"persons": persons(1).append_column("surname", pa.array(["x"]))})
    with pytest.raises(BadInput, match="column recorded_at is missing"):
        store.append(BATCH, {"persons": persons(1).drop_columns("recorded_at")})
    with pytest.raises(UsageError, match="Not a table to write to"):
        store.append(BATCH, {"people": persons(1)})


def test_an_event_id_is_used_once(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    row = {"event_id": 7, "subject_id": 5, "occurred_at": 1}
    with pytest.raises(BadInput, match="1 event ids are used twice"):
        store.append(BATCH, {"events": events(row, row | {"kind": "rape"})})
    store.append(BATCH, {"events": events(row)})
    with pytest.raises(BadInput, match="E-0000000000000007"):
        store.append(BATCH, {"events": events(row | {"kind": "rape"})})
    assert store.snapshot().row_count("events") == 1


def test_tampering_is_found(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"events": two_events(), "persons": persons(5)})
    assert store.verify() == 2
    part = next(store.path.glob("parts/events/*.parquet"))
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(bytes(content))
    with pytest.raises(IntegrityFailure, match="This part was changed"):
        store.verify()
    (store.path / "manifest.json").write_text("{}")
    with pytest.raises(IntegrityFailure, match="manifest"):
        Store.open(store.path)


def test_open_and_create_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no history here"):
        Store.open(tmp_path)
    (tmp_path / "something").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        Store.create(tmp_path)


def test_two_loads_at_once(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    with store.writing(), pytest.raises(UsageError, match="Another load is writing") as told:
        store.append(BATCH, {"events": two_events()})
    assert str(os.getpid()) in str(told.value)
    store.append(BATCH, {"events": two_events()})
    assert store.snapshot().row_count("events") == 2


APPEND = """
import sys
sys.path.insert(0, sys.argv[2])
from fixtures.history_rows import BATCH, events
from threat.history import Store
rows = events(*({"event_id": i, "subject_id": 5, "occurred_at": i} for i in range(1, 3001)))
print("ready", flush=True)
Store.open(sys.argv[1]).append(BATCH, {"events": iter(rows.to_batches(max_chunksize=50))})
"""


def test_a_killed_append_leaves_the_history_as_it_was(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"persons": persons(5)})
    before = store.snapshot().id
    rng = random.Random(7)
    outcomes = set()
    for _ in range(6):
        command = [sys.executable, "-c", APPEND, str(store.path), str(Path(__file__).parents[2])]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        after = Store.open(store.path).snapshot()
        # Either nothing of the batch is there, or all of it.
        assert (after.id == before) == (after.row_count("events") == 0)
        assert after.row_count("events") in {0, 3000}
        Store.open(store.path).verify()
        outcomes.add(after.row_count("events"))
    subprocess.run([sys.executable, "-c", APPEND, str(store.path), str(Path(__file__).parents[2])], check=True)
    whole = Store.open(store.path)
    assert whole.snapshot().row_count("events") == 3000
    assert not (whole.path / "incoming").exists() or not any((whole.path / "incoming").iterdir())
    known = {part for entry in whole.entries() for parts in entry.parts.values() for part, _, _ in parts}
    assert {p.relative_to(whole.path).as_posix() for p in whole.path.glob("parts/*/*")} == known


def test_an_exception_leaves_the_history_as_it_was(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    before = files(store.path)

    def half() -> None:
        with store.writer(BATCH) as writer:
            writer.write("events", two_events())
            raise BadInput("stop")

    with pytest.raises(ThreatError):
        half()
    assert files(store.path) == before
