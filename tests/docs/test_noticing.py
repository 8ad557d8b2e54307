"""The page of what the audit notices: plants change what they say, and the quick look at rows of no force adds up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures.history_rows import events
from pages.noticing import PLANTS, audited, listed, over_policing, page, table, thinned_history, thinned_labels, wilson
from pages.noticing_force import ForceRows, incidents_on_record

from threat.asof import DAY
from threat.history.batches import Batch
from threat.history.store import Store

ROWS = ForceRows.drawn(4_000, seed=3)
GROUP = np.arange(len(ROWS)) % 5 == 0


def test_the_list_holds_a_tenth_of_each_cycle_with_the_most_incidents() -> None:
    on_list = listed(ROWS.incidents, ROWS)
    for cycle in (0, 1):
        of_cycle = ROWS.cycle == cycle
        assert on_list[of_cycle].sum() == 200
        assert ROWS.incidents[of_cycle & on_list].min() >= ROWS.incidents[of_cycle & ~on_list].max()


def test_each_plant_changes_the_records_of_the_group_alone() -> None:
    draw = np.random.default_rng(1)
    history = thinned_history(draw, ROWS, GROUP)
    assert history.incidents[GROUP].sum() == pytest.approx(0.4 * ROWS.incidents[GROUP].sum(), rel=0.1)
    assert (history.incidents[~GROUP] == ROWS.incidents[~GROUP]).all()
    assert (history.recorded == ROWS.harmed).all()
    labels = thinned_labels(draw, ROWS, GROUP)
    off_list = ~listed(ROWS.incidents, ROWS) & ROWS.harmed
    assert labels.recorded[GROUP & off_list].mean() == pytest.approx(0.2, abs=0.12)
    assert labels.recorded[~GROUP & off_list].all()
    assert labels.recorded[listed(ROWS.incidents, ROWS) & ROWS.harmed].all()
    more = over_policing(draw, ROWS, GROUP)
    assert (more.incidents - ROWS.incidents)[GROUP].mean() == pytest.approx(1.5, abs=0.2)
    assert (more.incidents[~GROUP] == ROWS.incidents[~GROUP]).all()


def test_thinned_labels_raise_recall_on_record_above_that_of_all_that_happened() -> None:
    thinned, plain = audited(ROWS, "thinned labels", 1), audited(ROWS, "nothing", 1)
    assert plain.recall == pytest.approx(plain.true_recall)
    assert thinned.true_recall == pytest.approx(plain.true_recall)
    assert thinned.recall > thinned.true_recall + 0.1
    assert (thinned.faulty, plain.faulty) == (True, False)


def test_the_page_says_shares_with_intervals() -> None:
    seen = {plant: [audited(ROWS, plant, seed) for seed in range(2)] for plant in PLANTS}
    lines = table(seen)
    assert [line.split("|")[1].strip() for line in lines[2:]] == list(PLANTS)
    assert all(len(line.split("|")) == 13 for line in lines)
    text = page(ROWS, seen, made_of="drawn rows")
    assert "In each of 2 seeds" in text
    assert wilson(0, 100)[0] == 0.0
    assert wilson(100, 100)[1] == 1.0


def test_incidents_are_counted_once_on_record_and_within_the_year(tmp_path: Path) -> None:
    now = 1_000 * DAY
    rows = [
        {"event_id": 1, "incident_id": 1, "occurred_at": now - 10 * DAY, "recorded_at": now - 9 * DAY},
        {"event_id": 2, "incident_id": 1, "occurred_at": now - 10 * DAY, "recorded_at": now - 8 * DAY},
        {"event_id": 3, "incident_id": 3, "occurred_at": now - 365 * DAY, "recorded_at": now - 300 * DAY},
        {"event_id": 4, "incident_id": 4, "occurred_at": now - 366 * DAY, "recorded_at": now - 300 * DAY},
        {"event_id": 5, "incident_id": 5, "occurred_at": now - 5 * DAY, "recorded_at": now},  # not on record yet
        {"event_id": 6, "incident_id": 6, "occurred_at": now - 5 * DAY, "recorded_at": now - DAY, "domestic": "no"},
    ]
    ids = {"subject_id": 2**62 + 1, "person_at_risk_id": 2**62 + 2}
    store = Store.create(f"{tmp_path}/store")
    store.append(Batch(profile="test", loaded_at=2 * now), {"events": events(*(row | ids for row in rows))})
    counted = incidents_on_record(store.snapshot(), np.array([2**62 + 1] * 2), np.array([2**62 + 2, 2**62 + 3]), now)
    assert counted.tolist() == [2, 0]
