"""Loads after the first: exports that grow, withdrawals and unmerges, and loads that are killed or collide."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from fixtures.standard_export import GOOD, NOW, events, person, profile_text, write

from threat.asof import parse_as_of
from threat.errors import ThreatError
from threat.history import Store, quarantine
from threat.history import protected as protected_table
from threat.history.intake.load import load
from threat.history.intake.report import lines


def test_the_same_file_twice_and_an_export_that_grows(tmp_path: Path) -> None:
    export, store = tmp_path / "export", tmp_path / "store"
    write(export, events=events(GOOD, GOOD | {"event": ""}, GOOD | {"event": ""}))
    first = load("standard_csv", export, store, NOW)
    assert first.new["events"] == 3
    manifest = (store / "manifest.json").read_bytes()
    again = load("standard_csv", export, store, NOW + 5)
    assert again.already_loaded
    assert "Nothing changed" in lines(again)
    assert (store / "manifest.json").read_bytes() == manifest
    # Rows in another order, with blanks around them and one more: only that one is new.
    grown = events(
        GOOD | {"event": "E7", "recorded_at": "2024-05-01"}, GOOD | {"event": ""}, GOOD, GOOD | {"event": ""}
    )
    write(export, events=[row.replace(",stalking,", ", stalking ,") for row in grown])
    third = load("standard_csv", export, store, NOW + 9)
    assert (third.new["events"], third.existing["events"]) == (1, 3)
    assert "relationships" not in third.new
    assert Store.open(store).snapshot().row_count("events") == 4
    # Nothing new at all: no batch.
    write(export, events=grown[:3])
    assert load("standard_csv", export, store, NOW + 10).batch_id is None


def test_a_key_used_again_for_something_else(tmp_path: Path) -> None:
    export, store = tmp_path / "export", tmp_path / "store"
    load("standard_csv", write(export, events=events(GOOD)), store, NOW)
    report = load("standard_csv", write(export, events=events(GOOD | {"kind": "rape"})), store, NOW)
    assert [(item.reason, item.severe) for item in report.reasons] == [("key_reused", 1)]
    assert Store.open(store).snapshot().table("events", ["kind"]).to_pylist() == [{"kind": "stalking"}]


def test_a_mended_profile_loads_what_was_quarantined(tmp_path: Path) -> None:
    export, store = tmp_path / "export", tmp_path / "store"
    write(export, events=events(GOOD, GOOD | {"event": "E2", "kind": "8L"}))
    assert load("standard_csv", export, store, NOW).rows_quarantined == 1
    document = yaml.safe_load(profile_text("standard_csv"))
    document["files"]["events"]["columns"]["kind"]["words"] = {"8L": "harassment", "stalking": "stalking"}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    report = load(str(tmp_path / "own.yaml"), export, store, NOW)
    assert (report.new["events"], report.existing["events"], report.rows_quarantined) == (1, 1, 0)


def test_withdrawals_may_come_in_a_later_load(tmp_path: Path) -> None:
    store = tmp_path / "store"
    load("standard_csv", write(tmp_path / "one", events=events(GOOD)), store, NOW)
    later = {
        "event": "W1",
        "supersedes": "E1",
        "kind": "withdrawn",
        "occurred_at": "2024-03-01",
        "recorded_at": "2024-03-01T00:00",
    }
    assert load("standard_csv", write(tmp_path / "two", events=events(later)), store, NOW).rows_quarantined == 0
    seen = Store.open(store).snapshot().sightings()
    assert set(seen.visible_until.tolist()) == {parse_as_of("2024-03-01")}


def test_an_unmerge_in_a_later_load(tmp_path: Path) -> None:
    store, head = tmp_path / "store", "source_person,person,recorded_at,withdrawn_at"
    rows = [[head, "a,b,2024-01-01,"], [head, "a,b,2024-01-01,2024-02-01"], [head, "a,b,2024-03-01,"]]
    for i, links in enumerate(rows):
        load("standard_csv", write(tmp_path / f"export{i}", person_links=links), store, NOW)
    links_now = Store.open(store).snapshot().links
    days = ["2024-01-02", "2024-02-02", "2024-03-02"]
    resolved = links_now.resolve([person("a")] * 3, [parse_as_of(day) for day in days])
    assert resolved.tolist() == [person("b"), person("a"), person("b")]
    # An export that grows: what is in the history is left out, a second unmerge is not.
    everything = [head, "a,b,2024-01-01,2024-02-01", "a,b,2024-03-01,", "a,b,2024-03-01,2024-04-01"]
    report = load("standard_csv", write(tmp_path / "grown", person_links=everything), store, NOW)
    assert (report.new["person_links"], report.existing["person_links"]) == (1, 2)
    assert Store.open(store).snapshot().links.resolve([person("a")], parse_as_of("2024-04-02")).tolist() == [
        person("a")
    ]


def test_a_domestic_event_after_the_relationship_was_withdrawn(tmp_path: Path) -> None:
    store, head = tmp_path / "store", "relationship,subject,person_at_risk,recorded_at,withdrawn_at"
    pair, later = "R1,anna,ben,2024-01-01,2024-03-01T00:00", GOOD | {"event": "E2", "recorded_at": "2024-05-01T00:00"}
    other = GOOD | {"event": "E3", "domestic": "no"}
    steps = [([other], (True, False, False)), ([other, later], (True, False, True))]
    for i, (rows, stands) in enumerate(steps):
        export = write(tmp_path / f"export{i}", relationships=[head, pair], events=events(*rows))
        load("standard_csv", export, store, NOW)
        relationships = Store.open(store).snapshot().relationships
        days = [parse_as_of(day) for day in ("2024-03-01", "2024-03-02", "2024-05-02")]
        assert relationships.subject_id.tolist() == [person("anna")]
        assert tuple(bool(relationships.standing(day)[0]) for day in days) == stands


def test_what_may_change_with_time(tmp_path: Path) -> None:
    store = tmp_path / "store"
    pair, trait = "anna,ben,{},{}", "anna,sex,{},census,self,{}"
    days = [f"2024-0{month}-01T00:00Z" for month in (1, 2, 3, 4, 5)]
    steps = [("unknown", "male"), ("ex_partner", "female"), ("current_partner", "male")]
    steps += [("current_partner", "male"), ("unknown", "female")]
    kinds, codes, new = [], [], []
    for i in range(len(days)):
        # An export that grows: every row of before comes again.
        rows = list(zip(steps[: i + 1], days, strict=False))
        export = write(
            tmp_path / f"export{i}",
            relationships=["subject,person_at_risk,kind,recorded_at", *(pair.format(k, day) for (k, _), day in rows)],
            protected=[
                "person,characteristic,code,scheme,source,recorded_at",
                *(trait.format(code, day) for (_, code), day in rows),
            ],
        )
        report = load("standard_csv", export, store, NOW)
        new.append((report.new["relationships"], report.new["protected"]))
        snapshot = Store.open(store).snapshot()
        pairs = snapshot.relationships
        kinds += pairs.kind_at(pairs.relationship_id, NOW).tolist()
        codes += protected_table.read(snapshot)["code"].tolist()
        assert snapshot.relationships.recorded_at.tolist() == [parse_as_of("2024-01-01")]
    # A row of unknown kind says nothing of the kind: the one before goes on.
    assert kinds == ["unknown", "ex_partner", "current_partner", "current_partner", "current_partner"]
    assert codes == ["male", "female", "male", "male", "female"]
    assert new == [(1, 1), (1, 1), (1, 1), (0, 0), (1, 1)]


LOAD = """
import sys
from threat.history.intake.load import load
print("ready", flush=True)
load("standard_csv", sys.argv[1], sys.argv[2], int(sys.argv[3]))
"""


def test_a_killed_load_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = tmp_path / "store"
    load("standard_csv", write(tmp_path / "first", events=events(GOOD)), store, NOW)
    before = Store.open(store).snapshot().id
    rows = [
        GOOD | {"event": f"K{i}", "subject": f"s{i % 99}", "kind": "theft" if i % 9 else "quarrel"} for i in range(9000)
    ]
    export = write(tmp_path / "second", events=events(*rows))
    command = [sys.executable, "-c", LOAD, str(export), str(store), str(NOW)]
    rng = random.Random(3)
    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        after = Store.open(store).snapshot()
        assert (after.id == before) == (after.row_count("events") == 1)
        assert after.row_count("events") in {1, 8001}
        Store.open(store).verify()
    report = load("standard_csv", export, store, NOW)
    assert report.rows_quarantined == 1000
    whole = Store.open(store)
    assert whole.snapshot().row_count("events") == 8001
    assert len(quarantine.read(whole.snapshot())) == 1000
    whole.verify()


def test_two_loads_at_once(tmp_path: Path) -> None:
    export = write(tmp_path / "export", events=events(GOOD))
    store = Store.create(tmp_path / "store")
    with store.writing(), pytest.raises(ThreatError, match="Another load is writing"):
        load("standard_csv", export, store.path, NOW)
