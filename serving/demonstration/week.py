"""A week half done: what made-up people of the unit have written by the time somebody opens the demonstration.

Every act goes the way a person's goes, with its rules, its row and its entry in the audit log; nothing is put into the
tables by hand. So the desk opens with something in every state that there is: cases that wait, one in view, one that
was raised after the order was shown, two decided, and one that waits for a second person to confirm.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.audit.log import session_mark
from serving.casework import views
from serving.casework.act import Act
from serving.casework.decide import decide
from serving.casework.decision import Considered, Decision, Power
from serving.casework.grade import Grading, grade
from serving.casework.proposal import proposals
from serving.casework.reveal import reveal
from serving.casework.second_look import Look, Shown, look_again
from serving.casework.sight import Seen, see
from serving.casework.views import Case
from serving.casework.voice import Views, record_voice
from serving.demonstration.processes import MARK
from serving.desk.case.facts import facts_of_file
from serving.desk.case.view import file_of
from serving.desk.list_view import ListView
from serving.desk.service import Desk
from serving.identity.development import enrol, picked
from serving.identity.person import Person
from serving.storage import reading, writing
from threat.asof import DAY
from threat.errors import UsageError
from threat.ids import show_id

_PLACE = uuid.UUID("5a2b6f60-0d5e-5c3b-9f0e-6f1a1c1e7b11")
"""Of the ids of these acts, which follow from what they are about: told a second time, the week is the same."""

CASES = 6
"""Cases that the story needs, next to one must-see record."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """The unit at work at one desk, at one time (UTC seconds)."""

    desk: Desk
    view: ListView
    at: int

    def person(self, subject: str) -> Person:
        """Return somebody of the development sign-in."""
        with reading(self.desk.engine) as connection:
            person = picked(connection, subject)
        assert person is not None, "everybody of the file is enrolled"
        return person

    def act(self, subject: str, what: str, about: str) -> Act:
        """Return an act of somebody; the same again for the same."""
        person, casework = self.person(subject), self.desk.casework
        act_id = str(uuid.uuid5(_PLACE, f"{subject} {what} {about}"))
        roles = ", ".join(sorted(person.roles))
        return Act(act_id, self.at, person, f"{person.id} {person.shown}", roles, casework.policy, session_mark("week"))

    def case(self, case_id: str) -> Case:
        """Return a case as it stands."""
        with reading(self.desk.engine) as connection:
            case = views.case_now(connection, case_id)
        assert case is not None
        return case

    def facts(self, case: Case) -> tuple[str, ...]:
        """Return the kinds on record that a grade may rely on, the gravest first."""
        file = file_of(self.view, show_id("R", case.relationship))
        return tuple(fact.code for fact in facts_of_file(self.view, case.relationship, file).relied_on)

    def graded(self, case_id: str, subject: str, chosen: str) -> None:
        """Have a case graded by the gravest kind on record."""
        case = self.case(case_id)
        facts = self.facts(case)
        given = Grading(case_id, case.version, chosen, facts[:1], seconds=150)
        grade(self.desk.casework, self.act(subject, "grade", case_id), given, recorded=facts)

    def looked_again(self, case_id: str, subject: str, after: str = "") -> None:
        """Have the order shown to whoever graded, and the grade kept or changed; nothing for a sealed case."""
        case = self.case(case_id)
        if case.closed_because:
            return
        casework, listed = self.desk.casework, self.view.listed
        reveal(casework, self.act(subject, "reveal", case_id), case_id, listed.id)
        row = listed.row(case.relationship)
        shown = Shown(listed.id, listed.basis.ranking_id, None if row is None else row["rank"])
        outcome, why = ("changed", "order_showed") if after else ("kept", "records_support")
        look = Look(case_id, self.case(case_id).version, outcome, why, after)
        look_again(casework, self.act(subject, "second look", case_id), look, shown)

    def heard(self, case_id: str, subject: str, what: str) -> str:
        """Have the views of the person at risk recorded; return their reference."""
        given = Views(case_id, "told_us", what, agency="adviser", asked_by="An adviser", asked_at=self.at - DAY)
        return record_voice(self.desk.casework, self.act(subject, "voice", case_id), given).result

    def decided(self, case_id: str, subject: str, act: str, level: str, voice: str, days: int) -> None:
        """Have a decision made, or proposed where it needs two."""
        plans = act == "decide_plan"
        given = Decision(
            case_id,
            self.case(case_id).version,
            act,  # type: ignore[arg-type]
            level=level,
            threat="He says that he will not let her leave, and has followed her to work.",
            vulnerability="She left in spring and moved in with her sister, whose address he knows.",
            protective="Her employer knows, and walks her to the station.",
            not_known="Whether he still has the key, and what the school was told.",
            confidence="moderate",
            confidence_why="Two reports by her, one by a neighbour.",
            voice_id=voice,
            powers=(Power("arrest"),),
            life_threat=True,
            life_threat_said="Demonstration 12",
            considered=(
                Considered("address_marker", plans, "" if plans else "Her sister's address is marked already."),
                Considered("recall", False, "He is not on licence."),
            ),
            strategies=("accept",) if act == "decide_accept" else ("reduce",),
            review_at=self.at + days * DAY,
            why="Read with the unit on Monday.",
        )
        decide(self.desk.casework, self.act(subject, act, case_id), given)


def work_half_a_week(store: Path, var: Path, at: int) -> bool:
    """Have the people of a demonstration work at its desk; tell whether they have, now or before. ``at``: UTC seconds.

    Raises UsageError for a folder that is no demonstration's: what is made up never gets into a force's cases.
    """
    if not (var / MARK).is_file():
        raise UsageError(
            "This folder is not that of a demonstration.",
            where=str(var),
            way_out="threat demo makes one with its week",
        )
    desk = Desk(store, var, clock=lambda: at)
    try:
        tell_week(desk, at)
        with reading(desk.engine) as connection:
            return any(proposal.kind == "accept" for proposal in proposals(connection, at))
    finally:
        desk.close()


def tell_week(desk: Desk, at: int) -> int:
    """Have the people of the demonstration work half a week at a desk; return how many cases they took up.

    ``at``: UTC seconds. Does nothing where a case has a grade already, so that a desk somebody worked at stays as it
    is, and where fewer cases wait than the story needs.
    """
    with writing(desk.engine) as connection:
        enrol(connection, at)
    view = desk.view()
    with reading(desk.engine) as connection:
        waiting = views.triage_waiting(connection)
        must_see = views.must_see_waiting(connection)
    unit = _Unit(desk, view, at)
    chosen = _with_facts(unit, [each.id for each in waiting if each.grade_now is None and each.state == "waiting"])
    if len(chosen) < CASES or any(each.grade_now for each in waiting):
        return 0
    in_view, raised, planned, proposed, watched, _ = chosen
    first = next((each for each in must_see if each.kind == "must_see"), None)
    if first is not None:
        see(desk.casework, unit.act("rita", "see", first.id), Seen(first.id, "grade_now"))
    unit.graded(in_view, "rita", "keep_in_view")
    unit.looked_again(in_view, "rita")
    unit.graded(raised, "rob", "look_closer")
    unit.looked_again(raised, "rob", after="act_today")
    unit.graded(planned, "rita", "act_today")
    unit.looked_again(planned, "rita")
    voice = unit.heard(planned, "sue", "She wants him kept away from the school.")
    unit.decided(planned, "sue", "decide_plan", "serious", voice, days=3)
    unit.graded(proposed, "rob", "look_closer")
    unit.looked_again(proposed, "rob")
    voice = unit.heard(proposed, "sue", "She wants to be asked before anybody speaks to him.")
    unit.decided(proposed, "sue", "decide_accept", "present", voice, days=14)
    unit.graded(watched, "rita", "look_closer")
    unit.looked_again(watched, "rita")
    voice = unit.heard(watched, "sue", "She wants to hear from the same officer.")
    unit.decided(watched, "sue", "decide_watch", "present", voice, days=14)
    return CASES - 1


def _with_facts(unit: _Unit, case_ids: Sequence[str]) -> list[str]:
    """Return the first cases that have something on record to rely on, as many as the story needs."""
    out: list[str] = []
    for case_id in case_ids:
        if len(out) < CASES and unit.facts(unit.case(case_id)):
            out.append(case_id)
    return out
