"""The decision in effect of a case, and what was ever decided of it: read from its facts inside an act or a page."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from serving.casework.decision_tables import DECISIONS, DECISIONS_IN_EFFECT, DECISIONS_TAKEN_BACK
from serving.casework.tables import ACTS, GRADES
from threat.errors import UsageError

LEVELS = ("not_shown", "present", "serious", "immediate")
"""Threat levels, rising: what is further left is a lower level, which nobody decides alone."""


@dataclass(frozen=True, slots=True)
class InEffect:
    """A decision that took effect. ``audit``: number of the entry with which it did. Times: UTC seconds.

    ``by``, ``who``, ``at``: of the act with which it did. ``due_at``, ``due_rule``: of the next step. ``taken_back``:
    it was, and no other was made since.
    """

    id: str
    decision: str
    level: str
    due_at: int
    due_rule: str
    audit: int
    by: str
    who: str
    at: int
    taken_back: bool


@dataclass(frozen=True, slots=True)
class TakenBack:
    """When a decision is due again after the decision ``id`` was taken back (UTC seconds), and by which clock."""

    id: str
    due_at: int
    due_rule: str
    audit: int


def decided(connection: Connection, case_id: str) -> InEffect | None:
    """Return the latest decision that took effect since the case was last opened, also one taken back; None before."""
    query = (
        select(
            DECISIONS,
            DECISIONS_IN_EFFECT,
            ACTS.c.audit,
            ACTS.c.by,
            ACTS.c.who,
            ACTS.c.at,
            DECISIONS_TAKEN_BACK.c.act_id.label("back"),
        )
        .join(DECISIONS_IN_EFFECT, DECISIONS_IN_EFFECT.c.decision_id == DECISIONS.c.id)
        .join(ACTS, ACTS.c.act_id == DECISIONS_IN_EFFECT.c.act_id)
        .outerjoin(DECISIONS_TAKEN_BACK, DECISIONS_TAKEN_BACK.c.decision_id == DECISIONS.c.id)
        .where(DECISIONS.c.case_id == case_id, ACTS.c.audit > _opened_again(connection, case_id))
        .order_by(ACTS.c.audit.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    back = row.back is not None
    return InEffect(row.id, row.decision, row.level, row.due_at, row.due_rule, row.audit, row.by, row.who, row.at, back)


def taken_back(connection: Connection, case_id: str) -> TakenBack | None:
    """Return the latest taking back of a decision of a case; None where none was."""
    query = (
        select(DECISIONS_TAKEN_BACK, ACTS.c.audit)
        .join(ACTS, ACTS.c.act_id == DECISIONS_TAKEN_BACK.c.act_id)
        .where(DECISIONS_TAKEN_BACK.c.case_id == case_id)
        .order_by(ACTS.c.audit.desc())
    )
    row = connection.execute(query).first()
    return None if row is None else TakenBack(row.decision_id, row.due_at, row.due_rule, row.audit)


def decided_since_grade(connection: Connection, case_id: str) -> bool:
    """Tell whether a decision took effect after the latest grade of a case, also one that was taken back since."""
    effects = select(func.max(ACTS.c.audit)).join(DECISIONS_IN_EFFECT, DECISIONS_IN_EFFECT.c.act_id == ACTS.c.act_id)
    grades = select(func.max(ACTS.c.audit)).join(GRADES, GRADES.c.act_id == ACTS.c.act_id)
    effect = connection.execute(effects.where(DECISIONS_IN_EFFECT.c.case_id == case_id)).scalar()
    return effect is not None and effect > (connection.execute(grades.where(GRADES.c.case_id == case_id)).scalar() or 0)


def require_undecided(connection: Connection, case_id: str) -> None:
    """Raise UsageError where a decision took effect after the grade.

    Also after it was taken back: one person could otherwise take a plan back and lower the grade, seen by nobody else.
    """
    if decided_since_grade(connection, case_id):
        raise UsageError(
            "This grade was followed by a decision that took effect and stands, so it is not changed any more.",
            value=case_id,
            way_out="write a new decision: it changes what happens next",
        )


def is_lower(level: str, than: str) -> bool:
    """Tell whether a threat level is lower than another.

    >>> is_lower("present", "serious"), is_lower("serious", "serious")
    (True, False)
    """
    return LEVELS.index(level) < LEVELS.index(than)


def _opened_again(connection: Connection, case_id: str) -> int:
    """Return the number of the entry with which the case last came back from where nobody worked on it; 0 for never."""
    query = select(func.max(ACTS.c.audit)).where(
        ACTS.c.case_id == case_id, ACTS.c.state_from.in_(("inactive", "closed")), ACTS.c.state_to == "waiting"
    )
    return connection.execute(query).scalar() or 0
