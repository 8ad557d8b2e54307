"""The grade in force of a case, and when the case is next due: read from its facts inside an act or a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from serving.casework.decided import decided, taken_back
from serving.casework.policy import Rule
from serving.casework.referral import unanswered
from serving.casework.tables import ACTS, GRADES, SECOND_LOOKS, SIGHTS
from serving.casework.watching_tables import LETS_GO, ROLLS, SECOND_READINGS

CANNOT_YET = "cannot_yet"
DECIDES: Mapping[str, Rule] = {"act_today": "decide_act_today", "look_closer": "decide_look_closer"}
"""Grades that ask for a decision, with the clock of each."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The latest grade of a case, with its second look, if any.

    ``grade``: as it is now. ``by``: U- reference of who gave it. ``audit``: number of its entry in the audit log.
    ``due_at``, ``due_rule``: of the second look where there is one.
    """

    id: str
    grade: str
    first: str
    by: str
    sealed: bool
    audit: int
    due_at: int
    due_rule: str
    looked_again: bool


@dataclass(frozen=True, slots=True)
class Step:
    """When something is due (UTC seconds), by which clock, and the fact that asks for it with its audit entry."""

    due_at: int
    due_rule: str
    audit: int
    fact: str


def in_force(connection: Connection, case_id: str) -> InForce | None:
    """Return the grade in force of a case; None before the first."""
    query = (
        select(
            GRADES,
            ACTS.c.by,
            ACTS.c.audit,
            SECOND_LOOKS.c.id.label("look_id"),
            SECOND_LOOKS.c.grade_after,
            SECOND_LOOKS.c.due_at.label("look_due_at"),
            SECOND_LOOKS.c.due_rule.label("look_due_rule"),
        )
        .join(ACTS, ACTS.c.act_id == GRADES.c.act_id)
        .outerjoin(SECOND_LOOKS, SECOND_LOOKS.c.grade_id == GRADES.c.id)
        .where(GRADES.c.case_id == case_id)
        .order_by(ACTS.c.audit.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    looked = row.look_id is not None
    return InForce(
        row.id,
        row.grade_after if looked else row.grade,
        row.grade,
        row.by,
        bool(row.sealed),
        row.audit,
        row.look_due_at if looked else row.due_at,
        row.look_due_rule if looked else row.due_rule,
        looked,
    )


def next_due(connection: Connection, case_id: str, state: str) -> dict[str, Any]:
    """Return ``next_due`` and ``next_due_rule`` of a case in a state, as columns of its head.

    The earliest of: what its unanswered referrals are due by, and what its grade or decision asks for, or the date that
    the system rolled on. A grade that could not be given yet puts off the referrals that it saw until what is missing
    is due.
    """
    judged = in_force(connection, case_id)
    waiting = unanswered(connection, case_id)
    dues = [_due_of(connection, row, judged) for row in waiting]
    if (step := _next_step(connection, case_id, state, judged)) is not None:
        dues.append((step.due_at, step.due_rule))
    at, rule = min(dues, default=(None, None))
    return {"next_due": at, "next_due_rule": rule, "grade_now": None if judged is None else judged.grade}


def step_of(connection: Connection, case_id: str, state: str) -> Step | None:
    """Return when the next step of a case is due by what was last judged of it; None where nothing asks for one."""
    return _next_step(connection, case_id, state, in_force(connection, case_id))


def _next_step(connection: Connection, case_id: str, state: str, judged: InForce | None) -> Step | None:
    """Return the next step by the latest of: its grade, its decision, and the date that the system rolled on."""
    if state == "closed" and (drawn := reading_waits(connection, case_id)) is not None:
        return Step(drawn.due_at, drawn.due_rule, drawn.audit, drawn.id)
    if judged is None or state not in ("graded", "planning", "active", "watching"):
        return None
    steps = [Step(judged.due_at, judged.due_rule, judged.audit, judged.id)]
    last = taken_back(connection, case_id) if state == "graded" else decided(connection, case_id)
    if last is not None:
        steps.append(Step(last.due_at, last.due_rule, last.audit, last.id))
    if state == "watching" and (rolled := _rolled(connection, case_id)) is not None:
        steps.append(rolled)
    return max(steps, key=lambda step: step.audit)


def reading_waits(connection: Connection, case_id: str) -> Row[Any] | None:
    """Return the letting go of a case that a second person has to read, with ``audit`` and ``by``; None for none."""
    query = (
        select(LETS_GO, ACTS.c.audit, ACTS.c.by, SECOND_READINGS.c.agreed)
        .join(ACTS, ACTS.c.act_id == LETS_GO.c.act_id)
        .outerjoin(SECOND_READINGS, SECOND_READINGS.c.let_go_id == LETS_GO.c.id)
        .where(LETS_GO.c.case_id == case_id)
    )
    latest = connection.execute(query.order_by(ACTS.c.audit.desc()).limit(1)).first()
    return latest if latest is not None and latest.drawn and latest.agreed is None else None


def _rolled(connection: Connection, case_id: str) -> Step | None:
    """Return the date that the system last rolled on; None where it never did."""
    query = select(ROLLS.c.id, ROLLS.c.due_at, ROLLS.c.due_rule, ACTS.c.audit).where(ROLLS.c.case_id == case_id)
    row = connection.execute(
        query.join(ACTS, ACTS.c.act_id == ROLLS.c.act_id).order_by(ACTS.c.audit.desc()).limit(1)
    ).first()
    return None if row is None else Step(row.due_at, row.due_rule, row.audit, row.id)


def _due_of(connection: Connection, referral: Row[Any], judged: InForce | None) -> tuple[int, str]:
    """Return when a referral is due, and by which clock: a sight that asks for a grade starts another."""
    opened = connection.execute(select(ACTS.c.audit).where(ACTS.c.act_id == referral.act_id)).scalar_one()
    if judged is not None and judged.grade == CANNOT_YET and opened < judged.audit and referral.kind != "link_question":
        return judged.due_at, judged.due_rule
    sight = connection.execute(select(SIGHTS).where(SIGHTS.c.referral_id == referral.id)).first()
    if sight is not None and sight.due_at is not None:
        return sight.due_at, sight.due_rule
    return referral.due_at, referral.due_rule
