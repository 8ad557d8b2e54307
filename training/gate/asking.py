"""What the gate is asked: environment, state, day and policies, with every name known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast, get_args

from threat.errors import UsageError
from threat.release.documents.gate_policy import Environment, GatePolicy, State
from training.gate.policy import load_gate_policy


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate is asked: for which environment and state, on which day, under which policies.

    ``policy``: the gate's, of the file ``policy_file``; ``fairness_policy``: file of the policy set for the audit.
    None of a file: the product's own.
    """

    environment: Environment
    to: State
    on: date
    policy: GatePolicy
    policy_file: Path | None = None
    fairness_policy: Path | None = None


def ask(environment: str, to: str | None, policy: Path | None, fairness_policy: Path | None, on: date) -> Asked:
    """Return what the gate is asked. ``to``: None asks for the state that the environment enters.

    Raises UsageError for an unknown environment or state, and for a policy that cannot be read.
    """
    if environment not in get_args(Environment):
        raise UsageError(
            "The environment is unknown.", value=environment, way_out="there are two environments: demonstration, force"
        )
    rules = load_gate_policy(policy)
    place = cast(Environment, environment)
    state = to or rules.environments[place].enters
    if state not in rules.required:
        raise UsageError(
            "No release enters this state.",
            value=state,
            way_out=f"one of three states: {', '.join(rules.required)}",
        )
    return Asked(place, state, on, rules, policy, fairness_policy)
