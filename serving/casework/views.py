"""What pages and the API read of casework, as typed rows: no rule of a page, and nothing of the order.

No row here holds a rank, a band or a reason, and no sequence of rows follows the order: what is due first comes first,
and of equal times the reference decides, which is random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from serving.casework.clocks import overdue
from serving.casework.decided import decided_since_grade
from serving.casework.judged import CANNOT_YET, in_force
from serving.casework.referral import sealed_cases
from serving.casework.reveal import closed_because
from serving.casework.tables import ACTS, ANSWERS, CASES, GRADES, OVER, REFERRAL_EVENTS, REFERRALS, SIGHTS
from serving.casework.texts import texts_of_acts


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a referral. ``relationship``: 0 where none covers its parties. Times: UTC seconds."""

    event: int
    relationship: int
    kind: str
    about: str
    occurred_at: int
    recorded_at: int
    ends: int | None


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral that nobody has answered. Times: UTC seconds.

    ``case_id`` and ``relationship``: None for a question of identity. ``state`` and ``version``: of the case. ``seen``:
    somebody saw its records and asked for a grade. ``events``: the latest recorded first. ``source``: where it is from.
    """

    id: str
    kind: str
    case_id: str | None
    relationship: int | None
    state: str
    version: int
    arrived_at: int
    due_at: int
    due_rule: str
    seen: bool
    events: tuple[Event, ...]
    source: str = ""

    def is_overdue(self, at: int) -> bool:
        """Tell whether its time is over at ``at`` (UTC seconds)."""
        return overdue(self.due_at, at)


@dataclass(frozen=True, slots=True)
class CaseWaiting:
    """A case that waits for a person. ``kinds``: of its unanswered referrals. Times: UTC seconds."""

    id: str
    relationship: int
    state: str
    version: int
    kinds: tuple[str, ...]
    arrived_at: int
    due_at: int
    due_rule: str
    owner: str | None
    grade_now: str | None

    def is_overdue(self, at: int) -> bool:
        """Tell whether its time is over at ``at`` (UTC seconds)."""
        return overdue(self.due_at, at)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands, with its unanswered referrals. ``closed_because``: why nothing of the order may be shown.

    ``closed_because`` is ``ungraded``, ``sealed``, or empty where the order may be shown. ``decided_since``: a decision
    took effect after the grade in force, which is not changed any more.
    """

    id: str
    relationship: int
    state: str
    owner: str | None
    grade_now: str | None
    grade_id: str | None
    graded_by: str | None
    looked_again: bool
    decided_since: bool
    next_due: int | None
    next_due_rule: str | None
    joined_into: str | None
    opened_at: int
    version: int
    referrals: tuple[Referral, ...]
    closed_because: str


@dataclass(frozen=True, slots=True)
class Places:
    """Relationships of which a grade is written (``graded``), and those of them that stay closed (``sealed``)."""

    graded: frozenset[int]
    sealed: frozenset[int]

    def closed_because(self, relationship: int) -> str:
        """Return why nothing of the order may be shown: ``ungraded`` or ``sealed``; empty where it may."""
        if relationship not in self.graded:
            return "ungraded"
        return "sealed" if relationship in self.sealed else ""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An act of a case: when (UTC seconds), who, what, from and to which state, the version after, and its audit entry.

    ``fact``: the reference of what it made. ``texts``: what was typed, by field; an erased text is left out.
    """

    at: int
    who: str
    role: str
    act: str
    state_from: str | None
    state_to: str | None
    version: int | None
    audit: int
    fact: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Used:
    """What people did since a time: cases with a grade, must-see referrals seen, and cases that could not be graded."""

    graded: int
    seen: int
    cannot_yet: int


def must_see_waiting(connection: Connection) -> tuple[Referral, ...]:
    """Return the must-see referrals that nobody has seen, and questions of identity, the earliest due first."""
    query = _referrals().where(REFERRALS.c.kind.in_(("must_see", "link_question")), SIGHTS.c.id.is_(None))
    return _typed(connection, connection.execute(query).all())


def triage_waiting(connection: Connection) -> tuple[CaseWaiting, ...]:
    """Return the cases that wait for a grade, the earliest due first; never in the order of a list.

    A case with a must-see record that nobody has seen is not among them: that record comes first.
    """
    return _waiting(connection, ("waiting", "graded", "watching"), with_referral=True)


def decision_waiting(connection: Connection) -> tuple[CaseWaiting, ...]:
    """Return the cases that wait for a decision, the earliest due first.

    Those whose grade asks for one, and those with a plan, to write or running, that a referral has put before a person
    again: it is due when the referral is. A must-see record that nobody has seen comes first, as before a grade.
    """
    graded = _waiting(connection, ("graded",), with_referral=False)
    again = _waiting(connection, ("planning", "active"), with_referral=True)
    return tuple(sorted((*graded, *again), key=lambda case: (case.due_at, case.id)))


def kinds_waiting(connection: Connection) -> dict[str, int]:
    """Return how many referrals wait, by kind."""
    query = _unanswered(select(REFERRALS.c.kind, func.count().label("waiting"))).group_by(REFERRALS.c.kind)
    return {row.kind: int(row.waiting) for row in connection.execute(query.order_by(REFERRALS.c.kind))}


def used_since(connection: Connection, since: int) -> Used:
    """Return what people did since a time (UTC seconds), the time itself included."""
    by_grade = select(GRADES.c.grade, GRADES.c.case_id).join(ACTS, ACTS.c.act_id == GRADES.c.act_id)
    graded: set[str] = set()
    cannot: set[str] = set()
    for row in connection.execute(by_grade.where(ACTS.c.at >= since)):
        (cannot if row.grade == CANNOT_YET else graded).add(row.case_id)
    seen = select(func.count()).select_from(SIGHTS).join(ACTS, ACTS.c.act_id == SIGHTS.c.act_id)
    count = connection.execute(seen.where(ACTS.c.at >= since)).scalar_one()
    return Used(len(graded), int(count), len(cannot - graded))


def places(connection: Connection) -> Places:
    """Return the relationships with a grade that answers all that was asked: the question before an order is shown."""
    latest = select(GRADES.c.case_id, func.max(ACTS.c.audit).label("audit")).join(
        ACTS, ACTS.c.act_id == GRADES.c.act_id
    )
    last = latest.group_by(GRADES.c.case_id).subquery()
    query = (
        select(CASES.c.id, CASES.c.relationship, GRADES.c.grade)
        .join(GRADES, GRADES.c.case_id == CASES.c.id)
        .join(ACTS, ACTS.c.act_id == GRADES.c.act_id)
        .join(last, (last.c.case_id == CASES.c.id) & (last.c.audit == ACTS.c.audit))
        .where(CASES.c.state != "joined")
    )
    waiting = _unanswered(select(REFERRALS.c.case_id)).where(REFERRALS.c.kind != "link_question")
    waits = set(connection.execute(waiting).scalars())
    sealed = sealed_cases(connection)
    rows = [row for row in connection.execute(query) if row.id not in waits and row.grade != CANNOT_YET]
    return Places(
        frozenset(int(row.relationship) for row in rows),
        frozenset(int(row.relationship) for row in rows if row.id in sealed),
    )


def case_now(connection: Connection, case_id: str) -> Case | None:
    """Return a case as it stands; None where there is none of this reference."""
    head = connection.execute(select(CASES).where(CASES.c.id == case_id)).first()
    if head is None:
        return None
    judged = in_force(connection, case_id)
    rows = connection.execute(_referrals().where(REFERRALS.c.case_id == case_id)).all()
    return Case(
        head.id,
        head.relationship,
        head.state,
        head.owner,
        head.grade_now,
        None if judged is None else judged.id,
        None if judged is None else judged.by,
        judged is not None and judged.looked_again,
        decided_since_grade(connection, case_id),
        head.next_due,
        head.next_due_rule,
        head.joined_into,
        head.opened_at,
        head.version,
        _typed(connection, rows),
        closed_because(connection, case_id),
    )


def referral_now(connection: Connection, referral_id: str) -> Referral | None:
    """Return a referral that nobody has answered; None for another reference, and for one that is answered."""
    rows = connection.execute(_referrals().where(REFERRALS.c.id == referral_id)).all()
    return next(iter(_typed(connection, rows)), None)


def cases_of(connection: Connection, relationships: list[int]) -> dict[int, str]:
    """Return the open case of each relationship that has one."""
    query = select(CASES.c.relationship, CASES.c.id).where(
        CASES.c.relationship.in_(relationships), CASES.c.state.not_in(OVER)
    )
    return {int(row.relationship): row.id for row in connection.execute(query)}


def history(connection: Connection, case_id: str) -> tuple[HistoryLine, ...]:
    """Return every act of a case, oldest first."""
    rows = connection.execute(select(ACTS).where(ACTS.c.case_id == case_id).order_by(ACTS.c.audit)).all()
    texts = texts_of_acts(connection, [row.act_id for row in rows])
    return tuple(
        HistoryLine(
            row.at,
            row.who,
            row.role,
            row.act,
            row.state_from,
            row.state_to,
            row.version,
            row.audit,
            row.result,
            texts.get(row.act_id, {}),
        )
        for row in rows
    )


def _unanswered(query: Select[Any]) -> Select[Any]:
    """Return a query over referrals, of those that nobody has answered."""
    joined = query.select_from(REFERRALS).outerjoin(ANSWERS, ANSWERS.c.referral_id == REFERRALS.c.id)
    return joined.where(ANSWERS.c.referral_id.is_(None))


def _referrals() -> Select[Any]:
    """Return the query of unanswered referrals with their cases and sights, the earliest due first."""
    columns = (
        *(
            REFERRALS.c[name]
            for name in ("id", "kind", "case_id", "relationship", "source", "arrived_at", "due_at", "due_rule")
        ),
        CASES.c.state,
        CASES.c.version,
        SIGHTS.c.id.label("sight"),
        SIGHTS.c.due_at.label("sight_due_at"),
        SIGHTS.c.due_rule.label("sight_due_rule"),
    )
    query = _unanswered(select(*columns)).outerjoin(CASES, CASES.c.id == REFERRALS.c.case_id)
    joined = query.outerjoin(SIGHTS, SIGHTS.c.referral_id == REFERRALS.c.id)
    return joined.order_by(REFERRALS.c.due_at, REFERRALS.c.id)


def _typed(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Referral, ...]:
    events: dict[str, list[Event]] = {}
    query = select(REFERRAL_EVENTS).where(REFERRAL_EVENTS.c.referral_id.in_([row.id for row in rows]))
    for row in connection.execute(query.order_by(REFERRAL_EVENTS.c.recorded_at.desc(), REFERRAL_EVENTS.c.event)):
        event = Event(row.event, row.relationship, row.kind, row.about, row.occurred_at, row.recorded_at, row.ends)
        events.setdefault(row.referral_id, []).append(event)
    return tuple(
        Referral(
            row.id,
            row.kind,
            row.case_id,
            row.relationship,
            row.state or "none",
            row.version or 0,
            row.arrived_at,
            row.sight_due_at or row.due_at,
            row.sight_due_rule or row.due_rule,
            row.sight is not None,
            tuple(events.get(row.id, ())),
            row.source,
        )
        for row in rows
    )


def _waiting(connection: Connection, states: tuple[str, ...], *, with_referral: bool) -> tuple[CaseWaiting, ...]:
    referrals: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(_referrals().where(REFERRALS.c.kind != "link_question")):
        referrals.setdefault(row.case_id, []).append(row)
    query = select(CASES).where(CASES.c.state.in_(states), CASES.c.next_due.is_not(None))
    out = []
    for head in connection.execute(query.order_by(CASES.c.next_due, CASES.c.id)):
        rows = referrals.get(head.id, [])
        if with_referral and (not rows or any(row.kind == "must_see" and row.sight is None for row in rows)):
            continue
        due_at, due_rule = head.next_due, head.next_due_rule
        if head.state in ("planning", "active"):  # the head may say when the plan is due
            due_at, due_rule = min((row.sight_due_at or row.due_at, row.sight_due_rule or row.due_rule) for row in rows)
        out.append(
            CaseWaiting(
                head.id,
                head.relationship,
                head.state,
                head.version,
                tuple(sorted({row.kind for row in rows})),
                min((row.arrived_at for row in rows), default=head.opened_at),
                due_at,
                due_rule,
                head.owner,
                head.grade_now,
            )
        )
    return tuple(out)
