"""Relationships that change kind, and people at the scene, as the product reads them from the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from threat.history import Snapshot, Store
from threat.simulation.calibration.frames import frame_of

DAY = 86_400


@pytest.fixture(scope="module")
def snapshot(small_force: Path) -> Snapshot:
    return Store.open(small_force / "history").snapshot()


def test_the_kind_is_read_in_its_version_of_the_as_of(snapshot: Snapshot) -> None:
    rows = frame_of(snapshot.table("relationships")).sort_values(["relationship_id", "recorded_at"])
    later = rows.duplicated("relationship_id")
    assert 0.03 < later.sum() / rows["relationship_id"].nunique() < 0.2
    before = rows["kind"].astype(str).shift()[later].to_numpy()
    kind, at = rows.loc[later, "kind"].astype(str).to_numpy(), rows.loc[later, "recorded_at"].to_numpy()
    assert set(kind) == set(before) == {"current_partner", "ex_partner"}
    assert (kind != before).all()
    ids = rows.loc[later, "relationship_id"].to_numpy()
    relationships = snapshot.relationships
    assert (relationships.kind_at(ids, at) == before).all()
    assert (relationships.kind_at(ids, at + 1) == kind).all()
    changed = rows.loc[later, "valid_from"].to_numpy()
    assert (changed < at).all()
    assert 30 < np.mean((at - changed) / DAY) < 110


def test_every_relationship_in_force_has_its_truth_and_nobody_else_is_one(
    snapshot: Snapshot, small_force: Path
) -> None:
    truth = pq.read_table(small_force / "truth" / "relationships.parquet")["relationship_id"].to_numpy()
    assert np.array_equal(snapshot.relationships.relationship_id, np.sort(truth))
    events = frame_of(snapshot.table("events"))
    at_risk = set(snapshot.relationships.person_at_risk_id.tolist())
    named = events[(events["person_at_risk_id"] >= 0) & (events["subject_id"] >= 0)]
    others = named[~named["person_at_risk_id"].isin(at_risk)]
    assert {"assault_emergency_worker", "assault_without_injury", "robbery"} <= set(others["kind"])
    at_the_scene = others[others["domestic"] == "yes"]
    assert set(at_the_scene["kind"]) == {"assault_emergency_worker", "assault_without_injury"}
    scene = events[events["incident_id"].isin(at_the_scene["incident_id"]) & (events["domestic"] == "yes")]
    named_too = scene[scene["person_at_risk_id"].isin(at_risk)].groupby("incident_id").size()
    assert set(named_too.index) == set(at_the_scene["incident_id"])


def test_strangers_have_a_person_record_and_nothing_else(snapshot: Snapshot) -> None:
    events, persons = frame_of(snapshot.table("events")), frame_of(snapshot.table("persons"))
    outside = events[(events["domestic"] == "no") & (events["subject_id"] >= 0)]
    hurt = outside.loc[outside["person_at_risk_id"] >= 0, "person_at_risk_id"]
    assert hurt.is_unique
    assert 0.4 < len(hurt) / len(outside) < 0.8
    records = persons[persons["person_id"].isin(hurt)]
    assert len(records) == len(hurt)
    assert records["birth_year"].isna().all()
    assert pd.Series(persons["kind"].astype(str)).eq("person").all()
