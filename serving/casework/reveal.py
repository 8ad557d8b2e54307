"""The reveal: after the grade the server may read place and reasons of the order, and writes that it showed them.

Never for a sealed case, so that a share of all grades can be compared with the order without its pull.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace

from sqlalchemy import Connection, select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import NotAllowed, head_of
from serving.casework.judged import CANNOT_YET, InForce, in_force
from serving.casework.referral import sealed_cases, unanswered
from serving.casework.tables import REVEALS
from serving.storage import reading

_NAMESPACE = uuid.UUID("6f1d1b5e-3a0c-5d57-9d0a-6c4b1a6f2c11")
"""Of ids of reveals, so that a page which is opened again is the same act."""


def closed_because(connection: Connection, case_id: str) -> str:
    """Return why nothing of the order may be shown of a case: ``ungraded`` or ``sealed``; empty where it may."""
    return _why(connection, case_id, in_force(connection, case_id))


def _why(connection: Connection, case_id: str, judged: InForce | None) -> str:
    if judged is None or judged.grade == CANNOT_YET:
        return "ungraded"
    if any(row.kind != "link_question" for row in unanswered(connection, case_id)):
        return "ungraded"
    return "sealed" if sealed_cases(connection, case_id) else ""


def reveal(casework: Casework, act: Act, case_id: str, list_id: str) -> Done:
    """Write that the order of a list is shown of a case to a person, before it is; return the reveal.

    The act's own id is replaced by one of grade, list and person, so that a page opened twice is one reveal. Raises
    NotAllowed before the grade, and for a sealed case.
    """
    with reading(casework.engine) as connection:
        head_of(connection, case_id)
        judged = in_force(connection, case_id)
    graded = "" if judged is None else judged.id
    same = uuid.uuid5(_NAMESPACE, f"{graded} {list_id} {act.actor.id}")
    content = Content("reveal", "consultation", case_id, {"grade": graded, "list": list_id})

    def write(work: Work) -> str:
        now = in_force(work.connection, case_id)
        because = _why(work.connection, case_id, now)
        if now is None or because or now.id != graded:
            raise NotAllowed(
                "This case has no grade yet, so nothing of the order is shown."
                if because != "sealed"
                else "This case is one of the sealed share: nothing of the order is shown.",
                value=case_id,
                way_out="grade it first" if because != "sealed" else "go on to the next case",
            )
        reveal_id = f"V-{secrets.token_hex(8)}"
        work.keep(REVEALS, id=reveal_id, case_id=case_id, grade_id=now.id, list_id=list_id, shown_to=act.actor.id)
        work.case_id = case_id
        return reveal_id

    return acting(casework, replace(act, act_id=str(same)), content, write)


def reveal_of(connection: Connection, grade_id: str, list_id: str, person: str) -> bool:
    """Tell whether the order of a list was shown to a person after a grade."""
    query = select(REVEALS.c.id).where(
        REVEALS.c.grade_id == grade_id, REVEALS.c.list_id == list_id, REVEALS.c.shown_to == person
    )
    return connection.execute(query).first() is not None
