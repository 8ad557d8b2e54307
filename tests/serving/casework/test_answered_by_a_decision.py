"""What a decision answers: every referral that a person has read, so that none waits where nobody can grade."""

from __future__ import annotations

import pytest
from fixtures.casework_decisions import PLAN, DecidingUnit
from fixtures.casework_people import somebody
from fixtures.casework_unit import HOUR, MORNING, event

from serving.casework import views
from serving.desk.case_head import Step, step_of
from serving.storage import reading

SUPERVISOR = somebody("supervisor")


def waits_for_a_decision(unit: DecidingUnit) -> list[tuple[str, tuple[str, ...], int]]:
    with reading(unit.engine) as connection:
        return [(case.id, case.kinds, case.due_at) for case in views.decision_waiting(connection)]


def unseen(unit: DecidingUnit) -> list[str]:
    with reading(unit.engine) as connection:
        return [referral.id for referral in views.must_see_waiting(connection)]


@pytest.fixture
def planned(deciding: DecidingUnit) -> str:
    case_id = deciding.graded_case()
    deciding.decide(case_id, PLAN)
    return case_id


def test_a_must_see_record_to_grade_now_is_answered_by_the_decision_where_a_plan_is_to_be_written(deciding, planned):
    deciding.publish("L-2", must_see={1: [event(7)]})
    [referral] = unseen(deciding)
    assert waits_for_a_decision(deciding) == [], "it is among the must-see records first"
    deciding.see(referral, "grade_now")
    assert waits_for_a_decision(deciding) == [(planned, ("must_see",), MORNING + 4 * HOUR)]
    step = step_of(deciding.case(planned), SUPERVISOR, on_list=False)
    assert step == Step("Decide", f"/cases/{planned}/decide")
    deciding.decide(planned, PLAN)
    assert deciding.case(planned).referrals == ()
    assert waits_for_a_decision(deciding) == []


def test_an_officers_reason_is_answered_by_the_decision_and_an_unseen_record_is_not(deciding, planned):
    deciding.refer(1)
    assert [kinds for _, kinds, _ in waits_for_a_decision(deciding)] == [("officer",)]
    deciding.publish("L-2", must_see={1: [event(7)]})
    deciding.decide(planned, PLAN)
    assert [row.kind for row in deciding.case(planned).referrals] == ["must_see"]
    assert len(unseen(deciding)) == 1
