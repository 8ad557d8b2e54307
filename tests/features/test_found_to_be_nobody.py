"""A party recorded as an organisation or unknown at or after an as-of changes no figure at that as-of."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, events, links, pair, persons, relationships

from features.engines.fold.build import build
from threat.asof import DAY
from threat.history import Store
from threat.history.sightings import NO_PERSON, Rows

TOLD = 300 * DAY


@pytest.mark.parametrize("kind", ["organisation", "unknown"])
def test_no_figure_changes_before_it_is_known(tmp_path: Path, kind: str) -> None:
    rng, rows = random.Random(7), []
    for event in range(1, 120):
        subject, at_risk = rng.sample(range(1, 6), 2)
        occurred = rng.randrange(0, 400) * DAY
        row = {"event_id": event, "subject_id": subject, "person_at_risk_id": at_risk, "occurred_at": occurred}
        row |= {"recorded_at": occurred + rng.randrange(0, 30) * DAY, "domestic": "yes"}
        rows.append(row | {"kind": rng.choice(["stalking", "wounding", "domestic_incident"])})
    pairs = [(10 * a + b, a, b, 0) for a in range(1, 6) for b in range(1, 6) if a != b]
    store = Store.create(tmp_path / "store")
    told = {"person_id": 3, "kind": kind, "birth_year": None, "recorded_at": TOLD}
    everyone = persons(1, 2, 3, 4, 5)
    tables = {"persons": everyone, "events": events(*rows), "relationships": relationships(*pairs)}
    store.append(BATCH, tables | {"person_links": links((1, 2, 150 * DAY, None))})
    before = store.snapshot()
    store.append(BATCH, {"persons": pa.Table.from_pylist([told], schema=everyone.schema)})
    after = store.snapshot()
    same = {}
    for as_of in (200 * DAY, TOLD, TOLD + 1):
        found = [snapshot.rows([pair(*parties) for _, *parties, _ in pairs], as_of) for snapshot in (before, after)]
        known = found[1].subject != NO_PERSON
        scored = known & (found[0].subject != found[0].at_risk)
        figures = [
            build(snapshot.sightings(), Rows(*(column[scored] for column in columns(side))), parallel=False).values
            for snapshot, side in zip((before, after), found, strict=True)
        ]
        same[as_of] = bool(known.all()), np.array_equal(*figures, equal_nan=True)
    assert same == {200 * DAY: (True, True), TOLD: (True, True), TOLD + 1: (False, False)}


def columns(rows: Rows) -> tuple[np.ndarray, ...]:
    return rows.relationship_id, rows.subject, rows.at_risk, rows.as_of
