"""Searching in sorted ids, against plain Python on drawn arrays."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import NEVER
from threat.history.sorted_ids import is_in, position, position_of, since

IDS = st.lists(st.integers(-3, 12), max_size=12)


@given(IDS, st.sets(st.integers(-3, 12), max_size=12))
def test_positions_are_those_of_a_plain_search(ids: list[int], among: set[int]) -> None:
    ordered = sorted(among)
    array, table = np.array(ids, dtype=np.int64), np.array(ordered, dtype=np.int64)
    expected = [ordered.index(i) if i in among else -1 for i in ids]
    assert position(array, table).tolist() == expected
    assert [position_of(i, table) for i in ids] == expected
    assert is_in(array, table).tolist() == [i in among for i in ids]
    first = np.array([100 + i for i in ordered], dtype=np.int64)
    assert since(array, table, first).tolist() == [100 + i if i in among else NEVER for i in ids]
