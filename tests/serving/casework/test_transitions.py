"""The table of acts: whole, without a dead end, and exactly what is drawn in ``who_may_what.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from fixtures.casework_people import EVERYBODY, somebody
from fixtures.page_text import begun_wrongly, wrong_words

from serving.audit.log import Operation
from serving.casework.transitions import (
    ENGINE,
    NO_CASE,
    PARTNER,
    STATES,
    Allowed,
    NextStep,
    Refused,
    acts_from,
    allowed,
    next_step,
    read_transitions,
    transitions,
)
from serving.casework.words import vocabulary
from serving.identity.person import Person
from serving.identity.roles import ROLES
from threat.errors import UsageError

TEXT = files("serving.casework").joinpath("transitions.yaml").read_text(encoding="utf-8")
DRAWN = Path(__file__).with_name("who_may_what.txt")
DESIGN = transitions().whole_design()

EDGES = {
    (state, state if move.to == "same" else move.to)
    for act in DESIGN.acts
    for move in act.moves
    for state in move.from_states
}


def reachable(start: str, edges: set[tuple[str, str]]) -> set[str]:
    seen, new = {start}, {start}
    while new := {to for state, to in edges if state in new} - seen:
        seen |= new
    return seen


def drawn_table() -> Iterator[str]:
    """Every state, act and role: what the role may do. Equal lines of ``who_may_what.txt`` say the same."""
    for state in (NO_CASE, *STATES):
        yield (f"{state:<20}" + "".join(f"{name:<17}" for name in EVERYBODY)).rstrip()
        for act in DESIGN.acts:
            cells = []
            for person in EVERYBODY.values():
                may = DESIGN.allowed(act.act, state, person)
                confirms = isinstance(DESIGN.may_confirm(act.act, state, person, "U-2"), Allowed)
                said = ("alone" if may.alone else "asks") if isinstance(may, Allowed) else ""
                cells.append("+".join(filter(None, [said, "confirms" if confirms else ""])) or ".")
            if set(cells) != {"."}:
                yield (f"{act.act:<20}" + "".join(f"{cell:<17}" for cell in cells)).rstrip()
        yield ""


def test_every_role_state_and_act_is_as_drawn() -> None:
    lines = [line for line in DRAWN.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert list(drawn_table()) == lines


def test_each_state_is_reached_and_none_is_a_dead_end() -> None:
    assert reachable(NO_CASE, EDGES) == {NO_CASE, *STATES}
    assert set(STATES) == set(vocabulary("case_state").codes)
    for state in STATES:
        assert reachable(state, EDGES) == set(STATES), state
        assert any(to != state for start, to in EDGES if start == state), state


def test_closed_is_reached_from_each_state_and_left_by_a_record_by_a_person_and_by_a_referral() -> None:
    assert all("closed" in reachable(state, EDGES) for state in (NO_CASE, *STATES))
    assert {act.act for act in DESIGN.acts_from("closed") if DESIGN.after(act.act, "closed", {}) == "waiting"} == {
        "refer",
        "return_by_record",
        "reopen",
    }


def test_a_plan_ends_only_by_two_people_or_by_joining() -> None:
    """No act that one person or the system does alone takes a case out of an active plan."""
    leaving = [
        act
        for act in DESIGN.acts_from("active")
        if any("active" in m.from_states and m.to not in ("same", "active") for m in act.moves)
    ]
    assert {act.act: bool(act.alone) for act in leaving} == {"close": False, "join": True}
    assert "plan_goes_on" in DESIGN.act("join").needs


def test_every_act_has_an_operation_and_no_two_have_a_name() -> None:
    names = [act.act for act in DESIGN.acts]
    assert len(names) == len(set(names))
    assert {act.operation for act in DESIGN.acts} <= set(get_args(Operation)) - {"access"}
    assert {act.act: act.returns for act in DESIGN.acts if act.ends} == {"close": "unit_plan"}


def test_every_grade_that_a_form_offers_has_a_way_to_go() -> None:
    grades = tuple(vocabulary("grade").codes)
    assert sorted(DESIGN.offered("grade", "waiting")) == sorted(DESIGN.offered("grade", "watching")) == sorted(grades)
    after = {
        grade: [DESIGN.after("grade", state, {"grade": grade}) for state in ("waiting", "watching")] for grade in grades
    }
    assert after == {
        "act_today": ["graded", "graded"],
        "look_closer": ["graded", "graded"],
        "keep_in_view": ["watching", "watching"],
        "cannot_yet": ["waiting", "watching"],
    }
    assert DESIGN.offered("grade", "graded") == ("act_today", "look_closer")
    assert DESIGN.offered("see", "waiting") == ()
    with pytest.raises(UsageError) as caught:
        DESIGN.after("grade", "graded", {"grade": "keep_in_view"})
    assert (caught.value.problem, caught.value.value, caught.value.way_out) == (
        "Grade can't be written with this code: the case is graded.",
        "grade: keep_in_view",
        "here it is Act today or Look closer",
    )


def test_no_sentence_of_the_table_says_what_pages_may_not_say() -> None:
    said = [text for act in DESIGN.acts for text in (act.title, act.button, act.done) if text]
    said += DESIGN.checks.values()
    assert wrong_words(said) == []
    assert begun_wrongly(said) == []


def test_refusals_say_why_and_what_to_do() -> None:
    reviewer = EVERYBODY["reviewer"]
    assert allowed("grade", "waiting", reviewer) == Allowed("grade", alone=True)
    assert allowed("grade", "waiting", EVERYBODY["analyst"]) == Refused(
        "Grade is not for an analyst.", "a reviewer or a supervisor may"
    )
    assert allowed("grade", "closed", reviewer) == Refused(
        "Grade is not possible here: the case is closed.", "possible where it is waiting or graded or watching"
    )
    assert allowed("see", "none", somebody()) == Refused(
        "See a must-see record is not possible here: there is no case.",
        "possible where it is waiting or graded or planning or active plan or watching",
    )
    assert DESIGN.allowed("see", "active", somebody()) == Refused(
        "See a must-see record is not for somebody without a role.", "a reviewer or a supervisor may"
    )
    with pytest.raises(UsageError, match=r"^Not an act of casework\.\n  found: gradeAll"):
        allowed("gradeAll", "waiting", reviewer)


def test_nobody_confirms_what_they_proposed_also_in_another_role() -> None:
    both = somebody("reviewer", "supervisor", authority="inspector")
    assert DESIGN.allowed("close", "active", both) == Allowed("close", alone=False)
    assert DESIGN.may_confirm("close", "active", both, both.id) == Refused(
        "You proposed this, so you can't confirm it.", "a supervisor other than you may"
    )
    assert DESIGN.may_confirm("close", "active", both, "U-2") == Allowed("close", alone=True)


def test_accepting_needs_the_authority_of_an_inspector() -> None:
    supervisor = EVERYBODY["supervisor"]
    assert DESIGN.may_confirm("decide_accept", "graded", supervisor, "U-2") == Refused(
        "Confirming it needs the authority of an inspector.", "a supervisor with the authority of an inspector may"
    )
    for authority in ("inspector", "superintendent"):
        person = somebody("supervisor", authority=authority)
        assert isinstance(DESIGN.may_confirm("decide_accept", "graded", person, "U-2"), Allowed)
    assert isinstance(DESIGN.may_confirm("close", "waiting", supervisor, "U-2"), Refused)
    assert isinstance(DESIGN.may_confirm("let_go", "watching", supervisor, "U-2"), Refused)


def test_an_act_that_is_not_in_use_is_refused_and_draws_no_button() -> None:
    in_use = {act.act for state in (NO_CASE, *STATES) for act in acts_from(state)}
    assert in_use == {act.act for act in transitions().acts if act.in_use} >= {"refer", "see", "grade", "second_look"}
    for act in transitions().acts:
        if not act.in_use:
            answer = allowed(act.act, act.starts_in[0], EVERYBODY["supervisor"])
            assert answer == Refused(f"{act.title} is not in use yet.", "it comes with a later version")


def test_the_one_primary_button() -> None:
    reviewer, supervisor = EVERYBODY["reviewer"], EVERYBODY["supervisor"]
    assert next_step("waiting", reviewer, ["list"]) == NextStep("grade", "Save my grade")
    assert next_step("waiting", reviewer, ["list", "must_see"]) == NextStep("see", "Save what I saw")
    assert next_step("waiting", EVERYBODY["analyst"], ["list"]) is None
    assert next_step("watching", reviewer) is None
    assert next_step("watching", reviewer, ["review_due"]) == NextStep("grade", "Save my grade")
    steps = {state: DESIGN.next_step(state, supervisor) for state in STATES}
    assert {state: step and step.act for state, step in steps.items()} == {
        "waiting": "grade",
        "graded": "decide_plan",
        "planning": "activate_plan",
        "active": "review",
        "watching": None,
        "inactive": None,
        "closed": None,
        "joined": None,
    }


def test_the_engine_and_partners_never_judge() -> None:
    for actor in (ENGINE, PARTNER):
        may = {a.act for a in DESIGN.acts for s in a.starts_in if isinstance(DESIGN.allowed(a.act, s, actor), Allowed)}
        assert may <= {"refer", "roll", "return_by_record", "reopen", "update_action"}


def test_a_person_who_signs_in_is_an_actor_and_every_role_of_the_desk_has_its_column() -> None:
    person = Person("U-1", "issuer", "subject", "Ann", frozenset({"supervisor"}), authority="inspector")
    assert allowed("grade", "waiting", person) == Allowed("grade", alone=True)
    assert DESIGN.may_confirm("decide_accept", "graded", person, "U-2") == Allowed("decide_accept", alone=True)
    assert set(EVERYBODY) == {*ROLES, "engine", "partner", "inspector"}


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("  - act: see\n", "  - act: refer\n", "The act refer is there twice."),
        ("needs: [reason_to_look]", "needs: [a_reason]", "The check a_reason is not among the checks."),
        ("needs: [reason_to_look]", "needs: []", "No act needs the check reason_to_look."),
        ("  admin: an administrator\n", "", "The role admin has no words."),
        ("alone: [engine, reviewer, supervisor, partner]\n", "\n", "refer: nobody may do it."),
        ("confirms: [supervisor]\n", "\n", "who proposes, who confirms and the kind of proposal are not all given."),
        ("proposal: accept", "proposal: agree", "decide_accept: agree is no kind of proposal."),
        ("    button: Save my grade\n", "", "grade: a button and what the page says after it are not both given"),
        ("when: {grade: [keep_in_view]}", "when: {grade: [act_today]}", "grade: two moves from waiting fit"),
        ("when: {grade: [keep_in_view]}", "when: {grade: [keep]}", "grade: grade: keep is no code that can decide."),
        ("{from: [none, inactive, closed], to: waiting}", "{from: [none], to: same}", "refer: a move from no case"),
        ("returns: unit_contact", "returns: contact", "update_action: contact is no kind of the vocabulary."),
        ("    returns: unit_plan\n    ends", "    ends", "close: it ends a record and returns none."),
        (
            "{states: [graded], act: decide_plan}",
            "{states: [closed], act: decide_plan}",
            "next_steps: decide_plan is no",
        ),
        ("referral: must_see, act", "referral: seen, act", "next_steps: seen is no kind of referral."),
        ("to: waiting}", "to: open}", "acts.0.moves.0.to"),
        ("operation: collection", "operation: reading", "acts.0.operation"),
    ],
)
def test_a_wrong_row_is_found(before: str, after: str, problem: str) -> None:
    assert before in TEXT
    with pytest.raises(UsageError, match=re.escape(problem)):
        read_transitions(TEXT.replace(before, after, 1))
