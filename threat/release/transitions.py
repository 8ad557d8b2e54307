"""The states of a RUN and the steps between the states, from ``transitions.csv``.

States: draft (trained), validated, shadow (scored, unseen), pilot, live, suspended, retired. ``pilot`` and ``live`` are
served; while a RUN is suspended the rule ranking is served, labelled. The demonstration may promote from any state to
any: nothing depends on what a demonstration serves.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

STATES = ("draft", "validated", "shadow", "pilot", "live", "suspended", "retired")
PROMOTED_TO = STATES[1:5]
"""States that a bundle is promoted to; the other states follow from what people decide later."""

SERVED = frozenset({"pilot", "live"})


@dataclass(frozen=True, slots=True)
class Transition:
    """A step that is allowed: ``action`` takes a RUN from ``before`` to ``after``.

    ``command``: how a person takes the step. ``says``: what the step means, in words.
    """

    action: str
    before: str
    after: str
    command: str
    says: str


@cache
def transitions() -> tuple[Transition, ...]:
    """Return every step that is allowed, in file order."""
    text = files("threat.release").joinpath("transitions.csv").read_text(encoding="utf-8")
    return tuple(
        Transition(row["action"], row["from"], row["to"], row["command"], row["says"])
        for row in csv.DictReader(text.splitlines())
    )


def next_states(action: str, before: str) -> tuple[str, ...]:
    """Return the states that an action may lead to from a state; none for a step that is not allowed.

    >>> next_states("promote", "shadow"), next_states("promote", "retired"), next_states("suspend", "live")
    (('shadow', 'pilot'), (), ('suspended',))
    """
    return tuple(step.after for step in transitions() if (step.action, step.before) == (action, before))


def is_allowed(action: str, before: str, after: str, *, demonstration: bool) -> bool:
    """Return True for a step of the table; in a demonstration, for every promotion to a state of ``PROMOTED_TO``.

    >>> is_allowed("promote", "draft", "live", demonstration=False)
    False
    >>> is_allowed("promote", "draft", "live", demonstration=True)
    True
    """
    if demonstration and action == "promote":
        return after in PROMOTED_TO
    return after in next_states(action, before)
