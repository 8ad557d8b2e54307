"""Cases in view whose date has come: each is put before the unit again, by a referral of the kind *review due*.

A case in view is in no queue until then, so this depends on nobody who remembers it: the desk asks when it is used,
and ``threat casework check`` every night.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, select

from serving.casework.act import Act, Casework, Content, Work, keep, vouched
from serving.casework.refer import put_before_unit
from serving.casework.referral import Opened
from serving.casework.tables import ANSWERS, CASES, REFERRALS
from serving.storage import reading, writing
from threat.ids import show_id

_NAMESPACE = uuid.UUID("1d3c2a90-7b7e-5b0a-9a57-54b5f4f0a7d2")
"""Of ids of these acts, which follow from the case and its date: whoever asks again opens nothing."""


def put_due_again(casework: Casework, at: int) -> int:
    """Put every case in view whose date has come before the unit; return how many. ``at``: UTC seconds."""
    with reading(casework.engine) as connection:
        if not _due(connection, at):
            return 0
    entries = []
    with writing(casework.engine) as connection:
        for head in _due(connection, at):  # again, as the only writer
            act_id = str(uuid.uuid5(_NAMESPACE, f"{head.id} {head.version} {head.next_due}"))
            codes = {"kind": "review_due", "due": head.next_due, "rule": head.next_due_rule}
            content = Content("refer", "combination", show_id("R", head.relationship), codes)
            write = partial(_put, casework=casework, head=head)
            _, entry = keep(connection, Act.of_engine(act_id, at, casework.policy), content, write)
            entries += [] if entry is None else [entry]
    vouched(casework, entries, at)
    return len(entries)


def _due(connection: Connection, at: int) -> list[Row[Any]]:
    """Return the cases in view whose date has come at ``at``, and that nothing else puts before the unit."""
    waiting = (
        select(REFERRALS.c.case_id)
        .outerjoin(ANSWERS, ANSWERS.c.referral_id == REFERRALS.c.id)
        .where(ANSWERS.c.referral_id.is_(None), REFERRALS.c.kind != "link_question", REFERRALS.c.case_id.is_not(None))
    )
    due = select(CASES).where(CASES.c.state == "watching", CASES.c.next_due <= at, CASES.c.id.not_in(waiting))
    return list(connection.execute(due.order_by(CASES.c.id)))


def _put(work: Work, casework: Casework, head: Row[Any]) -> str:
    due = casework.clocks.due("grade_referral", work.act.at)
    opened = Opened("review_due", head.id, int(head.relationship), work.act.at, due)
    return put_before_unit(work, opened, ())
