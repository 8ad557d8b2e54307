"""Corrections that come back to themselves: found in any mix of events, and refused by the store from any caller."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures.history_rows import BATCH, events
from hypothesis import given
from hypothesis import strategies as st

from threat.errors import BadInput
from threat.history import Store
from threat.history.circles import in_a_circle


@given(st.dictionaries(st.integers(1, 12), st.integers(-1, 14), max_size=12))
def test_an_event_is_in_a_circle_when_following_it_comes_back_to_it(supersedes: dict[int, int]) -> None:
    expected = []
    for event, at in supersedes.items():
        place = at
        for _ in supersedes:
            if place == event:
                break
            place = supersedes.get(place, -1)
        expected.append(place == event)
    found = in_a_circle(np.array(list(supersedes), dtype=np.int64), np.array(list(supersedes.values()), dtype=np.int64))
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("before", "batch"), [({}, {5: 5}), ({}, {5: 6, 6: 5}), ({5: 7, 6: None}, {7: 5}), ({5: 7}, {7: 6, 6: 5})]
)
def test_no_caller_can_append_events_that_supersede_themselves(
    tmp_path: Path, before: dict[int, int | None], batch: dict[int, int | None]
) -> None:
    store = Store.create(tmp_path / "store")
    person = {"subject_id": 1}
    if before:
        rows = [{"event_id": i, "supersedes_event_id": target} | person for i, target in before.items()]
        store.append(BATCH, {"events": events(*rows)})
    id_before = store.snapshot().id
    rows = [{"event_id": i, "supersedes_event_id": target} | person for i, target in batch.items()]
    with pytest.raises(BadInput, match="supersede themselves"):
        store.append(BATCH, {"events": events(*rows)})
    assert store.snapshot().id == id_before
    store.append(BATCH, {"events": events({"event_id": 9, "supersedes_event_id": 5} | person)})
    assert store.snapshot().row_count("events") == len(before) + 1
