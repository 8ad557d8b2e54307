"""The year of birth as known at an as-of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from fixtures.history_rows import BATCH

from threat.history import Store
from threat.history.persons import birth_years


def test_the_year_recorded_last_counts_and_a_blank_says_nothing(tmp_path: Path) -> None:
    rows = [(5, 1990, 30), (5, 1980, 10), (5, None, 40), (6, None, 10), (7, 1970, 10), (7, 1971, 10)]
    store = Store.create(tmp_path / "store")
    person, year, recorded = (list(column) for column in zip(*rows, strict=True))
    table = {"person_id": person, "kind": ["person"] * 6, "birth_year": pa.array(year, pa.int16())}
    store.append(BATCH, {"persons": pa.table(table | {"recorded_at": recorded})})
    snapshot = store.snapshot()
    years = birth_years(snapshot, [5, 5, 5, 5, 6, 7, 8], [10, 11, 30, 99, 99, 99, 99])
    np.testing.assert_array_equal(years, [np.nan, 1980, 1980, 1990, np.nan, 1971, np.nan])
    assert birth_years(snapshot, [7], 11).tolist() == [1971]
