"""What the gate is asked: environment, state, day and policies, with every name known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast, get_args

from fairness.policy import parse_policy
from threat.errors import UsageError
from threat.release.documents.fairness_policy import FairnessPolicy
from threat.release.documents.gate_policy import Environment, GatePolicy, State
from training.gate.policy import PolicyFile, parse_gate_policy, read_policy


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate is asked: for which environment and state, on which day, under which policies.

    ``policy``, ``fairness``: the gate's policy, and the policy set for the audit; ``files``: by kind, the files that
    the two were read from, once: what decides is what is hashed.
    """

    environment: Environment
    to: State
    on: date
    policy: GatePolicy
    fairness: FairnessPolicy
    files: Mapping[str, PolicyFile]


def ask(environment: str, to: str | None, policy: Path | None, fairness_policy: Path | None, on: date) -> Asked:
    """Return what the gate is asked. ``to``: None asks for the state that the environment enters.

    Raises UsageError for an unknown environment or state, and for a policy that cannot be read.
    """
    if environment not in get_args(Environment):
        raise UsageError(
            "The environment is unknown.", value=environment, way_out="there are two environments: demonstration, force"
        )
    rules, rules_file = read_policy("gate", policy, parse_gate_policy)
    fairness, fairness_file = read_policy("fairness", fairness_policy, parse_policy)
    place = cast(Environment, environment)
    state = to or rules.environments[place].enters
    if state not in rules.required:
        raise UsageError(
            "No release enters this state.",
            value=state,
            way_out=f"one of three states: {', '.join(rules.required)}",
        )
    return Asked(place, state, on, rules, fairness, {"gate": rules_file, "fairness": fairness_file})
