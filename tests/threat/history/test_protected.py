"""Protected characteristics as known at an as-of; self-defined and observed values stay separate."""

from __future__ import annotations

import os
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH

from threat.history import Store
from threat.history import protected as protected_table


def _protected() -> pa.Table:
    return pa.table(
        {
            "person_id": [5, 5, 5, 6],
            "characteristic": ["sex", "ethnicity", "ethnicity", "sex"],
            "code": ["male", "A1", "W1", "female"],
            "scheme": ["two", "18+1", "18+1", "two"],
            "source": ["observed", "observed", "self", "self"],
            "recorded_at": [1, 1, 5, 1],
            "withdrawn_at": pa.array([None, None, None, 4], pa.int64()),
        }
    )


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (1, []),
        (2, [(5, "ethnicity", "A1", "observed"), (5, "sex", "male", "observed"), (6, "sex", "female", "self")]),
        (4, [(5, "ethnicity", "A1", "observed"), (5, "sex", "male", "observed"), (6, "sex", "female", "self")]),
        (5, [(5, "ethnicity", "A1", "observed"), (5, "sex", "male", "observed")]),
        (
            None,
            [
                (5, "ethnicity", "A1", "observed"),
                (5, "ethnicity", "W1", "self"),
                (5, "sex", "male", "observed"),
            ],
        ),
    ],
)
def test_protected_as_known(tmp_path: Path, as_of: int | None, expected: list[tuple[Any, ...]]) -> None:
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"protected": _protected()})
    found = protected_table.read(store.snapshot(), as_of=as_of)
    rows = found[["person_id", "characteristic", "code", "source"]].itertuples(index=False, name=None)
    assert list(rows) == expected
    only = protected_table.read(store.snapshot(), [6], as_of=as_of)
    assert set(only["person_id"]) <= {6}


@pytest.mark.drawn
def test_the_order_of_rows_decides_nothing(tmp_path: Path) -> None:
    """Two codes in one second: the one that sorts last. A withdrawn code does not bring back the one before."""
    rows = [("male", 1, None), ("female", 1, None), ("male", 3, None), ("male", 3, 5), ("female", 7, None)]
    every = 1 if "THREAT_ALL_EXAMPLES" in os.environ else 7
    for i, order in enumerate([*permutations(rows)][::every]):
        codes, recorded, withdrawn = zip(*order, strict=True)
        n = len(rows)
        store = Store.create(tmp_path / f"store{i}")
        words = {"characteristic": ["sex"] * n, "code": codes, "scheme": ["two"] * n, "source": ["self"] * n}
        times = {"recorded_at": recorded, "withdrawn_at": pa.array(withdrawn, pa.int64())}
        store.append(BATCH, {"protected": pa.table({"person_id": [5] * n, **words, **times})})
        snapshot = store.snapshot()
        seen = [protected_table.read(snapshot, as_of=at)["code"].tolist() for at in (1, 2, 3, 4, 5, 6, 7, 8)]
        assert seen == [[], ["male"], ["male"], ["male"], ["male"], [], [], ["female"]]
