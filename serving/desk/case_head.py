"""What every page of a case says at its top: which case, its state in words, what is due next, and the next step."""

from __future__ import annotations

from dataclasses import dataclass

from serving.casework.clocks import due_in_words, overdue
from serving.casework.transitions import Actor, Allowed, allowed, next_step, transitions
from serving.casework.views import Case
from serving.casework.words import code
from serving.desk.list_view import ListView
from threat.dates import day
from threat.history.schema import RELATIONSHIP_KIND_TITLES
from threat.ids import show_id


@dataclass(frozen=True, slots=True)
class Step:
    """The primary button of a page: what it says, and where it leads."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class CaseHead:
    """The top of a page of a case, in words. ``late``: that its time is over; empty while it is not."""

    ref: str
    relationship: str
    relationship_kind: str
    opened: str
    state: str
    meaning: str
    due: str
    late: str
    step: Step | None


def case_head(view: ListView, case: Case, person: Actor, at: int, *, on_list: bool) -> CaseHead:
    """Return the top of a page of a case as a person reads it at ``at`` (UTC seconds).

    ``on_list``: whether the place of its relationship on the list in view may be shown.
    """
    state = code("case_state", case.state)
    due = "" if case.next_due is None else due_in_words(case.next_due, at, view.zone)
    late = case.next_due is not None and overdue(case.next_due, at)
    recorded = view.is_recorded(case.relationship)
    return CaseHead(
        ref=case.id,
        relationship=show_id("R", case.relationship),
        relationship_kind=RELATIONSHIP_KIND_TITLES[view.kind(case.relationship)] if recorded else "",
        opened=f"Opened {day(case.opened_at, view.zone)}",
        state=state.title,
        meaning=state.meaning,
        due=due,
        late=f"This case is {due}." if late else "",
        step=step_of(case, person, on_list=on_list),
    )


def step_of(case: Case, person: Actor, *, on_list: bool) -> Step | None:
    """Return the next step of a case for a person, by the table of acts; None where there is none for them.

    The order and the second look come first for whoever graded: a decision would be written without them.
    """
    mine = case.graded_by == person.id and not (case.looked_again or case.decided_since or case.closed_because)
    # A decision ends the time for a second look: it is of the grade as it was then.
    if on_list and mine and isinstance(allowed("second_look", case.state, person), Allowed):  # type: ignore[arg-type]
        return Step("See where the order had it", f"/cases/{case.id}/order")
    # A must-see record that is seen waits like any other referral: for a grade or a decision, and for no other sight.
    kinds = {"seen" if referral.seen else referral.kind for referral in case.referrals}
    step = next_step(case.state, person, kinds - {"link_question"})  # type: ignore[arg-type]
    if step is None:
        return None
    title = transitions().act(step.act).title
    if step.act == "see":
        return next((Step(title, address) for address in _unseen(case)), None)
    if step.act == "decide_plan":
        return Step("Decide", f"/cases/{case.id}/decide")
    return Step(title, f"/cases/{case.id}/{step.act}") if step.act == "grade" else None


def _unseen(case: Case) -> list[str]:
    return [
        must_see_address(show_id("E", referral.events[0].event), case.id)
        for referral in case.referrals
        if referral.kind == "must_see" and not referral.seen and referral.events
    ]


def must_see_address(event: str, case_id: str) -> str:
    """Return the page on which a person says what they found of a must-see record in one case.

    >>> must_see_address("E-0123456789abcdef", "C-0123456789abcdef")
    '/must-see/E-0123456789abcdef?case=C-0123456789abcdef'
    """
    return f"/must-see/{event}?case={case_id}"
