"""Going back: a person writes another grade in place of their own, while nothing of the order was shown to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import begin, move
from serving.casework.decided import require_undecided
from serving.casework.grade import Grading, due_of, keep_grade
from serving.casework.judged import CANNOT_YET, InForce, in_force
from serving.casework.tables import REVEALS
from serving.casework.transitions import transitions
from serving.casework.words import code_to_write
from threat.errors import UsageError


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a grade is corrected: ``why``, a code of ``grade_reason``, and the ``words`` of who corrects it."""

    why: str
    words: str


def correct_grade(casework: Casework, act: Act, given: Grading, reason: Reason, *, recorded: Collection[str]) -> Done:
    """Write another grade next to the person's own, with the reason; return the new grade. The first stays on record.

    Raises Conflict for another version of the case, UsageError where the grade in force is another person's, or the
    order was shown since: then a second look changes it.
    """
    codes = given.codes() | {"why": reason.why}
    texts = {"note": given.note, "reason": reason.words}
    content = Content("correct_grade", "alteration", given.case_id, codes, texts)

    def write(work: Work) -> str:
        head = begin(work, "correct_grade", given.case_id, given.version)
        code_to_write("grade_reason", reason.why)
        if not reason.words:
            raise UsageError("The reason is missing: say what was wrong.", where="reason")
        if given.grade == CANNOT_YET:
            raise UsageError("The grade is given already, so it is not one that cannot be given yet.", where="grade")
        earlier = _own_grade(work, head.id)
        due = due_of(casework, act.at, given, recorded)
        grade_id = keep_grade(work, given, due, sealed=earlier.sealed, corrects=earlier.id, why=reason.why)
        state = transitions().after("correct_grade", head.state, {"grade": given.grade})
        move(work, head, state)
        return grade_id

    return acting(casework, act, content, write)


def _own_grade(work: Work, case_id: str) -> InForce:
    earlier = in_force(work.connection, case_id)
    if earlier is None or earlier.by != work.act.actor.id:
        raise UsageError(
            "The grade in force is another person's.", value=case_id, way_out="a new referral lets you grade the case"
        )
    require_undecided(work.connection, case_id)
    if was_shown(work.connection, earlier.id):
        raise UsageError(
            "The order was shown after this grade, so it is no longer a grade without it.",
            value=case_id,
            way_out="write a second look: it changes the grade and keeps the first",
        )
    return earlier


def was_shown(connection: Connection, grade_id: str) -> bool:
    """Tell whether the order was shown to anybody after a grade."""
    return connection.execute(select(REVEALS.c.id).where(REVEALS.c.grade_id == grade_id)).first() is not None
