"""Rows that break a rule of the history are refused, with every problem and an example."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, content_of, events, persons

from threat.errors import BadInput, UsageError
from threat.history import Store

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
    before = content_of(store.path)
    with pytest.raises(BadInput, match=rule):
        store.append(BATCH, {"events": events(GOOD | change)})
    assert content_of(store.path) == before


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
