"""The id of a batch depends on every value of its rows, and not on how the rows are cut or encoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, events, two_events

from threat.history import Store


def test_the_id_does_not_depend_on_how_rows_are_cut_or_encoded(tmp_path: Path) -> None:
    whole = two_events()
    pieces = [whole.slice(0, 1).to_batches()[0], whole.slice(1, 1).to_batches()[0]]
    place = whole.schema.get_field_index("kind")
    encoded = whole.set_column(place, "kind", pa.array(["harassment", "stalking"]).dictionary_encode().take([1, 0]))
    ids = {
        Store.create(tmp_path / str(i)).append(BATCH, {"events": rows})
        for i, rows in enumerate([whole, pieces, iter(pieces), encoded])
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    "change",
    [{"kind": "rape"}, {"occurred_at": 11}, {"code": "x"}, {"value": 0.0}, {"person_id": 0}, {"proactive": True}],
    ids=lambda change: next(iter(change)),
)
def test_the_id_depends_on_every_value(tmp_path: Path, change: dict[str, Any]) -> None:
    row = {"event_id": 1, "subject_id": 5, "occurred_at": 10, "recorded_at": 20}
    one = Store.create(tmp_path / "one").append(BATCH, {"events": events(row)})
    other = Store.create(tmp_path / "other").append(BATCH, {"events": events(row | change)})
    assert one != other
