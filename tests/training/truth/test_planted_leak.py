"""The planted leak: through ``features`` it changes no value of any row before the harm; a naive builder reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from features import build, load_catalogue
from threat.asof import DAY
from threat.errors import UsageError
from threat.history.sightings import Rows
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.simulation import force
from threat.simulation.force import Settings
from threat.simulation.knobs import Knobs
from threat.simulation.world import states
from training.config import load
from training.truth.planted_leak import demonstrate, naive

PLAIN = Settings(relationships=4000, years=3, seed=4)
HOUR = 3600


@pytest.fixture(scope="module")
def forces(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot, Path]:
    """The same force without and with the leak."""
    out = tmp_path_factory.mktemp("leak")
    force.write(PLAIN, out / "plain")
    force.write(replace(PLAIN, knobs=Knobs(leak=1.0)), out / "leak")
    plain, leak = (Store.open(out / name / "history").snapshot() for name in ("plain", "leak"))
    return plain, leak, out


@pytest.fixture(scope="module")
def eve(forces: tuple[Snapshot, Snapshot, Path]) -> Rows:
    """An hour before the first severe incident of each relationship that was on record by then."""
    plain, _, out = forces
    incidents = pq.read_table(out / "plain" / "truth" / "incidents.parquet").to_pandas()
    records = pq.read_table(out / "plain" / "truth" / "relationships.parquet").to_pandas()
    severe = incidents[incidents["offence"].isin(states.OFFENCES[states.FIRST_GRAVE :])]
    first = severe.groupby("true_relation", as_index=False)["occurred_at"].min()
    joined = records.drop_duplicates("true_relation").merge(first, on="true_relation")
    joined = joined[(joined["recorded_at"] < joined["occurred_at"] - HOUR) & (joined["occurred_at"] < PLAIN.now)]
    joined = joined[
        joined["occurred_at"] > PLAIN.epoch + 366 * DAY
    ]  # partners' rows of the first year were not migrated
    rows = plain.rows(joined["relationship_id"].to_numpy(), joined["occurred_at"].to_numpy() - HOUR)
    assert len(rows) > 8
    return rows


def test_through_features_the_leak_changes_nothing(forces: tuple[Snapshot, Snapshot, Path], eve: Rows) -> None:
    plain, leak, _ = forces
    assert len(leak.sightings().event_id) > len(plain.sightings().event_id)
    without, with_leak = (build(one.sightings(), eve, parallel=False).values for one in (plain, leak))
    np.testing.assert_array_equal(with_leak, without)


def test_a_naive_builder_reads_it(forces: tuple[Snapshot, Snapshot, Path], eve: Rows) -> None:
    plain, leak, _ = forces
    names = list(load_catalogue().names)
    column = names.index("social_care_referrals_365d")
    without, with_leak = (build(naive(one.sightings()), eve, parallel=False).values for one in (plain, leak))
    more = with_leak[:, column] - without[:, column]
    assert more.min() >= 0
    assert (more >= 1).mean() > 0.9


def test_a_leak_is_shown_only_for_what_the_truth_knows(tmp_path: Path) -> None:
    force_settings = Settings(relationships=100, years=4, seed=1)
    for changes in ({"rung": "Y4"}, {"horizon_days": 90}):
        with pytest.raises(UsageError, match="latent oracle has no answer"):
            demonstrate(tmp_path, load("demo", **changes), force_settings, leak=1.0)
    assert list(tmp_path.iterdir()) == []
