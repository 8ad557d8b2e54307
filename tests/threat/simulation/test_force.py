"""A force obeys the history's rules, is consistent, is seeded, and keeps its truth in another folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from fixtures.small_force import SMALL

from threat.errors import UsageError
from threat.history import Store
from threat.outcomes import occurrences
from threat.simulation import parameters
from threat.simulation.force import Settings, preset, read_settings, simulate
from threat.vocabulary import kinds, themes

NEVER_MADE = {"unit_review", "unit_plan"}
"""Kinds that only the intervention knob makes."""


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    from threat.simulation.calibration.frames import frame_of

    return {name: frame_of(table) for name, table in simulate(SMALL).items()}


def test_the_store_takes_it_and_the_size_is_as_asked(small_force: Path) -> None:
    snapshot = Store.open(small_force / "history").snapshot()
    records = len(snapshot.table("relationships")["relationship_id"].unique())
    assert abs(records / SMALL.relationships - 1) < 0.06
    assert snapshot.sightings().persons.size > 0
    assert {r: len(occurrences(snapshot, r)) > n for r, n in {"Y1": 0, "Y2": 40, "Y4": 500, "Y5": 5}.items()} == {
        "Y1": True,
        "Y2": True,
        "Y4": True,
        "Y5": True,
    }


def test_every_theme_and_nearly_every_kind_is_there(tables: dict[str, pd.DataFrame]) -> None:
    recorded_kinds = set(tables["events"]["kind"].unique())
    for theme, names in themes().items():
        assert theme == "homicide" or recorded_kinds & set(names), theme
    assert len(set(kinds()) - recorded_kinds - NEVER_MADE) < 12


def test_persons_and_relationships_hang_together(tables: dict[str, pd.DataFrame]) -> None:
    events, relations, persons = tables["events"], tables["relationships"], tables["persons"]
    person_ids = set(persons["person_id"])
    for column in ("subject_id", "person_at_risk_id", "person_id"):
        assert set(events.loc[events[column] >= 0, column]) <= person_ids
    pairs = set(zip(relations["subject_id"], relations["person_at_risk_id"], strict=True))
    related = events["person_at_risk_id"].isin(relations["person_at_risk_id"]) & (events["domestic"] == "yes")
    between = events[(events["subject_id"] >= 0) & related]
    assert set(zip(between["subject_id"], between["person_at_risk_id"], strict=True)) == pairs
    assert (relations["subject_id"] != relations["person_at_risk_id"]).all()
    for name in ("event_id",):
        assert events[name].is_unique
    assert not relations.duplicated(["relationship_id", "recorded_at"]).any()
    assert persons["person_id"].is_unique
    # Of people outside the clusters the police hold that they were hurt, and no more.
    nameless = person_ids - set(tables["identities"]["person_id"])
    assert set(tables["identities"]["person_id"]) <= person_ids
    assert nameless == set(
        events.loc[~events["person_at_risk_id"].isin(relations["person_at_risk_id"]), "person_at_risk_id"]
    )
    first = between.groupby(["subject_id", "person_at_risk_id"])["recorded_at"].min()
    first_rows = relations.groupby(["subject_id", "person_at_risk_id"])["recorded_at"].min()
    assert first.sort_index().equals(first_rows.sort_index())


def test_several_relationships_serial_subjects_both_ways_and_unknown(tables: dict[str, pd.DataFrame]) -> None:
    relations = tables["relationships"]
    pairs = set(zip(relations["subject_id"], relations["person_at_risk_id"], strict=True))
    assert sum((b, a) in pairs for a, b in pairs) > 20
    assert (relations.groupby("subject_id").size() > 1).mean() > 0.05
    assert 0.005 < (relations["person_at_risk_id"] < 0).mean() < 0.05
    assert (relations.loc[relations["person_at_risk_id"] < 0, "kind"] == "unknown").all()
    assert set(relations["kind"]) == {
        "current_partner",
        "ex_partner",
        "parent",
        "child",
        "sibling",
        "other_family",
        "unknown",
    }


def test_times(tables: dict[str, pd.DataFrame]) -> None:
    events = tables["events"]
    ahead = events["kind"].map({name: kind.known_in_advance for name, kind in kinds().items()}).astype(bool)
    assert (events.loc[~ahead, "occurred_at"] <= events.loc[~ahead, "recorded_at"]).all()
    assert (events["recorded_at"] < SMALL.now).all()
    assert (events["occurred_at"] >= SMALL.epoch).all()
    late = (events["recorded_at"] - events["occurred_at"]) > 7 * 86_400
    assert 0.02 < late.mean() < 0.25
    begins = parameters.values("recording")["history_start"]
    for source, days in begins.items():
        recorded = events.loc[events["source_system"] == source, "recorded_at"]
        assert recorded.min() >= SMALL.epoch + days * 86_400


def test_custody_removes_exposure(tables: dict[str, pd.DataFrame]) -> None:
    """No subject is reported for violence while held on remand or serving a sentence."""
    events = tables["events"]
    stays = events[(events["kind"] == "custody") & (events["code"] != "police")]
    violent = events[events["kind"].isin(["assault_with_injury", "assault_without_injury", "non_fatal_strangulation"])]
    both = violent.merge(stays[["person_id", "occurred_at", "until"]], left_on="subject_id", right_on="person_id")
    inside = (both["occurred_at_x"] > both["occurred_at_y"] + 86_400) & (both["occurred_at_x"] < both["until_y"])
    assert len(stays) > 30
    assert inside.sum() == 0


def test_revisions_supersede_rows_that_exist(tables: dict[str, pd.DataFrame]) -> None:
    events = tables["events"].set_index("event_id")
    revised = events[events["supersedes_event_id"] >= 0]
    old = events.loc[revised["supersedes_event_id"]]
    assert (revised["recorded_at"].to_numpy() > old["recorded_at"].to_numpy()).all()
    assert (revised["incident_id"].to_numpy() == old["incident_id"].to_numpy()).all()
    assert {"withdrawn", "risk_grade", "assault_with_injury"} <= set(revised["kind"])


def test_the_share_of_deadly_subjects_marked_suicidal_afterwards_is_the_published_one() -> None:
    share = parameters.values("recording")["suicide_marker_after"]
    assert share == pytest.approx(90 / 620, abs=0.001)


def test_same_seed_same_rows_other_seed_other_rows() -> None:
    tiny = replace(SMALL, relationships=200, years=2)
    first, second, other = simulate(tiny), simulate(tiny), simulate(replace(tiny, seed=12))
    assert all(first[name].equals(second[name]) for name in first)
    assert not set(first["events"]["event_id"].to_pylist()) & set(other["events"]["event_id"].to_pylist())


def test_the_truth_is_in_a_folder_of_its_own(small_force: Path) -> None:
    history = {p.relative_to(small_force / "history").as_posix() for p in (small_force / "history").rglob("*.parquet")}
    assert all(
        path.split("/")[1]
        in {
            "persons",
            "identities",
            "protected",
            "person_links",
            "relationships",
            "events",
            "batches",
        }
        for path in history
    )
    columns = {c for p in (small_force / "history").rglob("*.parquet") for c in pq.read_schema(p).names}
    assert not columns & {"severity", "frequency", "control", "true_relation", "latent_risk_180d"}
    truth = pq.read_table(small_force / "truth" / "relationships.parquet")
    snapshot = Store.open(small_force / "history").snapshot()
    assert set(truth["relationship_id"].to_pylist()) == set(
        snapshot.table("relationships")["relationship_id"].to_pylist()
    )
    happened = pq.read_table(small_force / "truth" / "incidents.parquet")
    assert pc.is_in(happened["true_relation"], truth["true_relation"]).to_numpy().mean() > 0.5


def test_names_are_of_no_one(tables: dict[str, pd.DataFrame]) -> None:
    from threat.simulation.records.characteristics import _FIRST, _LAST

    words = tables["identities"]["names"].str.split(" ", expand=True)
    assert words[0].isin(_FIRST).mean() > 0.95
    assert words[1].isin(_LAST).mean() > 0.95


def test_protected_characteristics_are_known_to_the_audit(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["protected"]
    assert set(table["characteristic"]) == {
        "sex",
        "ethnicity",
        "disability",
        "orientation",
        "religion",
        "deprivation",
        "rurality",
    }
    stated = table[(table["characteristic"] == "ethnicity") & (table["source"] == "self")]
    assert set(stated["scheme"]) == {"18+1"}
    assert stated["code"].nunique() == 19
    seen = table[(table["characteristic"] == "ethnicity") & (table["source"] == "observed")]
    assert set(seen["code"]) == {"W", "M", "A", "B", "O"}


@pytest.mark.parametrize(
    "settings", [Settings(relationships=0), Settings(years=0), Settings(years=-1)], ids=["none", "no time", "negative"]
)
def test_impossible_sizes_are_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="no relationship, no time or too much of it"):
        simulate(settings)


def test_presets_and_settings_read_back(small_force: Path, tmp_path: Path) -> None:
    assert preset("leicestershire").relationships == 104_000
    assert preset("national").relationships == 4_000_000
    with pytest.raises(UsageError, match="There is no force named 'atlantis'"):
        preset("atlantis")
    assert read_settings(small_force) == SMALL
    with pytest.raises(UsageError, match="no synthetic force in this folder"):
        read_settings(small_force / "truth")
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "force.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="no synthetic force in this folder"):
        read_settings(tmp_path)


def test_a_block_is_the_same_in_a_longer_force() -> None:
    """More time adds rows and changes none, so that a force can be continued."""
    from datetime import timedelta

    short = replace(SMALL, relationships=300, years=2)
    long = replace(short, until=short.end + timedelta(days=60))
    a, b = simulate(short), simulate(long)
    for name in ("events", "relationships", "persons", "protected"):
        old, new = a[name], b[name]
        key = {"events": "event_id", "relationships": "relationship_id"}.get(name, "person_id")
        kept = new.filter(pc.is_in(new[key], old[key].combine_chunks()))
        if name == "relationships":  # a later version is a row more
            kept = kept.filter(pc.less(kept["recorded_at"], short.now))
        assert kept.num_rows == old.num_rows
        assert new.num_rows > old.num_rows
    assert np.isin(a["events"]["event_id"].to_numpy(), b["events"]["event_id"].to_numpy()).all()
