"""Codes of protected characteristics as groups: what nobody knows, codes of no list, and codes of several schemes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from fixtures.history_rows import BATCH

from fairness.groups.every import characteristics
from fairness.groups.parties import Parties
from fairness.groups.protected import Recorded
from fairness.policy import load_policy
from threat.history.store import Store

FIFTHS, TENTHS = "fifths of areas, 1 most deprived", "tenths of areas, 1 most deprived"
RECORDED = [
    (1, "sex", "female", "x", "self"),
    (2, "sex", "unknown", "x", "self"),
    (2, "sex", "male", "x", "observed"),
    (3, "sex", "unknown", "x", "observed"),
    (4, "sex", "Q", "x", "observed"),
    (1, "deprivation", "1", FIFTHS, "observed"),
    (2, "deprivation", "1", TENTHS, "observed"),
    (3, "disability", "not_stated", "x", "self"),
]


def recorded(folder: Path) -> tuple[Recorded, Store]:
    store = Store.create(folder / "store")
    names = ("person_id", "characteristic", "code", "scheme", "source")
    columns = dict(zip(names, map(list, zip(*RECORDED, strict=True)), strict=True))
    times = {"recorded_at": [1] * len(RECORDED), "withdrawn_at": pa.nulls(len(RECORDED), pa.int64())}
    store.append(BATCH, {"protected": pa.table(columns | times)})
    return Recorded.of(store.snapshot(), IDS), store


IDS = np.array([1, 2, 3, 4, 5], dtype=np.int64)


def plain(codes: object) -> list[str | None]:
    return [code if isinstance(code, str) else None for code in np.asarray(codes, dtype=object)]


def test_what_nobody_knows_is_not_recorded_and_gives_way_to_what_somebody_saw(tmp_path: Path) -> None:
    codes, note = recorded(tmp_path)[0].preferred("sex", IDS)
    assert plain(codes) == ["female", "male", None, "Q", None]
    assert note == "self-defined where recorded, otherwise observed"


def test_one_code_of_two_schemes_is_two_groups(tmp_path: Path) -> None:
    codes, _ = recorded(tmp_path)[0].preferred("deprivation", IDS)
    assert plain(codes) == ["Fifth 1 of 5", "Tenth 1 of 10", None, None, None]


def test_groups_have_the_titles_of_their_codes_and_say_where_a_code_is_of_no_list(tmp_path: Path) -> None:
    snapshot = recorded(tmp_path)[1].snapshot()
    nobody = np.empty(0, dtype=np.int64)
    rows = Parties(IDS, IDS, np.full(5, -1), np.full(5, 10))
    outside = Parties(nobody, nobody, nobody, nobody)
    items = {
        item.name: item for item in characteristics(snapshot, rows, outside, load_policy()) if item.party == "subject"
    }
    assert [items["sex"].title_of(code) for code in ("female", "male", "Q")] == [
        "Female", "Male", "Q (not in the list of codes)",
    ]  # fmt: skip
    assert items["deprivation"].title_of("Tenth 1 of 10") == "Tenth 1 of 10"
    # Not stated is an answer, and a group.
    assert (plain(items["disability"].codes), items["disability"].title_of("not_stated")) == (
        [None, None, "not_stated", None, None], "Not stated",
    )  # fmt: skip
