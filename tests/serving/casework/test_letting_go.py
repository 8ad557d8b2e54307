"""Letting go: by one person, only what nothing keeps; a second reader of one in so many; and every way back."""

from __future__ import annotations

import re

import pytest
from fixtures.casework_decisions import PAT, WATCH
from fixtures.casework_nights import DAY
from fixtures.casework_unit import ANN, BEN, HOUR, MORNING, SAM, event
from sqlalchemy import select

from serving.casework import views
from serving.casework.act import Conflict
from serving.casework.case import NotAllowed
from serving.casework.letting_go import OnRecord, let_go
from serving.casework.sealing import Sealer
from serving.casework.watching_tables import LETS_GO, SECOND_READINGS
from serving.storage import reading
from threat.errors import ThreatError, UsageError

EVERY_ONE = 1


def refusal(watching, case_id, **found: object) -> str:
    with pytest.raises(ThreatError) as caught:
        watching.let_go(case_id, history=OnRecord(**found))
    assert watching.acts_of(case_id)["let_go"] == 0
    return str(caught.value)


def test_what_a_person_looked_at_late_enough_is_let_go_and_comes_back_by_a_record(watching):
    case_id = watching.looked_at_late()
    watching.let_go(case_id)
    case = watching.case(case_id)
    assert (case.state, case.next_due, case.grade_now) == ("closed", None, "keep_in_view")
    watching.wait(40)
    night = watching.night(r1=[watching.recorded(7)])
    assert (night.new_record, watching.case_of(1)) == (1, case_id)
    assert (watching.case(case_id).state, watching.kinds_waiting(case_id)) == ("waiting", ["new_record"])
    assert watching.acts_of(case_id)["return_by_record"] == 1
    assert watching.night(r1=[watching.recorded(7)]).new_record == 0


def test_a_must_see_record_brings_it_back_at_once(watching):
    case_id = watching.looked_at_late()
    watching.let_go(case_id)
    watching.publish("L-9", must_see={1: [event(70)]})
    assert (watching.case(case_id).state, watching.kinds_waiting(case_id)) == ("waiting", ["must_see"])


def test_before_the_days_in_view_nobody_lets_go(watching):
    case_id = watching.kept_in_view()
    said = refusal(watching, case_id)
    assert said.startswith("Nobody has looked at the case after the 28 days in view.")
    assert "look at it on 29 June 2026 or after" in said
    watching.wait(28)  # not by the days alone: somebody has to look
    assert refusal(watching, case_id).startswith("Nobody has looked")


@pytest.mark.parametrize("plan_taken_back", [False, True])
def test_what_ever_had_a_plan_is_not_let_go_by_one(watching, plan_taken_back):
    case_id = watching.graded_case()
    watching.decide(case_id)
    if plan_taken_back:
        watching.take_back(case_id)
    watching.confirm(watching.decide(case_id, WATCH).result, PAT)
    assert "The case had a plan, so one person can't let it go." in refusal(watching, case_id)


def test_a_new_record_and_a_reason_to_look_each_block(watching):
    case_id = watching.looked_at_late()
    said = refusal(watching, case_id, new=[watching.recorded(7, "domestic_incident").event])
    assert said.startswith("Records came in that nobody who looked had.\n  found: Domestic incident")
    watching.refer(1)
    assert "Nobody has answered a reason to look yet.\n  found: Officer" in refusal(watching, case_id)


@pytest.mark.parametrize(("days", "blocked"), [(0, True), (182, True), (183, False)])
def test_c2_for_183_days_after_the_latest_severe_record(watching, days, blocked):
    case_id = watching.looked_at_late()
    severe = ("stalking", watching.at - days * DAY)
    if not blocked:
        watching.let_go(case_id, history=OnRecord(severe=severe))
        assert watching.case(case_id).state == "closed"
        return
    said = refusal(watching, case_id, severe=severe)
    assert "not 183 days old yet" in said
    assert re.search(r"possible from \d+ \w+ 202[67]", said)


def test_everything_that_blocks_is_said_at_once(watching):
    case_id = watching.kept_in_view()
    watching.refer(1)
    said = refusal(watching, case_id, severe=("stalking", MORNING))
    assert all(part in said for part in ("Nobody has looked", "Nobody has answered", "Stalking"))


def test_a_page_of_before_lets_nothing_go(watching):
    case_id = watching.looked_at_late()
    version = watching.case(case_id).version
    watching.refer(1)
    with pytest.raises(Conflict):
        let_go(
            watching.casework,
            watching.act(),
            case_id,
            version,
            "",
            history=OnRecord(),
            drawing=Sealer(bytes(32), EVERY_ONE),
        )
    assert watching.case(case_id).state == "watching"


def test_a_second_person_reads_what_is_drawn_and_agrees(watching):
    case_id = watching.looked_at_late()
    watching.let_go(case_id, one_in=EVERY_ONE)
    case = watching.case(case_id)
    assert (case.state, case.next_due_rule) == ("closed", "grade_referral")
    with pytest.raises(UsageError, match=r"^You let this case go, so another person reads it\."):
        watching.agree(case_id, ANN)
    watching.agree(case_id, BEN)
    assert (watching.case(case_id).state, watching.case(case_id).next_due) == ("closed", None)
    with pytest.raises(UsageError, match=r"^Nobody is asked to read this case again\."):
        watching.agree(case_id, SAM)


def test_a_second_person_opens_it_again(watching):
    case_id = watching.looked_at_late()
    watching.let_go(case_id, one_in=EVERY_ONE)
    watching.reopen(case_id, BEN)
    assert (watching.case(case_id).state, watching.kinds_waiting(case_id)) == ("waiting", ["reopened"])
    with reading(watching.engine) as connection:
        assert connection.execute(select(SECOND_READINGS.c.agreed)).scalars().all() == [False]
        lines = views.history(connection, case_id)
    assert lines[-1].texts == {"why": "Her sister rang."}


def test_an_older_draw_is_not_asked_again(watching):
    case_id = watching.looked_at_late()
    watching.let_go(case_id, one_in=EVERY_ONE)
    watching.refer(1)
    watching.grade(case_id, "keep_in_view")
    watching.wait(28)
    watching.night()
    watching.grade(case_id, "keep_in_view")
    watching.let_go(case_id)
    assert watching.case(case_id).next_due is None
    with reading(watching.engine) as connection:
        assert connection.execute(select(LETS_GO.c.drawn)).scalars().all() == [True, False]


def test_opening_again_needs_a_reason_and_a_case_that_nobody_works_on(watching):
    case_id = watching.looked_at_late()
    with pytest.raises(NotAllowed, match=r"^Open again is not possible here: the case is watching\."):
        watching.reopen(case_id)
    watching.let_go(case_id)
    with pytest.raises(UsageError, match=r"^The reason is missing"):
        watching.reopen(case_id, why="")
    watching.at += HOUR
    watching.reopen(case_id)
    watching.grade(case_id, "look_closer")
    assert watching.case(case_id).state == "graded"


def test_about_one_in_twenty_is_drawn_and_always_the_same():
    drawing = Sealer(bytes(32), 20)
    drawn = [n for n in range(2000) if drawing.read_again(f"C-{n}", MORNING)]
    assert 70 <= len(drawn) <= 130
    assert drawn == [n for n in range(2000) if drawing.read_again(f"C-{n}", MORNING)]
    assert drawn != [n for n in range(2000) if drawing.sealed(f"C-{n}", str(MORNING))]
