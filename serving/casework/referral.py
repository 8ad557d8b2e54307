"""The referral: a reason to look at a relationship. The queue is every referral that nobody has answered.

A referral is a fact and never changes: what answers it is a row of its own. A record of a kind that a person must see
makes exactly one referral in a relationship, ever, and no look-back closes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from serving.casework.act import Work
from serving.casework.clocks import Due
from serving.casework.tables import ACTS, ANSWERS, GRADES, REFERRAL_EVENTS, REFERRALS


@dataclass(frozen=True, slots=True)
class Opened:
    """What a referral is opened with; see the columns of ``referrals``.

    ``relationship``: None for a question of identity. ``due``: by the clock of its kind.
    """

    kind: str
    source: str
    relationship: int | None
    arrived_at: int
    due: Due
    list_id: str | None = None
    sealed: bool | None = None
    probability: float | None = None


def new_referral_id() -> str:
    """Return the reference of a referral to be opened."""
    return f"F-{secrets.token_hex(8)}"


def keep_referral(work: Work, referral_id: str, case_id: str | None, opened: Opened) -> None:
    """Write the row of a referral in an act; the text of why is that of the field ``why``."""
    work.keep(
        REFERRALS,
        id=referral_id,
        case_id=case_id,
        relationship=opened.relationship,
        kind=opened.kind,
        source=opened.source,
        list_id=opened.list_id,
        sealed=opened.sealed,
        arrived_at=opened.arrived_at,
        due_at=opened.due.at,
        due_rule=opened.due.rule,
        due_calendar=opened.due.calendar,
        probability=opened.probability,
        text_id=work.text_id("why"),
    )


def unanswered(connection: Connection, case_id: str) -> list[Row[Any]]:
    """Return the unanswered referrals of a case, the earliest due first."""
    query = (
        select(REFERRALS)
        .outerjoin(ANSWERS, ANSWERS.c.referral_id == REFERRALS.c.id)
        .where(REFERRALS.c.case_id == case_id, ANSWERS.c.referral_id.is_(None))
        .order_by(REFERRALS.c.due_at, REFERRALS.c.id)
    )
    return list(connection.execute(query))


def is_of_record(connection: Connection, referral_id: str, case_id: str, event: int) -> bool:
    """Tell whether a referral, answered or not, was opened in a case by an event (its number)."""
    query = (
        select(REFERRALS.c.id)
        .join(REFERRAL_EVENTS, REFERRAL_EVENTS.c.referral_id == REFERRALS.c.id)
        .where(REFERRALS.c.id == referral_id, REFERRALS.c.case_id == case_id, REFERRAL_EVENTS.c.event == event)
    )
    return connection.execute(query).first() is not None


def answer(work: Work, referral_ids: Iterable[str], fact: str, fact_id: str) -> None:
    """Note in an act what answers referrals."""
    rows = [
        {"referral_id": referral_id, "act_id": work.act.act_id, "fact": fact, "fact_id": fact_id}
        for referral_id in referral_ids
    ]
    if rows:
        work.connection.execute(insert(ANSWERS), rows)


def events_of(connection: Connection, referral_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Return the events of referrals, by referral, the latest recorded first."""
    query = (
        select(REFERRAL_EVENTS)
        .where(REFERRAL_EVENTS.c.referral_id.in_(referral_ids))
        .order_by(REFERRAL_EVENTS.c.recorded_at.desc(), REFERRAL_EVENTS.c.event)
    )
    out: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query):
        out.setdefault(row.referral_id, []).append(row)
    return out


def sealed_cases(connection: Connection, case_id: str | None = None) -> frozenset[str]:
    """Return the cases (or the one asked for, if it is) of which nothing of the order is shown, graded or not.

    The draw of the list that last put a case before the unit counts, whatever answered its referrals, and so does that
    of a referral which still waits. A grade that was sealed stays so until a later list draws the case again.
    """
    graded = select(GRADES.c.case_id, ACTS.c.audit).join(ACTS, ACTS.c.act_id == GRADES.c.act_id)
    graded = graded.where(GRADES.c.sealed.is_(True))
    ever = select(REFERRALS.c.case_id).where(REFERRALS.c.sealed.is_(True))
    query = (
        select(REFERRALS.c.case_id, REFERRALS.c.list_id, REFERRALS.c.sealed, ANSWERS.c.fact_id, ACTS.c.audit)
        .join(ACTS, ACTS.c.act_id == REFERRALS.c.act_id)
        .outerjoin(ANSWERS, ANSWERS.c.referral_id == REFERRALS.c.id)
        .where(REFERRALS.c.sealed.is_not(None), REFERRALS.c.case_id.in_(ever))
        .order_by(ACTS.c.audit.desc())
    )
    if case_id is not None:
        query, graded = query.where(REFERRALS.c.case_id == case_id), graded.where(GRADES.c.case_id == case_id)
    latest: dict[str, tuple[str, int]] = {}
    sealed = set()
    for row in connection.execute(query):
        last, _ = latest.setdefault(row.case_id, (row.list_id, row.audit))
        if row.sealed and (row.list_id == last or row.fact_id is None):
            sealed.add(row.case_id)
    sealed |= {row.case_id for row in connection.execute(graded) if row.audit > latest.get(row.case_id, ("", 0))[1]}
    return frozenset(sealed)
