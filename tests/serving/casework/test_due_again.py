"""A case in view comes back by its date: once, to a person, and never while something else puts it before the unit."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.casework_unit import BEN, MORNING, Unit
from fixtures.desk_browser import NOW, client_of
from fixtures.golden_force import relationship_id

from serving.audit.log import verify
from serving.casework import views
from serving.casework.checks import compare
from serving.casework.due_again import put_due_again
from serving.storage import reading

DAY = 86_400
LOOK_AGAIN_AT = MORNING + 7 * DAY


@pytest.fixture
def in_view(unit: Unit) -> str:
    case_id = unit.waiting_case()
    unit.grade(case_id, "keep_in_view", look_again_at=LOOK_AGAIN_AT)
    return case_id


def waiting(unit: Unit) -> list[tuple[str, tuple[str, ...]]]:
    with reading(unit.engine) as connection:
        return [(case.id, case.kinds) for case in views.triage_waiting(connection)]


def test_it_waits_from_the_very_second_of_its_date_and_once(unit: Unit, in_view: str):
    assert (put_due_again(unit.casework, LOOK_AGAIN_AT - 1), waiting(unit)) == (0, [])
    assert (put_due_again(unit.casework, LOOK_AGAIN_AT), waiting(unit)) == (1, [(in_view, ("review_due",))])
    before = unit.rows()
    assert (put_due_again(unit.casework, LOOK_AGAIN_AT + 60), unit.rows()) == (0, before)
    case = unit.case(in_view)
    # Monday, 8 June, 09:00 in London: a grade is due on Tuesday at 17:00.
    assert (case.state, case.next_due, case.next_due_rule) == ("watching", 1_781_020_800, "grade_referral")
    assert (case.closed_because, verify(unit.engine).entries) == ("ungraded", before[1])
    with reading(unit.engine) as connection:
        assert compare(connection).incidents == ()


def test_a_person_looks_and_sets_the_next_date(unit: Unit, in_view: str):
    unit.at = LOOK_AGAIN_AT
    assert put_due_again(unit.casework, unit.at) == 1
    unit.grade(in_view, "keep_in_view", look_again_at=unit.at + 14 * DAY, person=BEN)
    assert (waiting(unit), unit.case(in_view).next_due) == ([], unit.at + 14 * DAY)
    assert put_due_again(unit.casework, unit.at + 14 * DAY) == 1
    with reading(unit.engine) as connection:
        acts = [line.act for line in views.history(connection, in_view)]
    assert acts == ["refer", "grade", "refer", "grade", "refer"]


def test_nothing_is_added_where_another_referral_waits_or_a_decision_does(unit: Unit, in_view: str):
    unit.refer(1)
    assert put_due_again(unit.casework, LOOK_AGAIN_AT) == 0
    unit.grade(in_view, "act_today")
    assert put_due_again(unit.casework, LOOK_AGAIN_AT + 100 * DAY) == 0


def test_the_desk_puts_it_on_today_by_itself(open_desk, rule_var: Path, monkeypatch: pytest.MonkeyPatch):
    desk = open_desk(rule_var)
    desk.view()
    unit = Unit(desk.engine, at=NOW)
    case_id = unit.case_of(relationship_id("G03"))
    unit.grade(case_id, "keep_in_view", look_again_at=NOW + DAY)
    monkeypatch.setattr(desk, "clock", lambda: NOW + DAY)
    assert "Review due" in client_of(desk).get("/").text
    assert [row.kind for row in unit.case(case_id).referrals] == ["review_due"]
