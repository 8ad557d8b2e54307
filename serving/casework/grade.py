"""The grade: what a person judges from the records, before the server reads anything of the order.

This module imports nothing that holds a score, and is handed none: it knows the case, its referrals, and which kinds
are on record. A grade is never changed; a later grade is written next to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import begin, move
from serving.casework.clocks import Due
from serving.casework.judged import CANNOT_YET, DECIDES
from serving.casework.referral import answer, sealed_cases, unanswered
from serving.casework.sight import seen_of
from serving.casework.tables import GRADE_FACTS, GRADE_MISSING, GRADES
from serving.casework.transitions import transitions
from serving.casework.words import code, code_to_write
from threat.errors import UsageError

NOT_ON_RECORD = "not_on_record"


@dataclass(frozen=True, slots=True)
class Grading:
    """A grade as a person gives it.

    ``facts``: kinds on record that it goes by, or ``not_on_record``, which ``note`` then says. ``missing``: codes, and
    ``due`` (UTC seconds) by when, where it cannot be graded yet. ``look_again_at``: when a case in view is looked at
    again, UTC seconds; None for the longest that the policy allows. ``seconds``: from the page of the case to here.
    """

    case_id: str
    version: int
    grade: str
    facts: tuple[str, ...] = ()
    note: str = ""
    missing: tuple[str, ...] = ()
    due: int | None = None
    look_again_at: int | None = None
    seconds: int | None = None

    def codes(self) -> dict[str, object]:
        """Return everything that was chosen: what a repeat is known by."""
        names = ("version", "grade", "due", "look_again_at")
        return {name: getattr(self, name) for name in names} | {
            "facts": list(self.facts),
            "missing": list(self.missing),
        }


def grade(casework: Casework, act: Act, given: Grading, *, recorded: Collection[str]) -> Done:
    """Write the grade of a case, and answer its referrals; return the grade.

    ``recorded``: kinds on record of the two. Raises Conflict for another version of the case, UsageError for what may
    not be graded, or not so.
    """
    content = Content("grade", "alteration", given.case_id, given.codes(), {"note": given.note})

    def write(work: Work) -> str:
        head = begin(work, "grade", given.case_id, given.version)
        waiting = [row for row in unanswered(work.connection, head.id) if row.kind != "link_question"]
        _check_waiting(work, waiting)
        due = due_of(casework, act.at, given, recorded)
        grade_id = keep_grade(work, given, due, sealed=bool(sealed_cases(work.connection, head.id)))
        if given.grade != CANNOT_YET:
            answer(work, [row.id for row in waiting], "grade", grade_id)
        state = transitions().after("grade", head.state, {"grade": given.grade})
        move(work, head, state)
        return grade_id

    return acting(casework, act, content, write)


def keep_grade(work: Work, given: Grading, due: Due, *, sealed: bool, **more: str) -> str:
    """Write the rows of a grade in an act, and return its reference. ``more``: what it corrects, and why."""
    grade_id = f"G-{secrets.token_hex(8)}"
    work.keep(
        GRADES,
        id=grade_id,
        case_id=given.case_id,
        grade=given.grade,
        sealed=sealed,
        text_id=work.text_id("note"),
        due_at=due.at,
        due_rule=due.rule,
        due_calendar=due.calendar,
        seconds=given.seconds,
        **more,
    )
    of_grade = {"grade_id": grade_id, "act_id": work.act.act_id}
    if given.facts:
        rows = [of_grade | {"fact": fact, "place": place} for place, fact in enumerate(given.facts, 1)]
        work.connection.execute(insert(GRADE_FACTS), rows)
    if given.missing:
        work.connection.execute(insert(GRADE_MISSING), [of_grade | {"missing": what} for what in given.missing])
    return grade_id


def due_of(casework: Casework, at: int, given: Grading, recorded: Collection[str]) -> Due:
    """Check a grade as it was given, and return when it asks for the next step. ``at``: UTC seconds.

    Raises UsageError, naming the field.
    """
    required = code_to_write("grade", given.grade).requires
    _check_facts(given, recorded, needed="facts" in required)
    if "missing" not in required:
        if given.missing or given.due is not None:
            raise UsageError(
                "Something is said to be missing, but the grade is given.", value=given.grade, where="missing"
            )
        return next_step(casework, at, given)
    if not given.missing:
        raise UsageError("Nothing is named that is missing: say what you need.", where="missing")
    for what in given.missing:
        code_to_write("missing", what)
    latest = casework.clocks.due("review_watching", at)
    if given.due is None or not at < given.due <= latest.at:
        raise UsageError(
            "The day by which it is to be there is missing, past or too far ahead.", value=given.due, where="due"
        )
    return Due(given.due, latest.rule, latest.calendar)


def next_step(casework: Casework, at: int, given: Grading) -> Due:
    """Return when a decision or a look is due by a grade. Raises UsageError for a date that it has no use for."""
    if given.grade in DECIDES:
        if given.look_again_at is not None:
            raise UsageError(
                "This grade asks for a decision, so no date to look again goes with it.",
                value=given.grade,
                where="look_again_at",
            )
        return casework.clocks.due(DECIDES[given.grade], at)
    latest = casework.clocks.due("review_watching", at)
    if given.look_again_at is None:
        return latest
    if not at < given.look_again_at <= latest.at:
        raise UsageError(
            "The day to look again is past, or later than the policy allows.",
            value=given.look_again_at,
            where="look_again_at",
        )
    return Due(given.look_again_at, latest.rule, latest.calendar)


def _check_facts(given: Grading, recorded: Collection[str], *, needed: bool) -> None:
    if needed and not given.facts:
        raise UsageError("No fact is named that the grade goes by.", where="facts", way_out="tick at least one")
    if len(set(given.facts)) != len(given.facts):
        raise UsageError("The same fact is named twice.", where="facts")
    for fact in given.facts:
        if fact != NOT_ON_RECORD and fact not in recorded:
            raise UsageError(
                "The fact is not on record for these two.",
                value=fact,
                where="facts",
                way_out="tick what is on record, or something not on record and write what it is",
            )
    if NOT_ON_RECORD in given.facts:
        code("fact_relied_on", NOT_ON_RECORD)
        if not given.note:
            raise UsageError("The line is missing that says what is not on record.", where="note")


def _check_waiting(work: Work, waiting: list[Row[Any]]) -> None:
    """Raise UsageError where nothing asks for a grade, or a must-see record was not looked at yet."""
    if not waiting:
        raise UsageError("Nothing puts this case before a person now, so there is nothing to grade.", where="case")
    must_see = [row.id for row in waiting if row.kind == "must_see"]
    unseen = set(must_see) - set(seen_of(work.connection, must_see))
    if unseen:
        raise UsageError(
            "There is a must-see record of this case that nobody has seen yet.",
            value=min(unseen),
            way_out="open it first: it may be on other relationships too",
        )
