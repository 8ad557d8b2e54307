"""The arrays of sightings as files: their columns, how long they stay, and what a killed build leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.history_rows import BATCH, events

from threat.asof import NEVER
from threat.history import Store
from threat.history.derived import KEPT
from threat.vocabulary import kinds


def test_columns_of_the_arrays(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    store.append(
        BATCH,
        {
            "events": events(
                {"event_id": 1, "subject_id": 5, "occurred_at": 10, "value": 2.5, "kind": "risk_grade", "code": "high"}
                | {"assertion": "assessment", "reported_by": "police", "domestic": "unknown", "incident_id": 77},
                {"event_id": 2, "subject_id": 5, "occurred_at": 20, "until": 90, "code": "knife", "kind": "weapon_used"}
                | {"proactive": True, "source_system": "other", "domestic": "no"},
            )
        },
    )
    store.append(
        type(BATCH)(profile="test", loaded_at=1, history_start={"other": 3}),
        {"events": events({"event_id": 3, "subject_id": 5, "occurred_at": 30, "source_system": "third"})},
    )
    found = store.snapshot().sightings()
    assert found.code_names == ("high", "knife")
    assert found.source_names == ("other", "test", "third")
    assert found.history_start.tolist() == [3, 10, 30]
    assert [kind.name for n in found.kind for kind in kinds().values() if kind.number == n] == [
        "risk_grade",
        "weapon_used",
        "stalking",
    ]
    expected: dict[str, list[Any]] = {
        "code": [0, 1, -1],
        "domestic": [2, 0, 1],
        "reported_by": [4, 0, 0],
        "source": [1, 0, 2],
        "proactive": [False, True, False],
        "assessment": [True, False, False],
        "incident_id": [77, 2, 3],
        "until": [NEVER, 90, NEVER],
    }
    assert {name: getattr(found, name).tolist() for name in expected} == expected
    assert found.value[0] == np.float32(2.5)
    assert np.isnan(found.value[1:]).all()


def test_arrays_are_kept_and_empty_histories_have_some(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    assert len(store.snapshot().sightings().event_id) == 0
    store.append(BATCH, {"events": events({"event_id": 1, "subject_id": 5, "occurred_at": 1})})
    snapshot = store.snapshot()
    first = snapshot.sightings()
    files = {path: path.stat().st_mtime_ns for path in (store.path / "derived" / snapshot.id).rglob("*.npy")}
    again = store.snapshot().sightings()
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert isinstance(first.event_id, np.memmap)
    assert snapshot.sightings() is first  # mapped once: each mapping holds its files open
    assert again.event_id.tolist() == [1]


def test_only_the_last_arrays_stay_on_disk(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    snapshots = []
    killed = store.path / "derived" / "0" / ".sightings-0-0-4194305"  # no process has a number that high
    killed.mkdir(parents=True)
    for event in range(1, KEPT + 3):
        store.append(BATCH, {"events": events({"event_id": event, "subject_id": 5, "occurred_at": event})})
        snapshots.append(store.snapshot())
        snapshots[-1].sightings()
    kept = {path.parts[-3] for path in store.path.glob("derived/*/sightings-*/meta.json")}
    assert kept == {snapshot.id for snapshot in snapshots[-KEPT:]}
    assert not killed.exists()
    assert snapshots[0].sightings().event_id.tolist() == [1]


def test_arrays_half_deleted_are_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed_half_way(folder: Path, ignore_errors: bool = False) -> None:
        for file in folder.glob("event_id.npy"):
            file.unlink()

    store = Store.create(tmp_path / "store")
    snapshots = []
    with monkeypatch.context() as patch:
        patch.setattr("threat.history.derived.shutil.rmtree", killed_half_way)
        for event in range(1, KEPT + 2):
            rows = events({"event_id": event, "subject_id": 5, "occurred_at": event})
            store.append(BATCH, {"events": rows})
            snapshots.append(store.snapshot())
            snapshots[-1].sightings()
    assert store.snapshot(snapshots[0].id).sightings().event_id.tolist() == [1]
