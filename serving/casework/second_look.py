"""The second look: after the order was shown, the same person keeps or changes the grade, with a reason either way."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import begin, move
from serving.casework.decided import require_undecided
from serving.casework.grade import Grading, next_step
from serving.casework.judged import CANNOT_YET, InForce, in_force
from serving.casework.referral import sealed_cases
from serving.casework.reveal import reveal_of
from serving.casework.tables import SECOND_LOOKS
from serving.casework.transitions import transitions
from serving.casework.words import code_to_write
from threat.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the order was shown, as the server has it: the list, what ranked, and the place (None: not ranked)."""

    list_id: str
    ranking_id: str
    rank: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """A second look as a person gives it.

    ``outcome``: kept or changed. ``grade_after``: the grade from now on, which for a grade that is kept may be empty.
    ``why``: a code of ``grade_reason``. ``look_again_at``: as in a ``Grading``.
    """

    case_id: str
    version: int
    outcome: str
    why: str
    grade_after: str = ""
    note: str = ""
    look_again_at: int | None = None


def look_again(casework: Casework, act: Act, look: Look, shown: Shown) -> Done:
    """Write a second look and move the case to where its grade now leads; return the second look.

    Raises Conflict for another version of the case, UsageError for a case that is sealed, was not shown, or has its
    second look already, and for the grade of another person.
    """
    codes = {name: getattr(look, name) for name in ("version", "outcome", "grade_after", "why", "look_again_at")}
    content = Content("second_look", "alteration", look.case_id, codes, {"note": look.note})

    def write(work: Work) -> str:
        head = begin(work, "second_look", look.case_id, look.version)
        judged = _own_grade(work, look, shown.list_id)
        grade_after = _grade_after(look, judged)
        due = next_step(casework, act.at, Grading(head.id, head.version, grade_after, look_again_at=look.look_again_at))
        look_id = f"K-{secrets.token_hex(8)}"
        work.keep(
            SECOND_LOOKS,
            id=look_id,
            case_id=head.id,
            grade_id=judged.id,
            outcome=look.outcome,
            grade_after=grade_after,
            why=look.why,
            text_id=work.text_id("note"),
            list_id=shown.list_id,
            ranking_id=shown.ranking_id,
            rank_shown=shown.rank,
            due_at=due.at,
            due_rule=due.rule,
            due_calendar=due.calendar,
        )
        work.detail = {"list": shown.list_id}
        state = transitions().after("second_look", head.state, {"grade_after": grade_after})
        move(work, head, state)
        return look_id

    return acting(casework, act, content, write)


def _own_grade(work: Work, look: Look, list_id: str) -> InForce:
    judged = in_force(work.connection, look.case_id)
    if judged is None or judged.by != work.act.actor.id:
        raise UsageError("The grade in force is another person's, so its second look is too.", value=look.case_id)
    if sealed_cases(work.connection, look.case_id):
        raise UsageError("The case is one of the sealed share, which never has a second look.", value=look.case_id)
    if judged.looked_again:
        raise UsageError("The grade has its second look already.", value=look.case_id, way_out="open the case")
    require_undecided(work.connection, look.case_id)
    if not reveal_of(work.connection, judged.id, list_id, work.act.actor.id):
        raise UsageError(
            "The order was not shown to you after this grade, so there is nothing to look at again.",
            value=look.case_id,
            way_out="open the page that shows it",
        )
    return judged


def _grade_after(look: Look, judged: InForce) -> str:
    code_to_write("second_look", look.outcome)
    code_to_write("grade_reason", look.why)
    after = look.grade_after or judged.grade
    code_to_write("grade", after)
    if after == CANNOT_YET:
        raise UsageError("The grade is given already, so it is not one that cannot be given yet.", where="grade_after")
    if (after == judged.grade) != (look.outcome == "kept"):
        raise UsageError(
            "The grade is kept, but another is named." if look.outcome == "kept" else "The grade is not changed.",
            value=after,
            where="grade_after",
        )
    return after
