"""What sightings answer: whose row, visible when, and some of the rows."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from fixtures.history_rows import BATCH, events

from threat.asof import NEVER
from threat.history import Rows, Sightings, Store
from threat.history.sightings import COLUMNS, NO_PERSON


@pytest.fixture
def sightings(tmp_path: Path) -> Sightings:
    """Person 5 has events 1, 2 and 4, person 6 events 1 and 2, person 7 none, person 8 event 3."""
    store = Store.create(tmp_path / "store")
    store.append(
        BATCH,
        {
            "events": events(
                {"event_id": 1, "subject_id": 5, "person_at_risk_id": 6, "occurred_at": 10, "recorded_at": 20},
                {"event_id": 2, "subject_id": 6, "person_at_risk_id": 5, "occurred_at": 30, "recorded_at": 30},
                {"event_id": 3, "person_id": 8, "kind": "arrest", "occurred_at": 40, "source_system": "other"},
                {"event_id": 4, "subject_id": 5, "occurred_at": 50, "recorded_at": 70},
                {"event_id": 5, "supersedes_event_id": 1, "kind": "withdrawn", "occurred_at": 60},
                {"event_id": 6, "subject_id": 7, "occurred_at": 60, "recorded_at": 60},
                {"event_id": 7, "supersedes_event_id": 6, "kind": "withdrawn", "occurred_at": 60},
            )
        },
    )
    return store.snapshot().sightings()


def test_the_columns_are_the_arrays_with_one_entry_per_sighting(sightings: Sightings) -> None:
    shared = {"persons", "offsets", "code_names", "source_names", "history_start"}
    assert set(COLUMNS) == {field.name for field in fields(Sightings)} - shared
    assert {name: getattr(sightings, name).dtype for name in COLUMNS} == {
        name: np.dtype(kind) for name, kind in COLUMNS.items()
    }
    with pytest.raises(ValueError, match="kind has 4 rows, offsets say 6"):
        replace(sightings, kind=sightings.kind[:4])


def test_whose_row_and_towards_whom(sightings: Sightings) -> None:
    assert sightings.persons.tolist() == [5, 6, 7, 8]
    assert sightings.event_id.tolist() == [1, 2, 4, 1, 2, 3]
    assert sightings.ids_of(sightings.owners()).tolist() == [5, 5, 5, 6, 6, 8]
    assert sightings.ids_of(sightings.owners(np.array([0, 2, 3, 5]))).tolist() == [5, 5, 6, 8]
    assert sightings.ids_of(sightings.counterpart).tolist() == [6, 6, NO_PERSON, 5, 5, NO_PERSON]
    assert [sightings.rows_of(person) for person in (4, 5, 7, 8, 9)] == [
        slice(0, 0),
        slice(0, 3),
        slice(5, 5),
        slice(5, 6),
        slice(0, 0),
    ]


def test_visible_at_an_as_of(sightings: Sightings) -> None:
    def visible(at: int) -> list[int]:
        return sorted(set(sightings.event_id[sightings.visible_at(at)].tolist()))

    assert {at: visible(at) for at in (20, 21, 31, 41, 60, 61, 71)} == {
        20: [],
        21: [1],
        31: [1, 2],
        41: [1, 2, 3],
        60: [1, 2, 3],
        61: [2, 3],
        71: [2, 3, 4],
    }
    assert sightings.visible_at(61, sightings.rows_of(5)).tolist() == [False, True, False]
    assert sightings.visible_at(61, np.array([0, 1, 5])).tolist() == [False, True, True]


def test_some_of_the_rows_keep_all_persons(sightings: Sightings) -> None:
    by_mask = sightings.take(sightings.event_id == 2)
    by_row = sightings.take(np.array([1, 4]))
    for some in (by_mask, by_row):
        assert some.offsets.tolist() == [0, 1, 2, 2, 2]
        assert some.ids_of(some.owners()).tolist() == [5, 6]
        assert {name: getattr(some, name).tolist() for name in COLUMNS if name != "value"} == {
            name: getattr(sightings, name)[[1, 4]].tolist() for name in COLUMNS if name != "value"
        }
    assert sightings.take(np.zeros(6, dtype=bool)).offsets.tolist() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("as_of", [20, 21, 31, 60, 61, 71])
def test_what_was_known_at_an_as_of_shows_the_same_at_it_and_no_withdrawal_after_it(
    sightings: Sightings, as_of: int
) -> None:
    past = sightings.known_at(as_of)
    assert past.event_id[past.visible_at(as_of)].tolist() == sightings.event_id[sightings.visible_at(as_of)].tolist()
    assert (past.visible_from < as_of).all()
    assert ((past.visible_until < as_of) | (past.visible_until == NEVER)).all()


def test_a_feed_with_a_lag_shows_and_hides_its_records_later(sightings: Sightings) -> None:
    assert sightings.source_names == ("other", "test")
    late = sightings.delayed(np.array([100, 7], dtype=np.int64))
    assert late.visible_from.tolist() == [27, 37, 77, 27, 37, 140]
    assert late.visible_until.tolist() == [67, NEVER, NEVER, 67, NEVER, NEVER]


def test_rows_take_masks_slices_and_positions_in_any_order() -> None:
    rows = Rows(*(np.array([1, 2, 3], dtype=np.int64) * 10**i for i in range(4)))
    for which in (np.array([True, False, True]), slice(0, 3, 2), np.array([0, 2])):
        some = rows.take(which)
        assert (some.relationship_id.tolist(), some.subject.tolist()) == ([1, 3], [10, 30])
        assert (some.at_risk.tolist(), some.as_of.tolist()) == ([100, 300], [1000, 3000])
    assert rows.take(np.array([2, 0])).relationship_id.tolist() == [3, 1]
