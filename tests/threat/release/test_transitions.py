"""The table of steps: drawn from every state, and every state is reached by a command."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from threat.cli import build
from threat.release.transitions import PROMOTED_TO, SERVED, STATES, is_allowed, next_states, transitions

ACTIONS = ("promote", "suspend", "resume", "roll_back", "retire", "revoke")


def test_every_state_but_the_first_is_reached_and_the_last_is_left_by_roll_back_alone() -> None:
    assert {step.after for step in transitions()} == set(STATES) - {"draft"}
    assert {step.before for step in transitions()} == set(STATES)
    left = {(step.action, step.after) for step in transitions() if step.before == "retired"}
    assert left == {("roll_back", "pilot"), ("roll_back", "live"), ("revoke", "retired")}
    assert {step.action for step in transitions()} == set(ACTIONS)


def test_every_step_has_a_command_that_is_one() -> None:
    import typer

    commands = typer.main.get_command(build()).commands
    assert {step.command.split()[1] for step in transitions()} <= set(commands)


@given(action=st.sampled_from(ACTIONS), before=st.sampled_from(STATES), after=st.sampled_from(STATES))
def test_in_a_force_no_step_skips_a_state_and_none_is_served_but_by_its_way(
    action: str, before: str, after: str
) -> None:
    allowed = is_allowed(action, before, after, demonstration=False)
    assert allowed == (after in next_states(action, before))
    if allowed and after in SERVED:
        assert before in {"shadow", "pilot", "live", "suspended", "retired"}
        assert (before, after) != ("shadow", "live")
        assert before != "retired" or action == "roll_back"
    demonstration = is_allowed(action, before, after, demonstration=True)
    assert demonstration == (after in PROMOTED_TO if action == "promote" else allowed)


def test_the_page_names_every_state_with_the_commands_that_reach_it() -> None:
    page = (Path(__file__).parents[3] / "docs" / "governance.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| ")}
    for state in STATES[1:]:
        commands = {" ".join(step.command.split()[:2]) for step in transitions() if step.after == state}
        shown = rows[state]
        reached = {command for command in commands if f"`{command}" in shown}
        # Renewals and the way back are said in words; the first way to each state stands in the table.
        first = next(step.command for step in transitions() if step.after == state and step.before != state)
        assert " ".join(first.split()[:2]) in reached, state
    assert set(STATES) <= set(rows)
