"""The store: same rows twice, snapshots by id, tampering, kills, and what is refused."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures.history_rows import BATCH, content_of, events, persons, two_events

from threat.errors import BadInput, IntegrityFailure, ThreatError, UsageError
from threat.history import Batch, Store


def test_the_same_rows_twice_change_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    first = store.append(BATCH, {"events": two_events(), "persons": persons(5, 6)})
    before = content_of(store.path)
    again = store.append(Batch(profile="test", loaded_at=99_999), {"events": two_events(), "persons": persons(5, 6)})
    assert again == first
    assert content_of(store.path) == before
    assert store.snapshot().batches == (first,)


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
    before = content_of(store.path)

    def half() -> None:
        with store.writer(BATCH) as writer:
            writer.write("events", two_events())
            raise BadInput("stop")

    with pytest.raises(ThreatError):
        half()
    assert content_of(store.path) == before


def test_what_a_kill_left_of_a_manifest_is_no_store_and_goes_with_the_next_load(tmp_path: Path) -> None:
    (tmp_path / ".manifest.json.0f.part").write_text("{")
    store = Store.create(tmp_path)
    assert (tmp_path / ".manifest.json.0f.part").exists()
    store.append(BATCH, {"events": two_events()})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["incoming", "lock", "manifest.json", "parts"]
