"""An identity is opened with a reason, person by person, and leaves a trace first."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH

from threat.errors import UsageError
from threat.history import Store
from threat.history import identities as identity_table


def _identity() -> pa.Table:
    return pa.table(
        {
            "person_id": [5, 5, 6],
            "names": ["first spelling", "second spelling", "another"],
            "recorded_at": [1, 2, 1],
        }
    )


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
