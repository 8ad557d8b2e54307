"""The sight: one person looked at the must-see records of one relationship, and says what comes of it.

It is cheaper than a grade, so that no such record waits for a sitting. A sight never answers for another relationship,
and *grade it now* leaves the referral unanswered until the grade.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import begin, move
from serving.casework.referral import answer, unanswered
from serving.casework.tables import REFERRALS, SIGHTS
from serving.casework.words import code_to_write
from threat.errors import UsageError

COVERED_IN = ("active",)
"""States in which a plan runs: one that is still to be written covers nothing yet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person says of a must-see referral: ``result``, a code; ``note``, why, where the result asks for it."""

    referral_id: str
    result: str
    note: str = ""


def see(casework: Casework, act: Act, seen: Seen) -> Done:
    """Write that a person looked at the records of a must-see referral; return the sight.

    Raises UsageError for what is no must-see referral, is seen already, or has a result that does not fit the case.
    """
    content = Content(
        "see", "alteration", "", {"referral": seen.referral_id, "result": seen.result}, {"note": seen.note}
    )
    return acting(casework, act, content, lambda work: _write(casework, work, seen))


def _write(casework: Casework, work: Work, seen: Seen) -> str:
    referral = _must_see_referral(work.connection, seen.referral_id)
    head = begin(work, "see", referral.case_id)
    if "note" in code_to_write("sight_result", seen.result).requires and not seen.note:
        raise UsageError("The note is missing: say why.", where="note", way_out="one line is enough")
    waiting = [row.id for row in unanswered(work.connection, head.id) if row.kind != "link_question"]
    if seen.referral_id not in waiting or seen_of(work.connection, [seen.referral_id]):
        raise UsageError(
            "These records are seen already.", value=seen.referral_id, way_out="open the case: it says by whom"
        )
    _check_result(head, seen.result, waiting)
    sight_id = f"S-{secrets.token_hex(8)}"
    to_grade = seen.result == "grade_now"
    due = casework.clocks.due("grade_must_see", work.act.at) if to_grade else None
    work.keep(
        SIGHTS,
        id=sight_id,
        referral_id=seen.referral_id,
        result=seen.result,
        text_id=work.text_id("note"),
        due_at=due and due.at,
        due_rule=due and due.rule,
        due_calendar=due and due.calendar,
    )
    if not to_grade:
        answer(work, [seen.referral_id], "sight", sight_id)
    move(work, head, head.state)
    return sight_id


def _must_see_referral(connection: Connection, referral_id: str) -> Row[Any]:
    referral = connection.execute(select(REFERRALS).where(REFERRALS.c.id == referral_id)).first()
    if referral is None or referral.kind != "must_see":
        raise UsageError(
            "There is no must-see referral of this reference.", value=referral_id, way_out="start from Today"
        )
    return referral


def _check_result(head: Row[Any], result: str, waiting: list[str]) -> None:
    """Raise UsageError where a result does not fit the case: no plan, or nothing left that it waits for."""
    if result == "covered_by_plan" and head.state not in COVERED_IN:
        raise UsageError(
            "No plan runs in this case, so none covers the record.",
            value=head.id,
            where="result",
            way_out="grade it now",
        )
    if result != "grade_now" and head.state == "waiting" and len(waiting) == 1:
        raise UsageError(
            "Nothing else puts this case before a person, so a grade is what answers it, not a sight.",
            value=head.id,
            where="result",
            way_out="grade it now; the grade may be to keep it in view",
        )


def seen_of(connection: Connection, referral_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return the sights of referrals, by referral."""
    rows = connection.execute(select(SIGHTS).where(SIGHTS.c.referral_id.in_(list(referral_ids))))
    return {row.referral_id: row for row in rows}
