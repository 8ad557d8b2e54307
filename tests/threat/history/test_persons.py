"""The year of birth as known at an as-of."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from fixtures.case_force import Force, ev
from fixtures.history_rows import BATCH
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.asof import parse_as_of
from threat.history import Store
from threat.history.persons import birth_years

START = parse_as_of("2000-01-01")


def test_the_year_recorded_last_counts_and_a_blank_says_nothing(tmp_path: Path) -> None:
    rows = [(5, 1990, 30), (5, 1980, 10), (5, None, 40), (6, None, 10), (7, 1970, 10), (7, 1971, 10)]
    store = Store.create(tmp_path / "store")
    person, year, recorded = (list(column) for column in zip(*rows, strict=True))
    table = {"person_id": person, "kind": ["person"] * 6, "birth_year": pa.array(year, pa.int16())}
    store.append(BATCH, {"persons": pa.table(table | {"recorded_at": [START + at for at in recorded]})})
    snapshot = store.snapshot()
    years = birth_years(snapshot, [5, 5, 5, 5, 6, 7, 8], START + np.array([10, 11, 30, 99, 99, 99, 99]))
    np.testing.assert_array_equal(years, [np.nan, 1980, 1980, 1990, np.nan, 1971, np.nan])
    assert birth_years(snapshot, [7], START + 11).tolist() == [1971]
    # Found to be one person: what was recorded last of either.
    merged = birth_years(snapshot, [5, 5], START + np.array([11, 99]), lambda ids: np.where(ids == 7, 5, ids))
    assert merged.tolist() == [1980, 1990]


@pytest.mark.parametrize(
    ("year", "as_of", "expected"),
    [
        (2024, "2024-06-01", 2024),
        (2025, "2024-06-01", 1990),  # unborn: what an earlier row says still counts
        (1914, "2024-06-01", 1914),
        (1913, "2024-12-31", 1990),  # 111 years old
        (1913, "2023-12-31", 1913),
    ],
)
def test_a_year_that_nobody_can_have_says_nothing(tmp_path: Path, year: int, as_of: str, expected: int) -> None:
    store = Store.create(tmp_path / "store")
    table = {"person_id": [5, 5], "kind": ["person"] * 2, "birth_year": pa.array([1990, year], pa.int16())}
    store.append(BATCH, {"persons": pa.table(table | {"recorded_at": [10, 20]})})
    assert birth_years(store.snapshot(), [5], parse_as_of(as_of)).tolist() == [expected]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1850, 1900, 1990, 2001, 2030]), st.integers(0, 4))),
    st.integers(0, 5),
)
def test_one_as_of_and_one_a_row_are_one_rule(rows: list[tuple[int, int, int]], as_of: int) -> None:
    """Read row by row: the last row on record with a year that the person can have; nobody has none."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(f"{folder}/store")
        person, year, day = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
        table = {"person_id": pa.array(person, pa.int64()), "kind": pa.array(["person"] * len(rows), pa.string())}
        recorded = pa.array([START + at for at in day], pa.int64())
        store.append(
            BATCH, {"persons": pa.table(table | {"birth_year": pa.array(year, pa.int16()), "recorded_at": recorded})}
        )
        snapshot = store.snapshot()
        who = [0, 1, 2, -1]
        plain = [
            max(
                ((at, born) for one, born, at in rows if one == asked and at < as_of and born in (1900, 1990)),
                default=None,
            )
            for asked in who
        ]
        expected = [np.nan if last is None else last[1] for last in plain]
        np.testing.assert_array_equal(birth_years(snapshot, who, START + as_of), expected)
        at_one = snapshot.births.at(START + as_of)
        assert at_one.may_be_under(who, 16).tolist() == [year == 1990 for year in expected]
        assert at_one.since_when(who).tolist() == [0 if last is None else START + last[0] for last in plain]


def test_nobody_has_no_birth_year() -> None:
    nobody = {"person": "nobody", "kind": "unknown", "birth_year": 1990, "recorded_at": "2001-01-01"}
    snapshot = Force({"persons": [nobody], "events": [ev("stalking", "2024-03-01")]}).snapshot
    at = parse_as_of("2024-06-01")
    assert np.isnan(birth_years(snapshot, [-1], at, lambda ids: snapshot.links.resolve(ids, at))).all()
