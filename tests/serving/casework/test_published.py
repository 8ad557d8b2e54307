"""What of a published list and its history opens referrals: nothing between two lists is lost, nothing private read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from fixtures import golden_force as golden
from fixtures.casework_unit import Unit
from fixtures.golden_lists import NAME, published_list
from fixtures.signed_history import quarantined

from serving.casework.opening import ListToOpen
from serving.casework.published import QUARANTINED, list_to_open, open_published
from serving.casework.sealing import Sealer
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
    return list_to_open(listed, snapshot, load_policy(), since=since, cases=cases)


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


def test_a_severe_row_in_quarantine_is_a_question_and_says_nothing_else(listed, golden_store, tmp_path):
    shutil.copytree(golden_store, tmp_path / "history")
    store = Store.open(tmp_path / "history")
    rows = quarantined({"subject": "Anna"}, {"subject": "Bert"}).to_pylist()
    rows[0]["severe"] = True
    for loaded_at in (golden.LOADED_AT + DAY, golden.LOADED_AT + 2 * DAY):
        with store.writer(Batch(f"late {loaded_at}", loaded_at=loaded_at, rows_in=2, rows_quarantined=2)) as writer:
            writer.quarantine(pa.Table.from_pylist(rows, schema=quarantined({}).schema))
    snapshot = Store.open(tmp_path / "history").snapshot()
    found = opens(listed, snapshot, None).quarantined
    assert [(each.kind, each.recorded_at) for each in found] == [
        (QUARANTINED, golden.LOADED_AT + DAY),
        (QUARANTINED, golden.LOADED_AT + 2 * DAY),
    ]
    assert len({each.event for each in found}) == 2
    assert found == opens(listed, snapshot, golden.AS_OF - 7 * DAY).quarantined
    assert "Anna" not in repr(found)


def test_the_whole_way_from_a_list_to_cases(unit: Unit, listed, snapshot):
    sealer = Sealer(bytes(32), 10)
    opened = open_published(unit.casework, listed, snapshot, load_policy(), sealer, unit.at)
    assert opened is not None
    assert (opened.must_see, opened.for_review, opened.questions) == (2, 1, 0)
    assert open_published(unit.casework, listed, snapshot, load_policy(), sealer, unit.at) is None
    for name in ("G01", "G02"):
        [referral] = unit.case(unit.case_of(golden.relationship_id(name))).referrals
        assert (referral.kind, {event.kind for event in referral.events}) == ("must_see", set(OF_ONE_WEEK[name]))
    assert [row.kind for row in unit.case(unit.case_of(golden.relationship_id("G03"))).referrals] == ["list"]
