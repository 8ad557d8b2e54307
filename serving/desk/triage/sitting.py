"""A sitting of triage: how far one person has come in their session, what comes next, and what is said of both."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from serving.casework.graded import Graded, grades_since, latest_of_each_case
from serving.casework.policy import Sitting as Limits
from serving.casework.views import CaseWaiting, triage_waiting
from serving.desk.list_view import ListView
from serving.desk.request import SignedInRequest
from serving.desk.triage.prompt import on_record
from serving.desk.triage.shuffled import in_order
from serving.desk.words import counted

STRANGULATION = "strangulation"
"""The marker whose files are rotated: the hardest to read, and the ones that a tired reader reads past."""


@dataclass(frozen=True)
class SittingNow:
    """One person's session of triage. ``graded``: the latest grade of each case, the latest first.

    ``strangulation``: cases of them with strangulation on record; ``waiting``: what comes, in the order it comes.
    """

    graded: tuple[Graded, ...]
    strangulation: int
    waiting: tuple[CaseWaiting, ...]
    limits: Limits

    @property
    def is_full(self) -> bool:
        """Tell whether the person has graded as many as one sitting may have."""
        return len(self.graded) >= self.limits.cases_at_most

    @property
    def is_tired(self) -> bool:
        """Tell whether other files are given first."""
        return self.strangulation >= self.limits.strangulation_at_most

    @property
    def sentence(self) -> str:
        """Say how far the sitting has come, and that other files come first where they do."""
        said = f"{counted(len(self.graded), 'case')} of at most {self.limits.cases_at_most:,} in this sitting."
        if self.is_tired:
            said += (
                f" You have read {counted(self.strangulation, 'file')} with strangulation in it today, so others come "
                "first. They still wait, for you later or for a colleague."
            )
        return said


def sitting_now(connection: Connection, signed_in: SignedInRequest, view: ListView) -> SittingNow:
    """Return the sitting of whoever is signed in: their session, since it began."""
    session, desk = signed_in.session, signed_in.desk
    limits = desk.casework.clocks.policy.section.sitting
    graded = latest_of_each_case(grades_since(connection, session.started_at, session.person.id))
    # What this person could not grade is not brought again in the same sitting: it would come at once.
    put_off = {each.case_id for each in graded if not each.is_given}
    waiting = [
        case for case in triage_waiting(connection) if case.id not in put_off and view.is_recorded(case.relationship)
    ]
    markers = on_record(view, {each.relationship for each in graded if view.is_recorded(each.relationship)})
    read = sum(STRANGULATION in markers.get(each.relationship, {}) for each in graded)
    now = SittingNow(graded, read, (), limits)
    hard = on_record(view, {case.relationship for case in waiting}) if now.is_tired else {}
    ordered = in_order(
        waiting,
        lambda case_id: desk.signer.sign("sitting", f"{session.id} {case_id}"),
        lambda case: STRANGULATION in hard.get(case.relationship, {}),
        tired=now.is_tired,
    )
    return SittingNow(graded, read, tuple(ordered), limits)
