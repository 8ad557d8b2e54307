"""The grade: what it needs, what it moves, and that it is there before anything of the order is."""

from __future__ import annotations

import pytest
from fixtures.casework_people import somebody
from fixtures.casework_unit import ANN, BEN, HOUR, MORNING, SAM, Unit, event

from serving.casework import views
from serving.casework.act import Conflict
from serving.casework.case import NotAllowed
from serving.storage import reading
from threat.errors import UsageError

DAYS_28 = MORNING + 28 * 86_400


@pytest.mark.parametrize(
    ("chosen", "given", "state", "due", "rule"),
    [
        ("act_today", {}, "graded", MORNING + 4 * HOUR, "decide_act_today"),
        ("look_closer", {}, "graded", MORNING + 24 * HOUR, "decide_look_closer"),
        ("keep_in_view", {}, "watching", 1_782_774_000, "review_watching"),  # the end of 29 June in London
        ("keep_in_view", {"look_again_at": MORNING + 7 * 86_400}, "watching", MORNING + 7 * 86_400, "review_watching"),
        ("cannot_yet", {"missing": ("agency",), "due": MORNING + HOUR}, "waiting", MORNING + HOUR, "review_watching"),
    ],
)
def test_what_each_grade_moves(unit: Unit, chosen, given, state, due, rule):
    case_id = unit.waiting_case()
    unit.grade(case_id, chosen, **given)
    case = unit.case(case_id)
    assert (case.state, case.grade_now, case.next_due, case.next_due_rule) == (state, chosen, due, rule)
    assert (case.version, len(case.referrals)) == (2, int(chosen == "cannot_yet"))
    assert case.closed_because == ("ungraded" if chosen == "cannot_yet" else "")


@pytest.mark.parametrize(
    ("chosen", "given", "field", "said"),
    [
        ("act_today", {"facts": ()}, "facts", "No fact is named"),
        ("act_today", {"facts": ("stalking",)}, "facts", "not on record for these two"),
        ("act_today", {"facts": ("threat_to_kill",) * 2}, "facts", "named twice"),
        ("act_today", {"facts": ("not_on_record",)}, "note", "line is missing"),
        ("act_today", {"missing": ("agency",)}, "missing", "Something is said to be missing"),
        ("act_today", {"look_again_at": MORNING + 1}, "look_again_at", "asks for a decision"),
        ("keep_in_view", {"look_again_at": MORNING}, "look_again_at", "past, or later"),
        ("keep_in_view", {"look_again_at": MORNING + 30 * 86_400}, "look_again_at", "past, or later"),
        ("cannot_yet", {"due": MORNING + 1}, "missing", "Nothing is named"),
        ("cannot_yet", {"missing": ("agency",)}, "due", "missing, past or too far ahead"),
        (
            "cannot_yet",
            {"missing": ("agencies",), "due": MORNING + 1},
            "serving/casework/words.yaml: missing",
            "Not a code",
        ),
        ("act_now", {}, "serving/casework/words.yaml: grade", "Not a code"),
    ],
)
def test_what_is_not_a_whole_grade(unit: Unit, chosen, given, field, said):
    case_id = unit.waiting_case()
    before = unit.rows()
    with pytest.raises(UsageError, match=said) as refused:
        unit.grade(case_id, chosen, **given)
    assert (refused.value.where, unit.rows()) == (field, before)
    assert unit.case(case_id).version == 1


def test_only_reviewers_and_supervisors_grade(unit: Unit):
    case_id = unit.waiting_case()
    for role in ("analyst", "governance", "admin", "partner"):
        with pytest.raises(NotAllowed, match="Grade is not for"):
            unit.grade(case_id, person=somebody(role))
    unit.grade(case_id, person=SAM)
    assert unit.case(case_id).graded_by == "U-3"


def test_a_must_see_record_is_seen_before_the_grade_that_answers_it(unit: Unit):
    unit.publish(must_see={1: [event(7)]})
    case_id = unit.case_of(1)
    with pytest.raises(UsageError, match="nobody has seen yet"):
        unit.grade(case_id)
    [referral] = unit.case(case_id).referrals
    unit.see(referral.id)
    assert unit.case(case_id).next_due == MORNING + 4 * HOUR  # to be graded
    unit.grade(case_id)
    assert unit.case(case_id).referrals == ()


def test_nothing_to_grade_without_a_referral(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, "keep_in_view")
    with pytest.raises(UsageError, match="nothing to grade"):
        unit.grade(case_id)


def test_a_second_grade_answers_the_second_referral_alone(unit: Unit):
    case_id = unit.waiting_case()
    first = unit.grade(case_id, "keep_in_view").result
    unit.refer(1, person=SAM)
    assert unit.case(case_id).closed_because == "ungraded"
    second = unit.grade(case_id, "act_today", person=BEN).result
    case = unit.case(case_id)
    assert (case.grade_id, case.graded_by, case.state, case.closed_because) == (second, "U-2", "graded", "")
    with reading(unit.engine) as connection:
        assert [line.fact for line in views.history(connection, case_id) if line.act == "grade"] == [first, second]


def test_who_cannot_grade_yet_keeps_the_referral_and_shows_nothing(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, "cannot_yet", missing=("agency", "full_report"), due=MORNING + HOUR)
    with pytest.raises(NotAllowed, match="no grade yet"):
        unit.reveal(case_id)
    unit.grade(case_id, "act_today")
    assert unit.case(case_id).state == "graded"


def test_going_back_writes_the_grade_next_to_the_first(unit: Unit):
    case_id = unit.waiting_case()
    first = unit.grade(case_id, "act_today").result
    second = unit.correct(case_id, "keep_in_view").result
    case = unit.case(case_id)
    assert (case.state, case.grade_now, case.grade_id) == ("watching", "keep_in_view", second)
    assert first != second
    unit.reveal(case_id)
    with pytest.raises(UsageError, match="order was shown after this grade"):
        unit.correct(case_id, "act_today")


def test_nobody_goes_back_on_another_persons_grade(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, person=BEN)
    with pytest.raises(UsageError, match="another person's"):
        unit.correct(case_id, "act_today")
    unit_words = {"why": "records_support", "words": ""}
    with pytest.raises(UsageError, match="reason is missing"):
        unit.correct(case_id, "act_today", **unit_words)


def test_a_stale_version_changes_nothing_and_says_who_did_what(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, "keep_in_view", version=1, person=BEN, note="He moved out.")
    before = unit.rows()
    with pytest.raises(Conflict) as conflict:
        unit.grade(case_id, "act_today", version=1, person=ANN, note="He came back.")
    assert unit.rows() == before
    [since] = conflict.value.since
    assert (since.who, since.act, since.state_to, since.version) == ("U-2 shown", "grade", "watching", 2)
    assert dict(since.texts) == {"note": "He moved out."}
    assert conflict.value.yours is not None
    assert (conflict.value.version, dict(conflict.value.yours.texts)) == (2, {"note": "He came back."})
