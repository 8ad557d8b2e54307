"""Who may be a child: the latest possible birth year on record, under any reference of the person."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, links

from threat.asof import parse_as_of
from threat.history import Store
from threat.history.ages import BirthYears

AS_OF = parse_as_of("2024-06-01")
LONG_AGO = parse_as_of("2020-01-01")


def known(folder: Path, rows: list[tuple[int, int | None, int]], as_of: int = AS_OF, **more: pa.Table) -> BirthYears:
    persons = pa.table(
        {
            "person_id": [person for person, _, _ in rows],
            "kind": ["person"] * len(rows),
            "birth_year": pa.array([year for _, year, _ in rows], pa.int16()),
            "recorded_at": [recorded for _, _, recorded in rows],
        }
    )
    store = Store.create(folder / "history")
    store.append(BATCH, {"persons": persons, **more})
    snapshot = store.snapshot()
    return snapshot.births.at(as_of)


@pytest.mark.parametrize(
    ("year", "under"),
    [(2024, True), (2008, True), (2007, False), (1914, False), (None, False), (2025, False), (1913, False), (0, False)],
)
def test_possibly_under_sixteen(tmp_path: Path, year: int | None, under: bool) -> None:
    assert known(tmp_path, [(1, year, LONG_AGO)]).may_be_under([1, 2, -1], 16).tolist() == [under, False, False]


def test_impossible_years_and_blanks_take_nothing_back(tmp_path: Path) -> None:
    rows = [(1, 2010, LONG_AGO), (1, None, LONG_AGO + 1), (1, 1900, LONG_AGO + 2)]
    found = known(tmp_path, rows)
    assert found.may_be_under([1], 16).tolist() == [True]
    assert found.since_when([1, 2]).tolist() == [LONG_AGO, 0]


def test_the_latest_on_record_at_the_as_of_counts(tmp_path: Path) -> None:
    rows = [(1, 2010, LONG_AGO), (1, 1990, AS_OF)]
    assert known(tmp_path / "a", rows).may_be_under([1], 16).tolist() == [True]
    assert known(tmp_path / "b", rows, AS_OF + 1).may_be_under([1], 16).tolist() == [False]
    assert known(tmp_path / "c", [(1, 1990, LONG_AGO), (1, 2010, LONG_AGO)]).may_be_under([1], 16).tolist() == [True]


def test_a_birth_year_under_a_merged_reference_is_read(tmp_path: Path) -> None:
    rows = [(1, None, LONG_AGO), (2, 2010, LONG_AGO)]
    merge = links((2, 1, AS_OF - 10, None))
    assert known(tmp_path / "a", rows, AS_OF - 10, person_links=merge).may_be_under([1], 16).tolist() == [False]
    assert known(tmp_path / "b", rows, AS_OF, person_links=merge).may_be_under([1], 16).tolist() == [True]
