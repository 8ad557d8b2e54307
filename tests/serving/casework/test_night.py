"""What a history has for the cases that come back: read from batches, with the lists that people looked by."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import golden_force as golden
from fixtures.casework_nights import DAY, WatchingUnit
from fixtures.casework_unit import HOUR
from fixtures.history_rows import events

from serving.casework.night import news_for
from serving.casework.watched import watched
from serving.casework.watching import News, Night
from serving.storage import connect, reading
from threat.history.batches import Batch
from threat.history.store import Store
from threat.policy import load_policy

G04 = golden.relationship_id("G04")
LOOKED = golden.AS_OF + 9 * HOUR


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[WatchingUnit]:
    """G04 was kept in view in the morning, by the list of that night."""
    unit = WatchingUnit(connect(tmp_path / "desk.sqlite"), at=golden.AS_OF)
    unit.publish("L-1", for_review=[G04])
    unit.at = LOOKED
    unit.grade(unit.case_of(G04), "keep_in_view")
    yield unit
    unit.engine.dispose()


@pytest.fixture
def store(golden_store: Path, tmp_path: Path) -> Store:
    shutil.copytree(golden_store, tmp_path / "history")
    return Store.open(tmp_path / "history")


def append(store: Store, *rows: dict[str, object], loaded_at: int) -> None:
    store.append(Batch("late", loaded_at=loaded_at), {"events": events(*rows)})


def news(unit: WatchingUnit, store: Store, seen: frozenset[str]) -> News:
    return news_for(unit.casework, store.snapshot(), load_policy(), {"L-1": seen}, unit.at)


def batches(store: Store) -> frozenset[str]:
    return frozenset(entry.batch_id for entry in store.snapshot().entries)


def test_a_record_of_either_party_is_found_whenever_it_was_recorded(watching, store):
    seen = batches(store)
    subject, at_risk, another = (golden.person_id(name) for name in ("S04", "P04", "P01"))
    long_ago = golden.AS_OF - 3 * DAY
    append(
        store,
        {"event_id": 1, "kind": "new_partner", "person_id": subject, "recorded_at": long_ago, "occurred_at": long_ago},
        {"event_id": 2, "kind": "separation", "subject_id": subject, "person_at_risk_id": at_risk}
        | {"occurred_at": LOOKED + DAY},
        {"event_id": 3, "kind": "non_molestation_order", "subject_id": subject, "person_at_risk_id": another}
        | {"occurred_at": LOOKED + DAY},
        {"event_id": 4, "kind": "new_partner", "person_id": another, "occurred_at": LOOKED + DAY},
        {"event_id": 5, "kind": "separation", "subject_id": subject, "person_at_risk_id": at_risk}
        | {"occurred_at": LOOKED + DAY, "proactive": True},
        {"event_id": 6, "kind": "separation", "subject_id": subject, "person_at_risk_id": at_risk}
        | {"occurred_at": LOOKED + 3 * DAY},
        loaded_at=LOOKED + DAY,
    )
    watching.wait(2)
    found = {each.event.event: each for each in news(watching, store, seen).arrived[G04]}
    assert {event: (each.event.kind, each.event.about) for event, each in found.items() if event < 10} == {
        1: ("new_partner", "subject"),
        2: ("separation", "pair"),
        3: ("non_molestation_order", "subject"),
    }, "none of another pair, of the unit's own, or of the day after"
    assert (found[1].loaded_at, found[1].event.recorded_at) == (LOOKED + DAY, long_ago)


def test_what_the_list_had_is_not_new_and_must_see_kinds_open_their_own(watching, store):
    found = news(watching, store, batches(store))
    with reading(watching.engine) as connection:
        [case] = watched(connection)
    assert found.of(case) == []
    assert found.snapshot == store.snapshot().id
    assert {"separation", "new_partner", "child_contact_dispute", "restraining_order"} <= found.brings_back
    assert found.brings_back.isdisjoint(load_policy().must_see_kinds)


def test_a_feed_that_is_behind_is_named(watching, store):
    assert news(watching, store, batches(store)).late_feeds == ()
    watching.wait(400)
    [late] = news(watching, store, batches(store)).late_feeds
    assert "days old" in late


def test_nightly_on_a_folder(threat, golden_store, rule_var, tmp_path):
    var = tmp_path / "var"
    shutil.copytree(rule_var, var)
    options = ("--store", str(golden_store), "--var", str(var))
    threat("casework", "open", *options)
    code, said, _ = threat("casework", "nightly", *options, "--at", "2024-06-02T02:00+01:00")
    assert code == 0
    assert {name: said[name] for name in ("cases", "new_record", "collected", "review_due", "rolled")} == dict.fromkeys(
        ("cases", "new_record", "collected", "review_due", "rolled"), 0
    )
    assert (said["late_feeds"], said["check"]) == ([], {"cases": 3, "referrals": 3, "drafts_deleted": 0})
    code, problem, _ = threat("casework", "nightly", "--store", str(golden_store), "--var", str(tmp_path / "none"))
    assert (code, problem["problem"]) == (2, "There is no database of the desk.")


def test_a_night_in_which_a_case_failed_fails_at_its_end(threat, golden_store, rule_var, tmp_path, monkeypatch):
    var = tmp_path / "var"
    shutil.copytree(rule_var, var)
    options = ("--store", str(golden_store), "--var", str(var))
    threat("casework", "open", *options)
    night = Night(cases=3, review_due=2, failed={"C-1": "This act is written already, by somebody else."})
    monkeypatch.setattr("serving.casework.night.watch", lambda *_: night)
    code, said, _ = threat("casework", "nightly", *options, "--at", "2024-06-02T02:00+01:00")
    assert (code, said["value"]) == (5, "C-1: This act is written already, by somebody else.")
    assert said["problem"].startswith("1 of 3 cases could not be read for what brings them back")
