"""The sight: one person, one relationship, and what each result comes to."""

from __future__ import annotations

import pytest
from fixtures.casework_decisions import DecidingUnit
from fixtures.casework_people import somebody
from fixtures.casework_unit import BEN, HOUR, MORNING, SAM, Unit, event
from sqlalchemy import update

from serving.casework import views
from serving.casework.case import NotAllowed
from serving.casework.tables import CASES
from serving.storage import reading, writing
from threat.errors import UsageError


def unseen(unit: Unit) -> list[str]:
    with reading(unit.engine) as connection:
        return [referral.id for referral in views.must_see_waiting(connection)]


def with_a_list(unit: Unit) -> tuple[str, str]:
    """A case that a list put before the unit, with a must-see record since."""
    case_id = unit.waiting_case()
    unit.publish("L-2", must_see={1: [event(7)]})
    return case_id, unseen(unit)[0]


@pytest.mark.parametrize(
    ("result", "note", "answered", "due"),
    [
        ("grade_now", "", False, MORNING + 4 * HOUR),
        ("not_this_relationship", "It is his brother.", True, 1_780_416_000),  # 2 June, 17:00 in London
        ("duplicate", "The same night.", True, 1_780_416_000),
    ],
)
def test_what_each_result_comes_to(unit: Unit, result, note, answered, due):
    case_id, referral = with_a_list(unit)
    unit.see(referral, result, note)
    case = unit.case(case_id)
    assert unseen(unit) == []
    assert (case.state, case.version, case.next_due) == ("waiting", 3, due)
    assert [row.kind for row in case.referrals] == (["list"] if answered else ["must_see", "list"])


@pytest.mark.parametrize(
    ("result", "note", "said"),
    [
        ("covered_by_plan", "", "No plan runs"),
        ("duplicate", "", "note is missing"),
        ("not_this_relationship", "", "note is missing"),
        ("seen", "", "Not a code"),
    ],
)
def test_what_does_not_fit_is_refused(unit: Unit, result, note, said):
    _, referral = with_a_list(unit)
    with pytest.raises(UsageError, match=said):
        unit.see(referral, result, note)
    assert unseen(unit) == [referral]


def test_the_plan_covers_it_where_one_runs(unit: Unit):
    case_id, referral = with_a_list(unit)
    with writing(unit.engine) as connection:  # no act makes a plan yet
        connection.execute(update(CASES).where(CASES.c.id == case_id).values(state="active"))
    unit.see(referral, "covered_by_plan", person=SAM)
    assert [row.kind for row in unit.case(case_id).referrals] == ["list"]


def test_a_plan_that_is_still_to_be_written_covers_nothing(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    deciding.decide(case_id)
    deciding.publish("L-2", must_see={1: [event(7)]})
    [referral] = unseen(deciding)
    with pytest.raises(UsageError, match="No plan runs in this case"):
        deciding.see(referral, "covered_by_plan")
    assert unseen(deciding) == [referral]


def test_the_last_reason_to_look_is_answered_by_a_grade(unit: Unit):
    unit.publish(must_see={1: [event(7)]})
    [referral] = unseen(unit)
    with pytest.raises(UsageError, match="a grade is what answers it"):
        unit.see(referral, "duplicate", "The same night.")
    unit.see(referral, "grade_now")
    unit.grade(unit.case_of(1), "keep_in_view")
    assert unit.case(unit.case_of(1)).state == "watching"


def test_a_sight_is_of_one_relationship(unit: Unit):
    unit.publish(must_see={1: [event(7)], 2: [event(7)]})
    first, second = unseen(unit)
    unit.see(first)
    assert unseen(unit) == [second]


def test_nobody_sees_twice_and_nothing_else_is_seen(unit: Unit):
    case_id, referral = with_a_list(unit)
    unit.see(referral)
    with pytest.raises(UsageError, match="seen already"):
        unit.see(referral, person=BEN)
    listed = next(row.id for row in unit.case(case_id).referrals if row.kind == "list")
    for other in (listed, "F-0000000000000000"):
        with pytest.raises(UsageError, match="no must-see referral"):
            unit.see(other)


@pytest.mark.parametrize("role", ["analyst", "governance", "admin"])
def test_who_may_not_see(unit: Unit, role):
    _, referral = with_a_list(unit)
    with pytest.raises(NotAllowed, match="See a must-see record is not for"):
        unit.see(referral, person=somebody(role))
