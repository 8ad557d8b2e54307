"""The reveal and the second look: never before the grade, never for a sealed case, and the first grade stays."""

from __future__ import annotations

import pytest
from fixtures.casework_unit import ALL_SEALED, BEN, HOUR, MORNING, NONE_SEALED, SAM, Unit
from sqlalchemy import select

from serving.casework import views
from serving.casework.case import NotAllowed
from serving.casework.tables import GRADES, REVEALS, SECOND_LOOKS
from serving.storage import reading
from threat.errors import UsageError


def places(unit: Unit) -> views.Places:
    with reading(unit.engine) as connection:
        return views.places(connection)


def test_nothing_of_the_order_is_shown_before_the_grade(unit: Unit):
    case_id = unit.waiting_case()
    assert places(unit).closed_because(1) == "ungraded"
    with pytest.raises(NotAllowed, match="no grade yet"):
        unit.reveal(case_id)
    unit.grade(case_id)
    assert places(unit) == views.Places(frozenset({1}), frozenset())
    assert unit.reveal(case_id).result.startswith("V-")


def test_a_reveal_is_written_once_for_a_person(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id)
    first = unit.reveal(case_id)
    again, of_another = unit.reveal(case_id), unit.reveal(case_id, person=SAM)
    assert (again.result, again.repeated, of_another.repeated) == (first.result, True, False)
    with reading(unit.engine) as connection:
        assert sorted(connection.execute(select(REVEALS.c.shown_to)).scalars()) == ["U-1", "U-3"]


@pytest.mark.parametrize(
    ("outcome", "after", "state", "due", "grade"),
    [
        ("kept", "", "graded", MORNING + 24 * HOUR, "look_closer"),
        ("kept", "look_closer", "graded", MORNING + 24 * HOUR, "look_closer"),
        ("changed", "act_today", "graded", MORNING + 4 * HOUR, "act_today"),
        ("changed", "keep_in_view", "watching", 1_782_774_000, "keep_in_view"),
    ],
)
def test_keeping_and_changing(unit: Unit, outcome, after, state, due, grade):
    case_id = unit.waiting_case()
    first = unit.grade(case_id, "look_closer").result
    unit.reveal(case_id)
    unit.look(case_id, outcome, after)
    case = unit.case(case_id)
    assert (case.state, case.next_due, case.grade_now, case.grade_id, case.looked_again) == (
        state,
        due,
        grade,
        first,
        True,
    )
    with reading(unit.engine) as connection:
        assert connection.execute(select(GRADES.c.grade)).scalars().all() == ["look_closer"]
        [look] = connection.execute(select(SECOND_LOOKS)).all()
    assert (look.outcome, look.grade_after, look.rank_shown, look.ranking_id) == (outcome, grade, 14, "rule:recency")


@pytest.mark.parametrize(
    ("outcome", "after", "said"),
    [
        ("kept", "act_today", "is kept, but another is named"),
        ("changed", "", "is not changed"),
        ("changed", "look_closer", "is not changed"),
        ("changed", "cannot_yet", "given already"),
        ("agreed", "", "Not a code"),
    ],
)
def test_what_is_not_a_second_look(unit: Unit, outcome, after, said):
    case_id = unit.waiting_case()
    unit.grade(case_id, "look_closer")
    unit.reveal(case_id)
    with pytest.raises(UsageError, match=said):
        unit.look(case_id, outcome, after)
    assert not unit.case(case_id).looked_again


def test_a_second_look_is_of_the_own_grade_after_its_reveal_and_once(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id)
    with pytest.raises(UsageError, match="was not shown to you"):
        unit.look(case_id)
    unit.reveal(case_id, person=BEN)
    with pytest.raises(UsageError, match="was not shown to you"):
        unit.look(case_id)
    with pytest.raises(UsageError, match="another person's"):
        unit.look(case_id, person=BEN)
    unit.reveal(case_id)
    unit.look(case_id)
    with pytest.raises(UsageError, match="second look already"):
        unit.look(case_id)


def test_a_sealed_case_shows_nothing_after_the_grade_either(unit: Unit):
    unit.sealed_one_in = ALL_SEALED
    case_id = unit.waiting_case()
    assert places(unit).closed_because(1) == "ungraded"  # which one is sealed is not shown before its grade
    unit.grade(case_id)
    assert (places(unit).closed_because(1), unit.case(case_id).closed_because) == ("sealed", "sealed")
    with pytest.raises(NotAllowed, match="sealed share"):
        unit.reveal(case_id)
    with pytest.raises(UsageError, match="never has a second look"):
        unit.look(case_id)
    unit.correct(case_id, "act_today")
    assert unit.case(case_id).closed_because == "sealed"


def test_a_sealed_case_stays_sealed_when_it_is_graded_again_under_the_same_list(unit: Unit):
    unit.sealed_one_in = ALL_SEALED
    case_id = unit.waiting_case()
    unit.grade(case_id, "keep_in_view")
    unit.sealed_one_in = NONE_SEALED
    unit.refer(1)
    unit.grade(case_id, "keep_in_view")
    assert (places(unit).closed_because(1), unit.case(case_id).closed_because) == ("sealed", "sealed")
    with pytest.raises(NotAllowed, match="sealed share"):
        unit.reveal(case_id)
    unit.publish("L-2", for_review=[1])
    unit.grade(case_id, "keep_in_view")
    assert (places(unit).closed_because(1), unit.case(case_id).closed_because) == ("", ""), "the next list draws anew"


def test_the_next_list_closes_the_order_again_until_its_grade(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, "keep_in_view")
    unit.reveal(case_id)
    unit.publish("L-2", for_review=[1])
    assert places(unit).closed_because(1) == "ungraded"
    with pytest.raises(NotAllowed, match="no grade yet"):
        unit.reveal(case_id, "L-2")
    unit.grade(case_id, "keep_in_view")
    assert places(unit).closed_because(1) == ""
