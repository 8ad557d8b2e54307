"""What of a published list and its history opens referrals: nothing between two lists is lost, nothing private read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from fixtures import golden_force as golden
from fixtures.casework_unit import Unit, event
from fixtures.golden_lists import NAME, published_list
from fixtures.history_rows import events, pair, relationships
from fixtures.signed_history import quarantined

from serving.casework.late import batches_before, without_relationship
from serving.casework.opening import ListToOpen
from serving.casework.published import Before, list_to_open, open_published
from serving.casework.refer import QUARANTINED, RecordedEvent
from serving.casework.sealing import Sealer
from serving.storage import reading
from threat.asof import DAY
from threat.history.batches import Batch
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.lists import ScoredList
from threat.policy import load_policy

OF_ONE_WEEK = {
    "G01": ["threat_to_kill", "weapon_threatened", "suicidal_ideation"],
    "G02": ["weapon_used"],
}


@pytest.fixture
def listed(rule_var: Path) -> ScoredList:
    return published_list(rule_var)


@pytest.fixture
def snapshot(golden_store: Path) -> Snapshot:
    return Store.open(golden_store).snapshot()


def opens(listed: ScoredList, snapshot: Snapshot, since: int | None, **cases: int) -> ListToOpen:
    return list_to_open(listed, snapshot, load_policy(), Before(since, cases))


def kinds(to_open: ListToOpen) -> dict[str, list[str]]:
    return {NAME[key]: [event.kind for event in events] for key, events in to_open.must_see.items()}


@pytest.mark.parametrize("since", [None, golden.AS_OF - 7 * DAY, golden.AS_OF - DAY])
def test_a_list_a_week_opens_what_it_shows(listed, snapshot, since):
    to_open = opens(listed, snapshot, since)
    assert kinds(to_open) == OF_ONE_WEEK
    assert sorted(NAME[relationship] for relationship in to_open.for_review) == ["G01", "G02", "G03"]
    assert (to_open.list_id, to_open.as_of, to_open.quarantined, to_open.same_pair) == (listed.id, golden.AS_OF, [], [])


def test_a_gap_between_two_lists_loses_no_record(listed, snapshot):
    """Sixty days without a list: what was recorded in between is on neither list, and opens all the same."""
    assert kinds(opens(listed, snapshot, golden.AS_OF - 60 * DAY)) == OF_ONE_WEEK | {
        "G01": [*OF_ONE_WEEK["G01"], "breach_non_molestation"],
        "G02": ["weapon_used", "threat_to_kill"],
        "G03": ["non_fatal_strangulation"],
        "G04": ["threat_to_kill"],
        "G06": ["stalking"],
        "G07": ["stalking"],
    }


def test_cases_whose_two_people_were_linked_since_are_one_pair(listed, snapshot):
    table = snapshot.relationships
    pairs = snapshot.rows(table.relationship_id, golden.AS_OF)
    of_g09 = golden.relationship_id("G09")
    at = table.relationship_id.tolist().index(of_g09)
    same = (pairs.subject == pairs.subject[at]) & (pairs.at_risk == pairs.at_risk[at])
    [other] = set(table.relationship_id[same].tolist()) - {of_g09}
    cases = {"C-1": of_g09, "C-2": golden.relationship_id("G01"), "C-3": other, "C-4": 5}  # 5: erased since
    assert opens(listed, snapshot, None, **cases).same_pair == [["C-1", "C-3"]]


def test_a_severe_row_in_quarantine_is_a_question_and_says_nothing_else(listed, store):
    rows = quarantined({"subject": "Anna"}, {"subject": "Bert"}).to_pylist()
    rows[0]["severe"] = True
    for loaded_at in (golden.LOADED_AT + DAY, golden.LOADED_AT + 2 * DAY):
        with store.writer(Batch(f"late {loaded_at}", loaded_at=loaded_at, rows_in=2, rows_quarantined=2)) as writer:
            writer.quarantine(pa.Table.from_pylist(rows, schema=quarantined({}).schema))
    snapshot = store.snapshot()
    found = opens(listed, snapshot, None).quarantined
    assert [(each.kind, each.recorded_at) for each in found] == [
        (QUARANTINED, golden.LOADED_AT + DAY),
        (QUARANTINED, golden.LOADED_AT + 2 * DAY),
    ]
    assert len({each.event for each in found}) == 2
    assert found == opens(listed, snapshot, golden.AS_OF - 7 * DAY).quarantined
    assert "Anna" not in repr(found)


@pytest.fixture
def store(golden_store: Path, tmp_path: Path) -> Store:
    shutil.copytree(golden_store, tmp_path / "history")
    return Store.open(tmp_path / "history")


def of_days_ago(days: int, number: int, subject: str, at_risk: str, kind: str = "threat_to_kill") -> dict[str, object]:
    """An event that was recorded so many days before the list."""
    at = golden.AS_OF - days * DAY
    parties = {"subject_id": golden.person_id(subject), "person_at_risk_id": golden.person_id(at_risk)}
    return {"event_id": number, "kind": kind, "occurred_at": at, "recorded_at": at} | parties


def numbers(to_open: ListToOpen) -> dict[str, list[int]]:
    names = NAME | {0: "nobody"}
    return {names[key]: [event.event for event in events] for key, events in to_open.must_see.items()}


def test_what_is_loaded_late_opens_however_long_ago_it_was_recorded(listed, store):
    """Lists of every day, and a batch of a month ago: of it alone, and not what the list before had and left."""
    seen = frozenset(entry.batch_id for entry in store.snapshot().entries)
    late = events(
        of_days_ago(30, 1, "S05", "P05", "non_fatal_strangulation"),
        of_days_ago(40, 2, "S05", "P06") | {"domestic": "no"},
        of_days_ago(40, 3, "S05", "P05", "assault_with_injury"),
    )
    store.append(Batch("late", loaded_at=golden.LOADED_AT + DAY), {"events": late})
    usual = numbers(opens(listed, store.snapshot(), golden.AS_OF - DAY))
    before = Before(golden.AS_OF - DAY, {}, seen)
    found = numbers(list_to_open(listed, store.snapshot(), load_policy(), before))
    assert found == usual | {"G05": [1], "nobody": [2]}


def test_a_record_of_nobody_opens_once_its_two_people_are_linked(unit: Unit, listed, store):
    between_two = of_days_ago(20, 2, "S05", "P06") | {"domestic": "no"}
    store.append(Batch("late", loaded_at=golden.LOADED_AT), {"events": events(between_two)})
    unit.publish(must_see={0: [RecordedEvent(2, "threat_to_kill", "pair", 0, 0), event(5)], 1: [event(4)]})

    def found() -> dict[int, list[int]]:
        with reading(unit.engine) as connection:
            before = Before(golden.AS_OF - DAY, {}, unplaced=without_relationship(connection))
        assert before.unplaced == [2, 5]
        to_open = list_to_open(listed, store.snapshot(), load_policy(), before)
        return {key: [each.event for each in rows] for key, rows in to_open.must_see.items() if key not in NAME}

    assert found() == {0: [2]}
    subject, at_risk = golden.person_id("S05"), golden.person_id("P06")
    linked = relationships((77, subject, at_risk, golden.AS_OF - DAY))
    store.append(Batch("linked", loaded_at=golden.LOADED_AT + DAY), {"relationships": linked})
    assert found() == {pair(subject, at_risk): [2]}


def test_the_batches_of_the_latest_list_that_can_be_read(unit: Unit, listed, golden_store, rule_var):
    def before() -> frozenset[str] | None:
        with reading(unit.engine) as connection:
            return batches_before(connection, golden_store, rule_var)

    assert before() is None
    unit.publish(listed.id)
    unit.at += DAY
    unit.publish("L-gone")
    assert before() == {entry.batch_id for entry in Store.open(golden_store).snapshot().entries}


def test_the_whole_way_from_a_list_to_cases(unit: Unit, listed, snapshot, rule_var):
    sealer = Sealer(bytes(32), 10)
    opened = open_published(unit.casework, listed, snapshot, load_policy(), sealer, unit.at, var=rule_var)
    assert opened is not None
    assert (opened.must_see, opened.for_review, opened.questions) == (2, 1, 0)
    assert open_published(unit.casework, listed, snapshot, load_policy(), sealer, unit.at, var=rule_var) is None
    for name in ("G01", "G02"):
        [referral] = unit.case(unit.case_of(golden.relationship_id(name))).referrals
        assert (referral.kind, {event.kind for event in referral.events}) == ("must_see", set(OF_ONE_WEEK[name]))
    assert [row.kind for row in unit.case(unit.case_of(golden.relationship_id("G03"))).referrals] == ["list"]
