"""What people graded, as pages count and list it: grades with who gave them, when, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from serving.casework.decided import decided_since_grade
from serving.casework.judged import CANNOT_YET
from serving.casework.tables import ACTS, CASES, GRADE_FACTS, GRADES, REVEALS, SECOND_LOOKS, TEXTS


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade that somebody gave. ``at``: UTC seconds. ``by``: U- reference; ``who``: as the audit log shows them.

    ``first``: the grade as it was given before the order was shown; ``grade``: after the second look, if there was one.
    ``look_id`` and ``look_why``: the second look and its reason, a code; None before it.
    """

    id: str
    case_id: str
    relationship: int
    state: str
    first: str
    grade: str
    by: str
    who: str
    at: int
    sealed: bool
    corrects: str | None
    look_id: str | None
    look_why: str | None

    @property
    def is_given(self) -> bool:
        """False where it says that the case cannot be graded yet."""
        return self.first != CANNOT_YET

    @property
    def looked_again(self) -> bool:
        """Tell whether its second look is written."""
        return self.look_id is not None


def grades_since(connection: Connection, since: int, by: str = "", case: str = "") -> tuple[Graded, ...]:
    """Return every grade written at or after a time (UTC seconds), the latest first.

    ``by``: U- reference of the person whose grades are asked for, ``case``: C- reference of the case; empty for all.
    """
    query = (
        select(
            GRADES,
            ACTS.c.by,
            ACTS.c.who,
            ACTS.c.at,
            CASES.c.relationship,
            CASES.c.state,
            SECOND_LOOKS.c.grade_after,
            SECOND_LOOKS.c.id.label("look_id"),
            SECOND_LOOKS.c.why.label("look_why"),
        )
        .join(ACTS, ACTS.c.act_id == GRADES.c.act_id)
        .join(CASES, CASES.c.id == GRADES.c.case_id)
        .outerjoin(SECOND_LOOKS, SECOND_LOOKS.c.grade_id == GRADES.c.id)
        .where(ACTS.c.at >= since)
        .order_by(ACTS.c.audit.desc())
    )
    query = query.where(ACTS.c.by == by) if by else query
    rows = connection.execute(query.where(GRADES.c.case_id == case) if case else query)
    return tuple(
        Graded(
            row.id,
            row.case_id,
            int(row.relationship),
            row.state,
            row.grade,
            row.grade_after or row.grade,
            row.by,
            row.who,
            row.at,
            bool(row.sealed),
            row.corrects,
            row.look_id,
            row.look_why,
        )
        for row in rows
    )


def latest_of_each_case(grades: Iterable[Graded]) -> tuple[Graded, ...]:
    """Return the latest grade of each case. ``grades``: the latest first."""
    latest: dict[str, Graded] = {}
    for each in grades:
        latest.setdefault(each.case_id, each)
    return tuple(latest.values())


def first_of_each_relationship(grades: Iterable[Graded]) -> dict[int, str]:
    """Return the first grade that was given to each relationship. ``grades``: the latest first."""
    return {each.relationship: each.first for each in grades if each.is_given and each.corrects is None}


def own_unopened(connection: Connection, person: str) -> frozenset[int]:
    """Return the relationships whose grade in force is a person's own, and after which nobody was shown the order.

    Not once a decision took effect, or where the case is sealed: neither grade can be corrected on having seen it.
    """
    later, act_of_later = GRADES.alias(), ACTS.alias()
    latest = (
        select(func.max(act_of_later.c.audit))
        .join(later, later.c.act_id == act_of_later.c.act_id)
        .where(later.c.case_id == CASES.c.id)
        .correlate(CASES)
        .scalar_subquery()
    )
    query = (
        select(CASES.c.id, CASES.c.relationship)
        .join(GRADES, GRADES.c.case_id == CASES.c.id)
        .join(ACTS, ACTS.c.act_id == GRADES.c.act_id)
        .outerjoin(REVEALS, REVEALS.c.grade_id == GRADES.c.id)
        .where(ACTS.c.by == person, ACTS.c.audit == latest, REVEALS.c.id.is_(None), GRADES.c.sealed.is_not(True))
    )
    rows = connection.execute(query).all()
    return frozenset(int(row.relationship) for row in rows if not decided_since_grade(connection, row.id))


def facts_of_grade(connection: Connection, grade_id: str) -> tuple[list[str], str]:
    """Return the facts that a grade names, as they were chosen, and what was typed with it; empty for nothing."""
    query = select(GRADE_FACTS.c.fact).where(GRADE_FACTS.c.grade_id == grade_id).order_by(GRADE_FACTS.c.place)
    facts = list(connection.execute(query).scalars())
    text = select(TEXTS.c.body).join(GRADES, GRADES.c.text_id == TEXTS.c.id).where(GRADES.c.id == grade_id)
    return facts, connection.execute(text).scalar() or ""
