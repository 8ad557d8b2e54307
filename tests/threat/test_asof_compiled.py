"""The compiled rule of time against the plain one, and the same rule in SQL: on every boundary and on drawn times."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from threat import asof, asof_compiled
from threat.asof import DAY, NEVER, on_record_sql

AS_OF = 1_700_000_000
BOUNDARIES = [
    *(AS_OF + offset for offset in (-30 * DAY - 1, -30 * DAY, -30 * DAY + 1, -1, 0, 1)),
    *(AS_OF + offset for offset in (30 * DAY - 1, 30 * DAY, 30 * DAY + 1)),
    *(-NEVER, 0, NEVER - 1, NEVER),
]
TIMES = st.one_of(st.sampled_from(BOUNDARIES), st.integers(-(1 << 40), 1 << 40))
DAYS = st.one_of(st.sampled_from([0, 1, 30]), st.floats(0, 4000, allow_nan=False))


@settings(deadline=None)  # the first call compiles
@given(TIMES, TIMES, TIMES)
def test_visibility_says_the_same(recorded_at: int, withdrawn_at: int, as_of: int) -> None:
    visible = asof.visible(recorded_at, withdrawn_at, as_of)
    assert asof_compiled.visible(recorded_at, withdrawn_at, as_of) == visible
    assert asof_compiled.on_record(recorded_at, as_of) == asof.on_record(recorded_at, as_of)
    assert asof_compiled.withdrawn(withdrawn_at, as_of) == asof.withdrawn(withdrawn_at, as_of)
    assert visible == (asof.on_record(recorded_at, as_of) and not asof.withdrawn(withdrawn_at, as_of))


@settings(deadline=None)  # the first call compiles
@given(TIMES, st.integers(AS_OF - 2, AS_OF + 2), DAYS)
def test_windows_say_the_same(occurred_at: int, as_of: int, days: float) -> None:
    look_back, label = asof.in_look_back(occurred_at, as_of, days), asof.in_label_window(occurred_at, as_of, days)
    assert asof_compiled.in_look_back(occurred_at, as_of, days) == look_back
    assert asof_compiled.in_label_window(occurred_at, as_of, days) == label
    assert asof_compiled.happened(occurred_at, as_of) == asof.happened(occurred_at, as_of)
    assert asof.within(occurred_at, *asof.look_back_bounds(as_of, days)) == look_back
    assert asof_compiled.within(occurred_at, *asof.label_bounds(as_of, days)) == label


def test_a_compiled_loop_says_the_same_as_the_arrays() -> None:
    @njit
    def scan(recorded_at: np.ndarray, withdrawn_at: np.ndarray, as_of: int, out: np.ndarray) -> None:
        for i in range(len(out)):
            out[i] = visible(recorded_at[i], withdrawn_at[i], as_of)

    visible = asof_compiled.visible
    recorded_at, withdrawn_at = (axis.ravel() for axis in np.meshgrid(BOUNDARIES, BOUNDARIES))
    out = np.zeros(len(recorded_at), dtype=bool)
    scan(recorded_at, withdrawn_at, AS_OF, out)
    assert out.tolist() == asof.visible(recorded_at, withdrawn_at, AS_OF).tolist()
    assert 0 < out.sum() < len(out)


@pytest.mark.parametrize("as_of", BOUNDARIES)
def test_sql_says_the_same(as_of: int) -> None:
    rows = ", ".join(f"({at})" for at in BOUNDARIES)
    query = f"SELECT recorded_at, {on_record_sql('recorded_at')} FROM (VALUES {rows}) AS t(recorded_at)"
    found = dict(duckdb.connect().execute(query, [as_of]).fetchall())
    assert found == {at: asof.on_record(at, as_of) for at in BOUNDARIES}
