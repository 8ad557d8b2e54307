"""The nightly check: silent while every head is as its facts say, and an incident of each that is not."""

from __future__ import annotations

import pytest
from fixtures.casework_unit import MORNING, Unit, event
from sqlalchemy import text

from serving.audit.log import verify
from serving.casework.checks import Incident, check, incidents_now
from serving.casework.drafts import ToKeep, keep_draft
from serving.storage import reading, writing


@pytest.fixture
def worked(unit: Unit) -> Unit:
    """Three cases: one waits with a must-see record, one was changed after the reveal, one is in view."""
    unit.publish(must_see={1: [event(7)]}, for_review=[2, 3])
    unit.grade(unit.case_of(2), "keep_in_view")
    unit.reveal(unit.case_of(2))
    unit.look(unit.case_of(2), "changed", "act_today")
    unit.grade(unit.case_of(3), "act_today")
    unit.correct(unit.case_of(3), "keep_in_view")
    return unit


def test_nothing_differs_where_only_acts_changed_anything(worked: Unit):
    checked = check(worked.casework, MORNING)
    assert (checked.cases, checked.referrals, checked.incidents) == (3, 3, ())
    with reading(worked.engine) as connection:
        assert incidents_now(connection) == ()
    assert verify(worked.engine).entries == worked.rows()[1]


@pytest.mark.parametrize(
    ("statement", "incidents"),
    [
        ("UPDATE cases SET state = 'closed' WHERE relationship = 2", [("state", "closed", "graded")]),
        ("UPDATE cases SET version = 9 WHERE relationship = 3", [("version", "9", "3")]),
        (
            "UPDATE cases SET grade_now = 'act_today' WHERE relationship = 3",
            [("grade_now", "act_today", "keep_in_view")],
        ),
        ("UPDATE cases SET next_due = 5 WHERE relationship = 1", [("next_due", "5", str(MORNING + 3600))]),
    ],
)
def test_what_was_changed_without_an_act_is_an_incident_and_an_alarm(worked: Unit, statement, incidents):
    with writing(worked.engine) as connection:
        connection.execute(text(statement))
    checked = check(worked.casework, MORNING)
    assert [(each.check_name, each.stored, each.computed) for each in checked.incidents] == incidents
    with reading(worked.engine) as connection:
        assert incidents_now(connection) == checked.incidents


def test_an_alarm_is_of_the_latest_check(worked: Unit):
    with writing(worked.engine) as connection:
        connection.execute(text("UPDATE cases SET version = 9 WHERE relationship = 3"))
    [incident] = check(worked.casework, MORNING).incidents
    assert incident == Incident("version", worked.case_of(3), "9", "3")
    with writing(worked.engine) as connection:
        connection.execute(text("UPDATE cases SET version = 3 WHERE relationship = 3"))
    check(worked.casework, MORNING + 1)
    with reading(worked.engine) as connection:
        assert incidents_now(connection) == ()


def test_facts_in_an_order_that_no_act_has_are_an_incident(worked: Unit):
    with writing(worked.engine) as connection:
        connection.execute(text("DROP TRIGGER acts_no_update"))
        connection.execute(text("UPDATE acts SET act = 'let_go' WHERE act = 'second_look'"))
        connection.execute(text("UPDATE acts SET act = 'grade' WHERE act = 'correct_grade'"))
    found = check(worked.casework, MORNING).incidents
    assert [(each.check_name, each.stored) for each in found if each.check_name == "state"]


def test_drafts_that_are_over_go_with_the_check(unit: Unit):
    with writing(unit.engine) as connection:
        keep_draft(connection, "U-1", ToKeep("/triage", {"why": ["x"]}), MORNING)
    assert check(unit.casework, MORNING + 7 * 86_400 - 1).drafts_deleted == 0
    assert check(unit.casework, MORNING + 7 * 86_400).drafts_deleted == 1
