"""The decision: what it needs, what it moves, who makes it alone, and that nobody lowers a level alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fixtures.casework_decisions import ACCEPT, DAY, IAN, NOT_ASKED, PAT, PLAN, WATCH, DecidingUnit
from fixtures.casework_people import somebody
from fixtures.casework_unit import ANN, HOUR, MORNING, SAM

from serving.casework import views
from serving.casework.act import Conflict
from serving.casework.case import NotAllowed
from serving.casework.decide import decide
from serving.casework.decided import decided
from serving.casework.decision import Considered, Decision, Power
from serving.casework.decision_read import read_decision
from serving.storage import reading
from threat.errors import UsageError

MONTH = 1_782_774_000
"""The end of 29 June in London, 28 days on."""


@pytest.mark.parametrize(
    ("level", "within", "plan_due", "rule"),
    [
        ("immediate", MORNING + DAY, MORNING + 24 * HOUR, "plan_immediate"),
        ("serious", MORNING + 7 * DAY, MORNING + 72 * HOUR, "plan_serious"),
        ("present", MORNING + 28 * DAY, 1_780_959_600, "plan_present"),  # the end of 8 June in London
    ],
)
def test_each_level_has_its_clocks(deciding: DecidingUnit, level, within, plan_due, rule):
    case_id = deciding.graded_case()
    with pytest.raises(UsageError, match="later than the level") as refused:
        deciding.decide(case_id, replace(PLAN, level=level, review_at=within + 3 * DAY))
    assert refused.value.where == "review_at"
    deciding.decide(case_id, replace(PLAN, level=level, review_at=within))
    case = deciding.case(case_id)
    assert (case.state, case.next_due, case.next_due_rule) == ("planning", plan_due, rule)


@pytest.mark.parametrize(
    ("decision", "level", "state", "rule"),
    [(WATCH, "present", "watching", "review_present"), (WATCH, "not_shown", "watching", "review_watching")],
)
def test_to_watch_comes_back_by_its_date(deciding: DecidingUnit, decision, level, state, rule):
    case_id = deciding.graded_case()
    deciding.decide(case_id, replace(decision, level=level))
    case = deciding.case(case_id)
    assert (case.state, case.next_due, case.next_due_rule) == (state, MORNING + 3 * DAY, rule)


WRONG: list[tuple[Decision, str, str]] = [
    (replace(PLAN, threat=""), "threat", "not described"),
    (replace(PLAN, vulnerability=""), "vulnerability", "not described"),
    (replace(PLAN, none_protective=False), "protective", "What protects them is not described"),
    (replace(PLAN, protective="Her brother."), "protective", "and said not to be recorded"),
    (replace(PLAN, not_known=""), "not_known", "not said what is not known"),
    (replace(PLAN, confidence=""), "confidence", "Nothing is chosen"),
    (replace(PLAN, confidence="low"), "confidence", "Not a code"),
    (replace(PLAN, confidence_why=""), "confidence_why", "why the information has this confidence"),
    (replace(PLAN, voice_id="VO-0"), "voice", "not the latest"),
    (replace(PLAN, powers=()), "powers", "No power is named"),
    (replace(PLAN, powers=(Power("arrest"), Power("none", "Why"))), "powers", "together with a power"),
    (
        replace(PLAN, powers=(Power("threat_to_life_warning"),)),
        "power.threat_to_life_warning",
        "reference or the reason",
    ),
    (replace(PLAN, life_threat=None), "life_threat", "whether a threat to life was considered"),
    (replace(PLAN, life_threat_said=""), "life_threat_said", "reference is missing"),
    (replace(PLAN, considered=(Considered("hope", taken=True),)), "options", "Not an option"),
    (
        replace(PLAN, considered=(*PLAN.considered[:1], Considered("recall", taken=False))),
        "option.recall",
        "why it is not",
    ),
    (replace(PLAN, considered=PLAN.considered[1:]), "options", "No option is taken"),
    (replace(PLAN, strategies=()), "strategies", "No strategy"),
    (replace(PLAN, strategies=("accept", "reduce")), "strategies", "next to another decision"),
    (replace(PLAN, level=""), "level", "Nothing is chosen"),
    (replace(PLAN, level="not_shown"), "level", "No threat is shown"),
    (replace(PLAN, review_at=None), "review_at", "missing"),
    (replace(PLAN, review_at=MORNING), "review_at", "past, or later"),
    (replace(WATCH, level="serious"), "level", "asks for a plan"),
    (replace(WATCH, considered=PLAN.considered), "options", "to be no plan"),
    (replace(ACCEPT, strategies=("reduce",)), "strategies", "Accept alone"),
    (replace(ACCEPT, why=""), "why", "why the threat is accepted"),
]


@pytest.mark.parametrize(("decision", "field", "said"), WRONG)
def test_what_is_not_a_whole_decision(deciding: DecidingUnit, decision, field, said):
    case_id = deciding.graded_case()
    before = deciding.rows()
    with pytest.raises(UsageError, match=said) as refused:
        deciding.decide(case_id, decision)
    assert (refused.value.where, deciding.rows()) == (field, before)
    assert deciding.case(case_id).state == "graded"


def test_everything_that_is_missing_is_said_at_once(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    with pytest.raises(UsageError, match="3 problems"):
        deciding.decide(case_id, replace(PLAN, threat="", not_known="", review_at=None))


def test_the_views_of_the_person_at_risk_are_never_blank(deciding: DecidingUnit):
    case_id = deciding.graded_case(voice=False)
    with pytest.raises(UsageError, match="views of the person at risk are not recorded"):
        deciding.decide(case_id)
    deciding.voice(case_id, NOT_ASKED)
    deciding.at += 2 * DAY
    with pytest.raises(UsageError, match="were to have been asked by now"):
        deciding.decide(case_id)
    deciding.voice(case_id, replace(NOT_ASKED, by_when=deciding.at + DAY))
    deciding.decide(case_id)
    assert deciding.case(case_id).state == "planning"


def test_an_option_of_a_superintendent_needs_the_reference_of_that_authority(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    warning = Considered("threat_to_life_warning", taken=True)
    with pytest.raises(UsageError, match="reference of the superintendent's authority is missing"):
        deciding.decide(case_id, replace(PLAN, considered=(warning,)))
    deciding.decide(case_id, replace(PLAN, considered=(replace(warning, said="Supt 7 of 1 June"),)))
    assert deciding.case(case_id).state == "planning"


def test_a_decision_is_read_back_as_it_was_written_and_no_text_is_in_its_rows(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    given = deciding.ready(case_id, PLAN)
    done = deciding.decide(case_id)
    with reading(deciding.engine) as connection:
        assert read_decision(connection, done.result, given.version) == given
        row = connection.exec_driver_sql("SELECT * FROM decisions").one()
        detail = connection.exec_driver_sql("SELECT detail FROM audit_entries ORDER BY sequence DESC").scalar()
    assert given.threat not in str(row)
    assert given.threat not in str(detail)
    assert '"level":"serious"' in str(detail).replace(" ", "")


def test_who_may_decide(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    for role in ("analyst", "governance", "admin", "partner", "engine"):
        with pytest.raises(NotAllowed, match="not for"):
            deciding.decide(case_id, person=somebody(role))
    with pytest.raises(NotAllowed, match="not possible here: the case is graded"):
        deciding.take_back(case_id)
    assert deciding.decide(case_id, person=ANN).result.startswith("PR-")
    assert deciding.case(case_id).state == "graded"


def test_another_decision_says_why_and_the_plan_is_due_no_later(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    first = deciding.decide(case_id).result
    deciding.at += HOUR
    without = replace(deciding.ready(case_id, PLAN), supersedes_why="")
    with pytest.raises(UsageError, match="why there is another decision"):
        decide(deciding.casework, deciding.act(SAM), without)
    deciding.decide(case_id)
    with reading(deciding.engine) as connection:
        now = decided(connection, case_id)
    assert now is not None
    assert (now.level, now.due_at, now.id != first) == ("serious", MORNING + 72 * HOUR, True)


def test_d1_nobody_lowers_a_level_alone_also_not_by_taking_the_decision_back_first(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    deciding.decide(case_id)
    deciding.take_back(case_id)
    case = deciding.case(case_id)
    assert (case.state, case.next_due, case.next_due_rule) == ("graded", MORNING + 24 * HOUR, "decide_look_closer")
    lower = deciding.decide(case_id, replace(PLAN, level="present")).result
    assert (deciding.case(case_id).state, deciding.proposals(case_id)) == ("graded", [("lower_level", "open")])
    with pytest.raises(NotAllowed, match="You proposed this"):
        deciding.confirm(lower, SAM)
    deciding.confirm(lower, PAT)
    assert (deciding.case(case_id).state, deciding.proposals(case_id)) == ("planning", [("lower_level", "confirmed")])


def test_a_grade_is_not_changed_after_a_decision_also_not_once_it_is_taken_back(deciding: DecidingUnit):
    case_id = deciding.waiting_case()
    deciding.grade(case_id, "act_today", person=SAM)
    deciding.reveal(case_id, person=SAM)
    deciding.voice(case_id)
    deciding.decide(case_id, replace(PLAN, level="immediate", review_at=MORNING + DAY))
    deciding.take_back(case_id)
    with pytest.raises(UsageError, match="a decision that took effect and stands"):
        deciding.look(case_id, "changed", "keep_in_view", person=SAM)
    assert (deciding.case(case_id).state, deciding.case(case_id).decided_since) == ("graded", True)
    other = deciding.graded_case(2)
    deciding.decide(other, WATCH)
    with pytest.raises(UsageError, match="a decision that took effect and stands"):
        deciding.correct(other, "keep_in_view")


def test_a_level_that_rises_needs_one_person_and_brings_the_plan_forward(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    deciding.decide(case_id)
    deciding.at += HOUR
    deciding.decide(case_id, replace(PLAN, level="immediate", review_at=MORNING + DAY))
    case = deciding.case(case_id)
    assert (case.next_due, case.next_due_rule) == (MORNING + 25 * HOUR, "plan_immediate")


def test_v1_a_stale_version_changes_nothing_and_says_what_was_done(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    given = deciding.ready(case_id, PLAN)
    deciding.decide(case_id, person=PAT)
    before = deciding.rows()
    with pytest.raises(Conflict) as conflict:
        decide(deciding.casework, deciding.act(SAM), given)
    [since] = conflict.value.since
    assert (since.who, since.act, since.texts["threat"]) == ("U-4 shown", "decide_plan", PLAN.threat)
    assert conflict.value.yours is not None
    assert (deciding.rows(), conflict.value.yours.texts["threat"]) == (before, PLAN.threat)


def test_a_repeat_is_one_decision_and_other_content_is_refused(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    act = deciding.act(SAM)
    given = deciding.ready(case_id, PLAN)
    first = decide(deciding.casework, act, given)
    before = deciding.rows()
    again = decide(deciding.casework, act, given)
    assert (again.result, again.repeated, deciding.rows()) == (first.result, True, before)
    with pytest.raises(UsageError, match="with other content"):
        decide(deciding.casework, act, replace(given, threat="He is gone."))


def test_history_has_the_act_with_its_states(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    deciding.decide(case_id, ACCEPT, IAN)
    deciding.decide(case_id)
    deciding.take_back(case_id)
    with reading(deciding.engine) as connection:
        lines = views.history(connection, case_id)
    moves = [(line.act, line.state_from, line.state_to) for line in lines][2:]
    assert moves == [
        ("record_voice", "graded", "graded"),
        ("propose", "graded", "graded"),
        ("decide_plan", "graded", "planning"),
        ("decide_back", "planning", "graded"),
    ]
