"""Today: what is past its hour, what must be seen, what is begun, what waits for a grade, and how full the week is.

Nothing here follows an order, and nothing is counted by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from serving.casework import views
from serving.casework.checks import incidents_now
from serving.casework.clocks import due_in_words, overdue
from serving.casework.decided import decided_since_grade
from serving.casework.graded import Graded, grades_since, latest_of_each_case
from serving.casework.transitions import NO_CASE, Actor, Allowed, allowed
from serving.casework.views import CaseWaiting, Referral
from serving.casework.words import title, vocabulary
from serving.desk.capacity import capacity_said
from serving.desk.case_head import must_see_address
from serving.desk.decision_words import waiting_said
from serving.desk.list_view import ListView
from serving.desk.marked import row_markers
from serving.desk.places import Places
from serving.desk.referral_words import event_sentences
from serving.desk.request import SignedInRequest
from serving.desk.responses.markers import RowMarker
from serving.desk.words import counted
from serving.identity.person import Person
from threat.asof import DAY
from threat.dates import moment
from threat.ids import show_id


@dataclass(frozen=True)
class MustSeeRow:
    """A must-see referral that nobody has seen. ``address``: of its page; of its case for who may not answer it."""

    referral: str
    event: str
    relationship: str
    relationship_kind: str
    sentences: list[str]
    markers: list[RowMarker]
    due: str
    late: bool
    address: str
    link: str


@dataclass(frozen=True)
class StepRow:
    """A case that the reader has begun, or that waits for a decision: what is next, and by when."""

    ref: str
    sentence: str
    address: str


@dataclass(frozen=True)
class GradeRow:
    """A grade on this list, in words."""

    ref: str
    title: str
    when: str


@dataclass(frozen=True)
class Today:
    """What the first page says before the graded relationships."""

    alarms: list[str]
    fixed: str
    capacity: str
    must_see: list[MustSeeRow]
    steps: list[StepRow]
    triage: list[tuple[str, str]]
    triage_total: int
    triage_empty: str
    sealed: str
    may_sit: bool
    may_refer: bool
    grades: dict[str, list[GradeRow]]

    def grades_of(self, relationship: str) -> list[GradeRow]:
        """Return the grades of a relationship on this list."""
        return self.grades.get(relationship, [])


def today_of(connection: Connection, signed_in: SignedInRequest, places: Places) -> Today:
    """Return what Today says to whoever is signed in, from one reading of the database."""
    view = places.view
    at, person = signed_in.at, signed_in.session.person
    must_see = views.must_see_waiting(connection)
    triage = views.triage_waiting(connection)
    since = at - view.policy.cycle_days * DAY
    used = views.used_since(connection, since)
    graded = latest_of_each_case(grades_since(connection, since))
    kinds = [kind for case in triage for kind in case.kinds if kind != "must_see"] + [
        "must_see" for case in triage if "must_see" in case.kinds
    ]
    return Today(
        alarms=_alarms(view, must_see, len(incidents_now(connection)), at),
        fixed=_fixed(view),
        capacity=capacity_said(connection, view, at),
        must_see=[_must_see_row(view, referral, person, at) for referral in must_see],
        steps=[
            *_proposed(connection, view, person, at),
            *_begun(connection, places, graded, person.id),
            *_decisions(connection, view, at),
        ],
        triage=[
            (code.title, counted(kinds.count(name), "case"))
            for name, code in vocabulary("referral_kind").codes.items()
            if name in kinds
        ],
        triage_total=len(triage),
        triage_empty=_nothing_waits(used.graded, used.cannot_yet),
        sealed=_sealed(graded),
        may_sit=signed_in.session.may("see_names") and isinstance(allowed("grade", "waiting", person), Allowed),
        may_refer=isinstance(allowed("refer", NO_CASE, person), Allowed),
        grades=_grade_rows(view, graded),
    )


def _alarms(view: ListView, must_see: Iterable[Referral], incidents: int, at: int) -> list[str]:
    """Return what cannot wait, and nothing else. ``incidents``: of the latest check of all cases."""
    late = sum(overdue(referral.due_at, at) for referral in must_see if referral.kind == "must_see")
    questions = sum(referral.kind == "link_question" for referral in must_see)
    said = []
    if late:
        said.append(f"{counted(late, 'must-see record')} not seen in time.")
    if questions:
        said.append(
            f"{counted(questions, 'severe record')}: it is not certain whom they are about, or they did not fit."
        )
    if incidents:
        said.append(
            f"The latest check found {counted(incidents, 'case')} not as its acts say: tell whoever runs the desk."
        )
    if view.given_note:
        said.append(f"Another order stands in for that of the list: {view.given_note}")
    return said


def _fixed(view: ListView) -> str:
    listed = view.listed
    return f"{listed.selected:,} of {len(listed):,} ranked. Not being here is no sign of safety."


def _must_see_row(view: ListView, referral: Referral, person: Actor, at: int) -> MustSeeRow:
    relationship = referral.relationship or 0
    recorded = bool(relationship) and view.is_recorded(relationship)
    event = show_id("E", referral.events[0].event) if referral.events else ""
    address, link = _page_of(referral, event, person)
    return MustSeeRow(
        referral=referral.id,
        event=event,
        relationship=show_id("R", relationship) if recorded else "",
        relationship_kind=view.kind_title(relationship) if recorded else "",
        sentences=event_sentences(referral.events, view.days, most=3) or ["Two cases may be about the same two people"],
        markers=row_markers(view.marked(relationship), view.days) if recorded else [],
        due=due_in_words(referral.due_at, at, view.zone),
        late=overdue(referral.due_at, at),
        address=address,
        link=link,
    )


def _page_of(referral: Referral, event: str, person: Actor) -> tuple[str, str]:
    """Return where a referral leads for a person, and what the link says."""
    if referral.kind != "must_see" or referral.case_id is None or not event:
        return f"/questions/{referral.id}", "Say what you found"
    if isinstance(allowed("see", referral.state, person), Allowed):  # type: ignore[arg-type]
        return must_see_address(event, referral.case_id), "Say what you found"
    return f"/cases/{referral.case_id}", "Open the case"


def _begun(connection: Connection, places: Places, graded: Iterable[Graded], person: str) -> list[StepRow]:
    """Return the reader's own grades whose second look is still open: begun, and not ended."""
    zone = places.view.zone
    return [
        StepRow(
            each.case_id,
            f"you graded it {title('grade', each.first)}, {moment(each.at, zone)}; see where the order had it",
            f"/cases/{each.case_id}/order",
        )
        for each in graded
        if each.by == person
        and each.is_given
        and not each.sealed
        and not each.looked_again
        and each.state in ("graded", "watching")
        and places.row(each.relationship) is not None
        and not decided_since_grade(connection, each.case_id)
    ]


def _proposed(connection: Connection, view: ListView, person: Person, at: int) -> list[StepRow]:
    """Return the proposals that wait for the reader, the earliest first."""
    return [StepRow(*row) for row in waiting_said(connection, person, at, view.zone)]


def _decisions(connection: Connection, view: ListView, at: int) -> list[StepRow]:
    """Return the cases that wait for a decision, the earliest due first."""
    return [
        StepRow(
            case.id,
            f"{_waits_since(case)}, waits for a decision {due_in_words(case.due_at, at, view.zone)}",
            f"/cases/{case.id}",
        )
        for case in views.decision_waiting(connection)
    ]


def _waits_since(case: CaseWaiting) -> str:
    """Say why a case waits for a decision: its grade, or what came since it was decided."""
    if case.state == "graded":
        return title("grade", case.grade_now or "look_closer")
    return ", ".join([title("case_state", case.state), *(title("referral_kind", kind).lower() for kind in case.kinds)])


def _nothing_waits(graded: int, cannot: int) -> str:
    if not graded and not cannot:
        return "No case waits for a grade. Must-see records and new referrals work without a list too."
    said = f"All of this week's have a grade: {counted(graded, 'case')}."
    return f"{said} {counted(cannot, 'case')} could not be graded." if cannot else said


def _sealed(graded: Iterable[Graded]) -> str:
    sealed = sum(each.sealed and each.is_given for each in graded)
    if not sealed:
        return ""
    which = f"{counted(sealed, 'case')} graded this week {'is' if sealed == 1 else 'are'} sealed"
    return f"{which}: nothing of the order is shown."


def _grade_rows(view: ListView, graded: Iterable[Graded]) -> dict[str, list[GradeRow]]:
    rows: dict[str, list[GradeRow]] = {}
    for each in graded:
        row = GradeRow(each.case_id, title("grade", each.grade), moment(each.at, view.zone))
        rows.setdefault(show_id("R", each.relationship), []).append(row)
    return rows
