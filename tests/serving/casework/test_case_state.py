"""The state of a case, folded from its facts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from fixtures.drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

from serving.casework.case_state import state_of
from serving.casework.facts import Fact
from serving.casework.transitions import NO_CASE, transitions
from threat.errors import IntegrityFailure


def facts(*acts: str) -> list[Fact]:
    """Facts of acts written ``grade act_today`` or ``second_look keep_in_view``, a minute apart."""
    out = []
    for minute, text in enumerate(acts):
        kind, _, code = text.partition(" ")
        key = {"grade": "grade", "second_look": "grade_after"}.get(kind, "")
        out.append(Fact(kind, minute * 60, "U-1", {key: code} if key else {}, f"act-{minute}"))
    return out


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ([], "none"),
        (["refer"], "waiting"),
        (["refer", "see", "grade look_closer"], "graded"),
        (["refer", "grade act_today", "second_look keep_in_view"], "watching"),
        (["refer", "grade keep_in_view", "second_look act_today"], "graded"),
        (["refer", "grade cannot_yet"], "waiting"),
        (["refer", "grade keep_in_view", "roll", "refer", "grade cannot_yet"], "watching"),
        (["refer", "grade act_today", "refer", "grade act_today"], "graded"),
        (["refer", "grade act_today", "decide_plan", "decide_back", "decide_watch"], "watching"),
        (["refer", "grade keep_in_view", "let_go", "return_by_record"], "waiting"),
        (["refer", "grade act_today", "decide_plan", "write_plan", "add_action", "activate_plan"], "active"),
        (
            ["refer", "grade act_today", "decide_plan", "activate_plan", "refer", "see", "review", "decide_plan"],
            "active",
        ),
        (["refer", "grade act_today", "decide_plan", "activate_plan", "propose", "close"], "inactive"),
        (["refer", "grade act_today", "decide_plan", "activate_plan", "close", "end_inactive", "reopen"], "waiting"),
        (["refer", "join", "add_note", "part"], "waiting"),
    ],
)
def test_the_state_after_these_acts(acts: list[str], state: str) -> None:
    assert state_of(facts(*acts)) == state


@pytest.mark.parametrize(
    ("acts", "place", "state"),
    [
        (["grade act_today"], 1, "none"),
        (["refer", "second_look act_today"], 2, "waiting"),
        (["refer", "grade act_today", "let_go"], 3, "graded"),
        (["refer", "grade act_today", "grade keep_in_view"], 3, "graded"),
        (["refer", "grade shrug"], 2, "waiting"),
        (["refer", "grade"], 2, "waiting"),
        (["refer", "fly"], 2, "waiting"),
        (["refer", "join", "refer"], 3, "joined"),
    ],
)
def test_an_order_that_no_row_allows_is_an_incident_and_names_the_fact(acts: list[str], place: int, state: str) -> None:
    with pytest.raises(IntegrityFailure) as caught:
        state_of(facts(*acts))
    assert caught.value.where == f"fact {place} of the case, act act-{place - 1}"
    assert f"in the state {state}" in str(caught.value.value)


@drawn(200)
@given(st.data())
def test_whatever_is_allowed_folds_to_the_state_it_led_to(data: st.DataObject) -> None:
    """A drawn walk through the table, act by act, is folded again to each of its states."""
    table, state, walk, states = transitions(), NO_CASE, [], [NO_CASE]
    for step in range(data.draw(st.integers(0, 12))):
        act = data.draw(st.sampled_from(table.acts_from(state)))
        keys = {key for move in act.moves for key in move.when}
        codes = {key: data.draw(st.sampled_from(table.offered(act.act, state))) for key in keys}
        walk.append(Fact(act.act, step, "U-1", codes))
        state = table.after(act.act, state, codes)
        states.append(state)
    assert [state_of(walk[:length]) for length in range(len(walk) + 1)] == states
    moves = {(start, to) for act in table.acts for move in act.moves for start in move.from_states for to in [move.to]}
    assert all(a == b or (a, b) in moves for a, b in pairwise(states))
