"""Event rows while they are gathered: keys, defaults, masks, and the table they become."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from fixtures.raw_rows import frame

from threat.simulation.records.event_rows import NONE, EventFields, EventRows, to_arrow
from threat.simulation.world import chance

KEYS = chance.seed_keys(1, "test", np.arange(3))
AT = np.array([100, 200, 300])


def fields(**other: object) -> EventFields:
    return EventFields(KEYS, AT, AT + 60, "crime", **other)  # type: ignore[arg-type]


def test_a_row_without_a_code_or_a_person_has_none() -> None:
    events = EventRows()
    events.add("arrest", KEYS, fields())
    row = events.columns()
    assert row["code"].tolist() == row["person"].tolist() == row["relation"].tolist() == [NONE] * 3
    assert np.isnan(row["value"]).all()
    table = frame(events)
    assert set(table["domestic"]) == {"yes"}
    assert set(table["reported_by"]) == {"police"}
    assert table["until"].isna().all()


def test_a_scalar_is_every_rows_and_an_array_each_ones() -> None:
    events = EventRows()
    events.add("bail_granted", KEYS, fields(code="conditional", person=np.array([4, 5, 6]), domestic=False))
    table = frame(events)
    assert table["code"].tolist() == ["conditional"] * 3
    assert table["person"].tolist() == [4, 5, 6]
    assert set(table["domestic"]) == {"no"}


def test_rows_of_one_key_differ_by_kind_and_ordinal() -> None:
    events = EventRows()
    ids = [events.add(kind, KEYS, fields(), ordinal=n) for kind in ("charge", "conviction") for n in (0, 1, 2)]
    assert len(np.unique(np.concatenate(ids))) == 18
    again = EventRows().add("charge", KEYS, fields(), ordinal=1)
    assert (again == ids[1]).all()


def test_rows_of_one_system_and_key_share_a_record() -> None:
    events = EventRows()
    events.add("charge", KEYS, fields())
    events.add("conviction", KEYS, fields())
    events.add("arrest", KEYS, fields()._replace(source="custody"))
    record = events.columns()["record"].reshape(3, 3)
    assert (record[0] == record[1]).all()
    assert (record[0] != record[2]).all()
    assert (chance.derive(KEYS, "record crime") == record[0]).all()


def test_taken_fields_keep_scalars_and_mask_arrays() -> None:
    taken = fields(code="conditional", person=np.array([4, 5, 6])).take(np.array([True, False, True]))
    assert taken.occurred.tolist() == [100, 300]
    assert taken.person.tolist() == [4, 6]  # type: ignore[union-attr]
    assert taken.code == "conditional"


def test_no_keys_add_no_row() -> None:
    events = EventRows()
    none = np.zeros(3, bool)
    assert len(events.add("arrest", KEYS[none], fields().take(none))) == 0
    assert {len(column) for column in events.columns().values()} == {0}


def test_the_table_has_null_where_there_is_nothing() -> None:
    events = EventRows()
    first = events.add("charge", KEYS, fields())
    events.add("charge", KEYS, fields(assessment=True, value=2.0), supersedes=first, ordinal=1)
    nobody = pa.nulls(6, pa.int64())
    table = to_arrow(events.columns(), nobody, nobody, nobody)
    assert table["supersedes_event_id"].to_pylist()[:3] == [None] * 3
    assert table["supersedes_event_id"].to_pylist()[3:] == table["event_id"].to_pylist()[:3]
    assert table["assertion"].to_pylist() == ["fact"] * 3 + ["assessment"] * 3
    assert table["value"].to_pylist() == [None] * 3 + [2.0] * 3
    assert table["until"].null_count == table["code"].null_count == 6
