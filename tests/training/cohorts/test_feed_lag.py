"""The feed's lag: records and withdrawals reach a list later than the force recorded them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from fixtures import golden_force as golden

from threat.asof import NEVER, parse_as_of
from threat.history.snapshot import Snapshot
from threat.policy import load_policy
from training.cohorts import cohort as cohorts
from training.cohorts.feed_lag import delayed, feed_lags
from training.cohorts.folds import cycles

NAMES = {golden.relationship_id(name): name for name in golden.KINDS}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return golden.build(tmp_path_factory.mktemp("golden") / "history").snapshot()


def test_records_and_withdrawals_reach_a_list_with_the_lag_of_their_feed(snapshot: Snapshot) -> None:
    assert feed_lags(snapshot) == {"golden": 0}
    sightings = snapshot.sightings()
    assert delayed(sightings, {"golden": 0}) is sightings
    later = delayed(sightings, {"golden": 7_200})
    assert (later.visible_from - sightings.visible_from == 7_200).all()
    withdrawn = sightings.visible_until < NEVER
    assert withdrawn.any()
    assert (later.visible_until[withdrawn] - sightings.visible_until[withdrawn] == 7_200).all()
    assert (later.visible_until[~withdrawn] == NEVER).all()
    # Eligible with a lag of 305 days: as things stood on 1 August 2023, but listed on 1 June 2024.
    june = cycles(parse_as_of("2024-06-01"), parse_as_of("2024-06-01"), "month", spread=False)
    got = cohorts.monthly(snapshot, june, load_policy(), lag=305 * 86_400)
    assert sorted(NAMES[r] for r in got.rows.relationship_id) == ["G02", "G04", "G07", "G11"]
    assert (got.rows.as_of == june[0].start).all()


def test_a_source_is_as_late_as_the_slowest_of_its_batches() -> None:
    tables = """
        CREATE TABLE batches AS SELECT * FROM (VALUES ('a', 60), ('b', 7200)) t(batch_id, feed_lag_seconds);
        CREATE TABLE events AS SELECT * FROM (VALUES ('crimes', 'a'), ('crimes', 'b'), ('custody', 'a'))
            t(source_system, batch_id);
    """
    with duckdb.connect() as connection:
        connection.execute(tables)
        snapshot: Any = SimpleNamespace(query=lambda sql: connection.sql(sql).to_arrow_table())
        assert feed_lags(snapshot) == {"crimes": 7200, "custody": 60}
