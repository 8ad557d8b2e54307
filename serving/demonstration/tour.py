"""The stops of the guided tour, chosen from a LIST: one that must be seen, a sitting, the gate at work."""

from __future__ import annotations

import re

from serving.desk.tour import TourStep
from threat.ids import show_id
from threat.lists import ScoredList
from threat.measuring.figure import Verdict
from threat.release.documents.gate import Gate
from threat.rungs import title_of
from threat.vocabulary import kind
from threat.yaml_text import read_shipped

_ACCEPTED_AS = re.compile(r" \(\w+/\w+\)")
"""The name that an acceptance of a group goes by, in brackets after the group in words."""


def tour_steps(listed: ScoredList, gate: Gate, *, week: bool = False) -> list[TourStep]:
    """Return up to seven stops. ``gate``: what the release gate said of the model.

    ``week``: people of the demonstration have worked half a week (``serving.demonstration.week``). No stop names a
    place or a change of place, or is chosen by one: the desk shows them after a grade alone.
    """
    people = _two_people() if week else None
    stops = [_must_see(listed), _sitting(listed), people, _taught(listed), _gate(gate), _stop(listed), _log()]
    return [stop for stop in stops if stop is not None]


def _must_see(listed: ScoredList) -> TourStep | None:
    """The must-see item that was recorded last of a relationship."""
    items = [item for item in listed.must_see if item.relationship_id]
    if not items:
        return None
    item = max(items, key=lambda item: (item.triggers[0].recorded_at, item.relationship_id))
    what = kind(item.triggers[0].kind).title.lower()
    return TourStep(
        title="One that must be seen",
        text=f"It is before a person because of one record ({what}), whatever the order says. Its place in the order "
        "is not on the page: that is shown after a grade.",
        link=f"/relationships/{show_id('R', item.relationship_id)}",
        link_text="Open the relationship",
    )


def _sitting(listed: ScoredList) -> TourStep | None:
    """A sitting over the rows for review."""
    if not listed.selected:
        return None
    return TourStep(
        title="Your own grade first",
        text="A sitting brings cases one by one, in no order of rank. Grade one from its records; the next page shows "
        "where the order had it and why, and asks whether you keep your grade.",
        link="/triage",
        link_text="Start a sitting",
    )


def _two_people() -> TourStep:
    """A proposal that one person made and another has to confirm."""
    return TourStep(
        title="Two people",
        text="Rita and Rob have graded five cases, and Sue Supervisor has decided two. In a third she would accept "
        "what is left of the threat: that takes a second person with an inspector's authority, never her. Sign in as "
        "Ian Inspector to confirm it, return it or change it, and read what a supervisor answers for.",
        link="/proposals",
        link_text="Open what waits for a second person",
    )


def _taught(listed: ScoredList) -> TourStep | None:
    if listed.basis.ranking != "model":
        return None
    training = read_shipped("serving.demonstration", "training.yaml")
    return TourStep(
        title="What this model was taught",
        text="A unit ranks by severe harm. A force this small has too few such outcomes to learn from or to judge by, "
        f"so the demonstration's model was taught {title_of(training['rung'])}, and its card says so.",
        link="/model-card",
        link_text="Open the model card",
    )


def for_reviewers(reason: str) -> str:
    """Return the reason of a check as a reviewer's page says it: without the name that an acceptance goes by.

    >>> for_reviewers("treated worse than the line allows, by age of the subject (subject/age)")
    'treated worse than the line allows, by age of the subject'
    """
    return _ACCEPTED_AS.sub("", reason)


def _gate(gate: Gate) -> TourStep:
    needed = [check for check in gate.checks if check.required]
    passed = sum(check.verdict == Verdict.PASS for check in needed)
    stopped = [check for check in needed if check.verdict != Verdict.PASS]
    said = (
        f"{passed} of {len(needed)} checks passed. The figures are this force's own; the signatures are DEMONSTRATION "
        "ones and count nowhere else."
        if not stopped
        else f"{passed} of {len(needed)} checks passed. Stopped by {stopped[0].title.lower()}: "
        f"{for_reviewers(stopped[0].reason)}. So a rule orders the list, and the page says so."
    )
    shown = "" if gate.show_probability else " Calibration does not allow a probability, so ranks only are shown."
    return TourStep(title="The gate at work", text=said + shown, link="/model-card", link_text="Open the model card")


def _stop(listed: ScoredList) -> TourStep | None:
    if listed.basis.ranking != "model":
        return None
    return TourStep(
        title="Stopping the model",
        text="threat suspend --var var/demo --reason 'a drill' (the folder of the demonstration) puts a list by rule "
        "in the model's place at once, labelled; threat resume brings it back.",
        link="/",
        link_text="Open Today",
    )


def _log() -> TourStep:
    return TourStep(
        title="Everything you opened was recorded",
        text="Every page you opened is an entry in a chain of hashes. Sign in as Gail Governance to check it.",
        link="/sign-in",
        link_text="Sign in as somebody else",
    )
