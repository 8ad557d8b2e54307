"""The case: one relationship that somebody had a reason to look at, and where its work stands.

The head is the one row of casework that changes: what every act comes to, kept so that pages need not compute it.
``serving.casework.checks`` computes it again from the facts.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from serving.casework.act import Conflict, Work, acts_since
from serving.casework.judged import next_due
from serving.casework.tables import CASES, OVER
from serving.casework.transitions import Refused, allowed
from threat.errors import UsageError


class NotAllowed(UsageError):
    """The act is not for this person, or not possible where the case is: as the table of acts says."""


def open_case(work: Work, relationship: int) -> Row[Any]:
    """Open a case of a relationship, waiting, in an act; return its head. The act that opens it moves it on."""
    case_id = f"C-{secrets.token_hex(8)}"
    work.connection.execute(
        insert(CASES).values(id=case_id, relationship=relationship, state="waiting", opened_at=work.act.at, version=0)
    )
    return head_of(work.connection, case_id)


def case_of_relationship(connection: Connection, relationship: int) -> Row[Any] | None:
    """Return the head of the case of a relationship, also of one that is closed; None where there is none.

    A case that is joined to another is not it: its relationship goes on there.
    """
    query = select(CASES).where(CASES.c.relationship == relationship, CASES.c.state != "joined")
    return connection.execute(query.order_by(CASES.c.state.in_(OVER), CASES.c.opened_at.desc())).first()


def head_of(connection: Connection, case_id: str) -> Row[Any]:
    """Return the head of a case. Raises UsageError where there is none of this reference."""
    head = connection.execute(select(CASES).where(CASES.c.id == case_id)).first()
    if head is None:
        raise UsageError("There is no case of this reference.", value=case_id, way_out="start from Today")
    return head


def begin(work: Work, act: str, case_id: str, version: int | None = None) -> Row[Any]:
    """Return the head that an act is about to move.

    ``version``: that the form was made from; None for an act that needs none (a sight). Raises Conflict where the case
    is at another by now, NotAllowed where the table of acts has it that this person may not, or not here.
    """
    head = head_of(work.connection, case_id)
    if version is not None and head.version != version:
        raise Conflict(case_id, acts_since(work.connection, case_id, version), head.version)
    answer = allowed(act, head.state, work.act.actor)
    if isinstance(answer, Refused):
        raise NotAllowed(answer.reason, value=case_id, where=act, way_out=answer.way_out)
    return head


def move(work: Work, head: Row[Any], state_to: str) -> None:
    """Move a head on by one version: to a state, and to the due time and grade that its facts give it.

    Raises Conflict where it is at another version by then.
    """
    work.moved(head.id, "none" if head.version == 0 else head.state, state_to, head.version + 1)
    work.last.append(lambda: _write_head(work.connection, head, state_to))


def _write_head(connection: Connection, head: Row[Any], state_to: str) -> None:
    moved = connection.execute(
        update(CASES)
        .where(CASES.c.id == head.id, CASES.c.version == head.version)
        .values(state=state_to, version=head.version + 1, **next_due(connection, head.id, state_to))
    )
    if moved.rowcount != 1:
        # One writer at a time, so only a case that was changed without an act comes here.
        now = head_of(connection, head.id).version
        raise Conflict(head.id, acts_since(connection, head.id, head.version), now)
