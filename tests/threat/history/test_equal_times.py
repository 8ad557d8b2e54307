"""Rows of one second that are as grave: their end, reporter and standing decide, and no number of a source does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.history_rows import BATCH, events
from fixtures.raw_reader import RawReader

from threat.history import Store

GRAVEST_LAST: tuple[dict[str, Any], ...] = (
    {"until": 20},
    {"until": 30, "proactive": True},
    {"until": 30, "assertion": "assessment"},
    {"until": 30},
    {"until": 30, "reported_by": "police"},
    {"until": None},
)
SAME = {"subject_id": 1, "person_at_risk_id": 2, "kind": "stalking", "occurred_at": 10, "recorded_at": 10}


@pytest.mark.parametrize("ids", [(1, 2, 3, 4, 5, 6), (6, 5, 4, 3, 2, 1), (4, 2, 6, 1, 3, 5)])
def test_rows_that_are_as_grave_are_ordered_by_what_else_they_say(ids: tuple[int, ...], tmp_path: Path) -> None:
    numbered = zip(ids, GRAVEST_LAST, strict=True)
    rows = events(*(SAME | said | {"event_id": number, "incident_id": number} for number, said in numbered))
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"events": rows})
    sightings = store.snapshot().sightings()
    for person in (1, 2):
        assert sightings.event_id[sightings.rows_of(person)].tolist() == list(ids)
        assert [seen.event_id for seen in RawReader(events=rows.to_pylist()).seen(person, 50)] == list(ids)


@pytest.mark.parametrize("ids", [(1, 2, 3, 4, 5, 6), (6, 5, 4, 3, 2, 1), (4, 2, 6, 1, 3, 5)])
def test_of_corrections_of_one_second_the_content_decides_which_is_in_force(
    ids: tuple[int, ...], tmp_path: Path
) -> None:
    first = SAME | {"event_id": 9, "incident_id": 9, "recorded_at": 10}
    numbered = list(zip(ids, GRAVEST_LAST, strict=True))
    corrections = [SAME | said | {"event_id": i, "supersedes_event_id": 9, "recorded_at": 20} for i, said in numbered]
    rows = events(first, *corrections)
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"events": rows})
    sightings = store.snapshot().sightings()
    in_force = sightings.event_id[sightings.visible_at(50) & (sightings.role == 0)]
    assert in_force.tolist() == [ids[-1]]
    assert [row["event_id"] for row in RawReader(events=rows.to_pylist()).in_force(50)] == [ids[-1]]
