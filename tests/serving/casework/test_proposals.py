"""What needs two people: who may answer, what overtakes a proposal, and the three answers, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fixtures.casework_decisions import ACCEPT, DAY, IAN, NOT_ASKED, PAT, PLAN, WATCH, DecidingUnit
from fixtures.casework_people import somebody
from fixtures.casework_unit import ANN, BEN, HOUR, MORNING, SAM

from serving.casework import views
from serving.casework.act import Conflict
from serving.casework.case import NotAllowed
from serving.casework.checks import check
from serving.casework.decide import decide
from serving.storage import connect, reading
from threat.errors import UsageError


@pytest.fixture(params=["sqlite", "postgresql"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DecidingUnit]:
    postgresql = request.param == "postgresql"
    engine = connect(request.getfixturevalue("postgresql_database") if postgresql else tmp_path / "desk.sqlite")
    yield DecidingUnit(engine)
    engine.dispose()


def test_accepting_is_confirmed_by_an_inspector_who_did_not_propose_it(unit: DecidingUnit):
    case_id = unit.graded_case()
    proposal = unit.decide(case_id, ACCEPT, IAN).result
    before = unit.rows()
    both = somebody("reviewer", "supervisor", reference="U-5", authority="superintendent")
    for person, said in (
        (IAN, "You proposed this"),
        (both, "You proposed this"),  # D2: also not under another role
        (PAT, "authority of an inspector"),
        (ANN, "not for a reviewer"),
    ):
        with pytest.raises(NotAllowed, match=said):
            unit.confirm(proposal, person)
    assert unit.rows() == before
    other = somebody("supervisor", reference="U-6", authority="inspector")
    with pytest.raises(NotAllowed, match="just proved who they are"):
        unit.confirm(proposal, other, ago=600)
    unit.confirm(proposal, other, ago=599)
    case = unit.case(case_id)
    assert (case.state, case.next_due, case.next_due_rule) == ("watching", MORNING + 3 * DAY, "review_present")
    answered = unit.proposal(proposal)
    assert (answered.standing, answered.answered_by, answered.who) == ("confirmed", "U-6 shown", "U-5 shown")
    with pytest.raises(UsageError, match=r"It was confirmed"):
        unit.confirm(proposal, other)


def test_a_reviewer_drafts_and_a_supervisor_confirms(unit: DecidingUnit):
    case_id = unit.graded_case()
    proposal = unit.decide(case_id, PLAN, ANN).result
    case = unit.case(case_id)
    assert (case.state, case.next_due_rule) == ("graded", "decide_look_closer")
    with pytest.raises(NotAllowed, match="Confirming it is not for a reviewer"):
        unit.confirm(proposal, BEN)
    unit.at += HOUR
    unit.confirm(proposal, SAM, ago=99_999)
    case = unit.case(case_id)
    # The plan's clock runs from when it takes effect.
    assert (case.state, case.next_due) == ("planning", MORNING + 73 * HOUR)


def test_a_proposal_is_returned_with_a_message_and_answered_once(unit: DecidingUnit):
    case_id = unit.graded_case()
    proposal = unit.decide(case_id, WATCH, ANN).result
    with pytest.raises(UsageError, match="message is missing"):
        unit.give_back(proposal, SAM, "")
    with pytest.raises(NotAllowed, match="not for a reviewer"):
        unit.give_back(proposal, BEN)
    unit.give_back(proposal, SAM)
    assert (unit.case(case_id).state, unit.proposals(case_id)) == ("graded", [("watch", "returned")])
    for answer in (unit.give_back, unit.confirm):
        with pytest.raises(UsageError, match="returned with a message"):
            answer(proposal, PAT)


def test_a_proposal_to_accept_is_changed_to_a_plan_with_why(unit: DecidingUnit):
    case_id = unit.graded_case()
    proposal = unit.decide(case_id, ACCEPT, SAM).result
    with pytest.raises(UsageError, match="message is missing"):
        unit.decide(case_id, PLAN, IAN, changing=proposal)
    with pytest.raises(NotAllowed, match="You proposed this"):
        unit.decide(case_id, PLAN, SAM, changing=proposal, message="I think again.")
    with pytest.raises(NotAllowed, match="authority of an inspector"):
        unit.decide(case_id, PLAN, PAT, changing=proposal, message="He is back.")
    unit.decide(case_id, PLAN, IAN, changing=proposal, message="He is back.")
    assert (unit.case(case_id).state, unit.proposals(case_id)) == ("planning", [("accept", "changed")])
    with reading(unit.engine) as connection:
        last = views.history(connection, case_id)[-1]
    assert (last.act, last.who, last.texts["message"]) == ("decide_plan", "U-5 shown", "He is back.")


def test_a_change_is_no_way_to_lower_a_level_further_alone(unit: DecidingUnit):
    case_id = unit.graded_case()
    unit.decide(case_id)
    proposal = unit.decide(case_id, replace(PLAN, level="present"), SAM).result
    with pytest.raises(UsageError, match="needs a second person itself"):
        unit.decide(case_id, replace(WATCH, level="not_shown"), PAT, changing=proposal, message="Less still.")
    unit.decide(case_id, replace(WATCH, level="present"), PAT, changing=proposal, message="To watch will do.")
    assert unit.case(case_id).state == "watching"


@pytest.mark.parametrize("between", ["voice", "refer", "decide", "propose"])
def test_whatever_happens_in_between_overtakes_a_proposal(deciding: DecidingUnit, between):
    case_id = deciding.graded_case()
    proposal = deciding.decide(case_id, WATCH, ANN).result
    {
        "voice": lambda: deciding.voice(case_id, NOT_ASKED),
        "refer": lambda: deciding.refer(1, person=BEN),
        "decide": lambda: deciding.decide(case_id, PLAN, PAT),
        "propose": lambda: deciding.decide(case_id, PLAN, BEN),
    }[between]()
    assert deciding.proposals(case_id)[0] == ("watch", "overtaken")
    with pytest.raises(UsageError, match="Something happened on the case since"):
        deciding.confirm(proposal, SAM)


def test_safe_contact_overtakes_nothing(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    proposal = deciding.decide(case_id, WATCH, ANN).result
    deciding.safe_contact(case_id, 7)
    deciding.confirm(proposal, SAM)
    assert deciding.case(case_id).state == "watching"


def test_a_proposal_expires_and_a_stale_page_confirms_nothing(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    proposal = deciding.decide(case_id, WATCH, ANN).result
    with pytest.raises(Conflict):
        deciding.confirm(proposal, SAM, version=1)
    deciding.at = deciding.proposal(proposal).expires_at
    assert deciding.at == MORNING + 2 * DAY  # two working days
    with pytest.raises(UsageError, match="Its time is over"):
        deciding.confirm(proposal, SAM)


def test_what_is_confirmed_is_judged_again(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    proposal = deciding.decide(case_id, replace(WATCH, review_at=MORNING + DAY), ANN).result
    deciding.at += DAY
    with pytest.raises(UsageError, match="day to look again is past"):
        deciding.confirm(proposal, SAM)
    assert deciding.case(case_id).state == "graded"


def test_a_repeat_of_a_confirmation_is_one_effect(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    proposal, version = deciding.decide(case_id, PLAN, ANN).result, deciding.case(case_id).version
    act_id = "11111111-1111-4111-8111-111111111111"
    first = deciding.confirm(proposal, SAM, version=version, act_id=act_id)
    again = deciding.confirm(proposal, SAM, version=version, act_id=act_id)
    assert (again.result, again.repeated) == (first.result, True)


def test_a_repeat_of_what_was_proposed_is_the_same_act_after_it_was_confirmed(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    deciding.decide(case_id)
    act, given = deciding.act(SAM), deciding.ready(case_id, replace(PLAN, level="present"))
    proposal = decide(deciding.casework, act, given).result
    deciding.confirm(proposal, PAT)
    again = decide(deciding.casework, act, given)
    assert (again.result, again.repeated) == (proposal, True)


def test_no_proposal_of_this_reference(deciding: DecidingUnit):
    with pytest.raises(UsageError, match="no proposal of this reference"):
        deciding.proposal("PR-0000000000000000")


def test_after_every_answer_the_heads_are_as_their_facts_say(unit: DecidingUnit):
    for relationship, answer in ((1, unit.confirm), (2, unit.give_back), (3, None)):
        case_id = unit.graded_case(relationship)
        proposal = unit.decide(case_id, ACCEPT, SAM).result
        if answer is not None:
            answer(proposal, IAN)
    unit.decide(unit.case_of(2), PLAN)
    unit.take_back(unit.case_of(2))
    unit.safe_contact(unit.case_of(2), 7)
    checked = check(unit.casework, unit.at)
    assert (checked.cases, checked.incidents) == (3, ())
