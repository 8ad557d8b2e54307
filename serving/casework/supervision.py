"""What a supervisor answers for: what is late, returned or not asked yet, and a sample of what people judged.

No row here is about how somebody works: seconds on cases are of the unit, and only where there are ten or more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from sqlalchemy import Connection, select

from serving.audit.tables import AUDIT_ENTRIES
from serving.casework.graded import Graded, grades_since
from serving.casework.proposal import Proposal, proposals
from serving.casework.tables import ACTS, CASES, GRADES, OVER
from serving.casework.views import CaseWaiting, Referral, decision_waiting, must_see_waiting, triage_waiting
from serving.casework.voice import Recorded, still_to_ask
from threat.asof import show

LEAST = 10
"""Cases below which no spread is shown: of fewer, somebody would know whose they are."""

_DAY = 86_400
_WEEK = 7 * _DAY


@dataclass(frozen=True, slots=True)
class Unseen:
    """A must-see referral that nobody has answered; who opened its page last, and when (ISO 8601), or None."""

    referral: Referral
    opened_by: str | None
    opened_at: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something about a case that was refused: when (ISO 8601), who, what, and the case."""

    at: str
    who: str
    action: str
    case_id: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds from the page of a case to its grade: how many cases, and the quarters; None under ten cases."""

    count: int
    quarters: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Supervision:
    """Everything of the page, from one reading; each list the earliest due or the latest written first."""

    unseen: tuple[Unseen, ...]
    late_triage: tuple[CaseWaiting, ...]
    late_decisions: tuple[CaseWaiting, ...]
    late_plans: tuple[tuple[str, int], ...]
    to_confirm: tuple[Proposal, ...]
    returned: tuple[Proposal, ...]
    not_asked: tuple[tuple[str, Recorded], ...]
    open_cases: int
    without_owner: int
    refusals: tuple[Refusal, ...]
    sample: tuple[Graded, ...]
    changed: tuple[Graded, ...]
    spread: Spread


def supervision(connection: Connection, at: int, since: int, one_in: int) -> Supervision:
    """Return what a supervisor answers for at ``at``. ``since``: from when grades are looked at (both UTC seconds).

    ``one_in``: of the grades that were kept after the order was shown, one in so many is in the sample, drawn by its
    id, which is random; and every grade of the sealed share.
    """
    graded = [each for each in grades_since(connection, since) if each.is_given]
    answered = proposals(connection, at)
    open_cases = connection.execute(select(CASES.c.id, CASES.c.owner).where(CASES.c.state.not_in(OVER))).all()
    return Supervision(
        unseen=_unseen(connection),
        late_triage=tuple(each for each in triage_waiting(connection) if each.is_overdue(at)),
        late_decisions=tuple(each for each in decision_waiting(connection) if each.is_overdue(at)),
        late_plans=_late_plans(connection, at),
        to_confirm=tuple(each for each in answered if each.is_open),
        returned=_returned(answered),
        not_asked=tuple(pair for pair in still_to_ask(connection) if pair[1].is_late(at)),
        open_cases=len(open_cases),
        without_owner=sum(row.owner is None for row in open_cases),
        refusals=_refusals(connection, at),
        sample=tuple(each for each in graded if each.sealed or (_is_kept(each) and in_sample(each.id, one_in))),
        changed=tuple(each for each in graded if each.looked_again and each.grade != each.first),
        spread=_spread(connection, since),
    )


def in_sample(grade_id: str, one_in: int) -> bool:
    """Tell whether a grade is drawn: the same for ever, and as good as a die, since its id is random.

    >>> sum(in_sample(f"G-{number:016x}", 20) for number in range(10_000))
    511
    """
    return int.from_bytes(hashlib.sha256(grade_id.encode()).digest()[:8], "big") % one_in == 0


def _is_kept(graded: Graded) -> bool:
    return graded.looked_again and graded.grade == graded.first


def _unseen(connection: Connection) -> tuple[Unseen, ...]:
    waiting = [each for each in must_see_waiting(connection) if each.kind == "must_see"]
    query = (
        select(AUDIT_ENTRIES.c.subject, AUDIT_ENTRIES.c.who, AUDIT_ENTRIES.c.at)
        .where(AUDIT_ENTRIES.c.action == "view must-see record")
        .where(AUDIT_ENTRIES.c.subject.in_([each.case_id for each in waiting]))
        .order_by(AUDIT_ENTRIES.c.sequence)
    )
    opened = {row.subject: (row.who, row.at) for row in connection.execute(query)}
    return tuple(Unseen(each, *opened.get(each.case_id or "", (None, None))) for each in waiting)


def _late_plans(connection: Connection, at: int) -> tuple[tuple[str, int], ...]:
    query = select(CASES.c.id, CASES.c.next_due).where(CASES.c.state == "planning", CASES.c.next_due <= at)
    return tuple((row.id, row.next_due) for row in connection.execute(query.order_by(CASES.c.next_due, CASES.c.id)))


def _returned(answered: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Return the proposals that were returned and that nobody has followed with another in their case."""
    last = {each.case_id: each for each in answered}
    return tuple(each for each in last.values() if each.standing == "returned")


def _refusals(connection: Connection, at: int) -> tuple[Refusal, ...]:
    query = (
        select(AUDIT_ENTRIES)
        .where(AUDIT_ENTRIES.c.outcome == "refused", AUDIT_ENTRIES.c.subject.like("C-%"))
        .where(AUDIT_ENTRIES.c.at >= show(at - _WEEK))
        .order_by(AUDIT_ENTRIES.c.sequence.desc())
        .limit(20)
    )
    return tuple(Refusal(row.at, row.who, row.action, row.subject) for row in connection.execute(query))


def _spread(connection: Connection, since: int) -> Spread:
    query = select(GRADES.c.seconds).join(ACTS, ACTS.c.act_id == GRADES.c.act_id)
    measured = connection.execute(query.where(ACTS.c.at >= since, GRADES.c.seconds.is_not(None))).scalars()
    seconds = sorted(int(each) for each in measured)
    if len(seconds) < LEAST:
        return Spread(len(seconds), None)
    first, middle, third = (round(each) for each in quantiles(seconds, n=4, method="inclusive"))
    return Spread(len(seconds), (first, middle, third))
