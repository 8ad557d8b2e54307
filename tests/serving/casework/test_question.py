"""Questions of identity: answered by a person with a note, once, and by nobody who may not."""

from __future__ import annotations

import pytest
from fixtures.casework_people import somebody
from fixtures.casework_unit import SAM, Unit, event

from serving.casework import views
from serving.casework.act import Done
from serving.casework.case import NotAllowed
from serving.casework.checks import compare
from serving.casework.question import Answer, answer_question
from serving.casework.transitions import NotAPerson
from serving.storage import reading
from threat.errors import UsageError


def questions(unit: Unit) -> list[str]:
    with reading(unit.engine) as connection:
        return [row.id for row in views.must_see_waiting(connection) if row.kind == "link_question"]


def answer(unit: Unit, referral: str, said: str = "settled", note: str = "Linked.", person: NotAPerson = SAM) -> Done:
    return answer_question(unit.casework, unit.act(person), Answer(referral, said, note))


def test_a_record_without_a_relationship_is_answered_and_not_asked_again(unit: Unit):
    unit.publish("L-1", must_see={0: [event(7)]})
    [question] = questions(unit)
    answer(unit, question, "not_ours", "A neighbour.")
    unit.publish("L-2", must_see={0: [event(7)]})
    assert questions(unit) == []
    unit.publish("L-3", must_see={3: [event(7)]})  # linked all the same: the record is seen in its relationship
    assert unit.case(unit.case_of(3)).referrals[0].kind == "must_see"


def test_two_cases_that_are_of_different_people(unit: Unit):
    unit.publish("L-1", for_review=[1, 2])
    first = unit.case_of(1)
    unit.publish("L-2", same_pair=[[first, unit.case_of(2)]])
    [question] = questions(unit)
    answer(unit, question, "not_ours", "Brothers of one name.")
    assert [row.kind for row in unit.case(first).referrals] == ["list"]
    with reading(unit.engine) as connection:
        assert compare(connection).incidents == ()
        assert [line.act for line in views.history(connection, first)] == ["refer", "refer", "answer_question"]


def test_what_is_no_answer(unit: Unit):
    unit.publish("L-1", must_see={0: [event(7)], 1: [event(8)]})
    [question] = questions(unit)
    [must_see] = unit.case(unit.case_of(1)).referrals
    for referral, said, note, problem in (
        (must_see.id, "settled", "Linked.", "no question of identity"),
        ("F-0", "settled", "Linked.", "no question of identity"),
        (question, "settled", "", "note is missing"),
        (question, "grade_now", "Linked.", "Not a code"),
    ):
        with pytest.raises(UsageError, match=problem):
            answer(unit, referral, said, note)
    for role in ("analyst", "governance", "admin", "partner"):
        with pytest.raises(NotAllowed, match="is not for"):
            answer(unit, question, person=somebody(role))
    answer(unit, question)
    with pytest.raises(UsageError, match="answered already"):
        answer(unit, question)
