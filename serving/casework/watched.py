"""What the facts say of a case that comes back by its date or by a record: who last looked, since when, and what of.

A look is a person's: a grade, a decision, letting go. Only looks and what brought the case back are read here, never
the place of a case in an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta

from sqlalchemy import Connection, Row, select

from serving.casework.clocks import Clocks
from serving.casework.judged import CANNOT_YET
from serving.casework.refer import RecordedEvent
from serving.casework.tables import ACTS, CASES, GRADES, OPENED_LISTS, REFERRALS
from threat.asof import on_record, seconds
from threat.dates import local

COMES_BACK = ("planning", "active", "watching", "inactive", "closed")
"""States in which a record brings a case before a person; in the others it is before one already."""

LOOKS = ("grade", "correct_grade", "decide_plan", "decide_watch", "decide_accept", "let_go")
"""Acts by which a person looked at the whole case."""

BEGINS_AGAIN = ("must_see", "new_record", "officer", "partner", "reopened")
"""Kinds of referral that say something happened: the days in view are counted from then. A list says nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """When a person looked (UTC seconds), and the list whose records the desk had then (empty: none was open).

    ``as_of``: up to when these records went, UTC seconds; the look itself where no list was open.
    """

    at: int
    list_id: str
    as_of: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A case that comes back. ``version``: of its head.

    ``since``: from when the days in view count, UTC seconds; None where it is not watched.
    """

    case_id: str
    relationship: int
    state: str
    version: int
    since: int | None
    look: Look

    def is_late_enough(self, clocks: Clocks) -> bool:
        """Tell whether the last look came when the days in view had passed."""
        if self.since is None:
            return False
        zone = clocks.policy.time_zone
        in_view = timedelta(days=clocks.policy.section.keep_in_view_days)
        return local(self.look.at, zone).date() >= local(self.since, zone).date() + in_view

    def longest(self, clocks: Clocks) -> int:
        """Return until when a date may be rolled on with no further look: the end of a local day, UTC seconds."""
        last = local(self.look.at, clocks.policy.time_zone).date()
        day = last + timedelta(days=clocks.policy.section.roll_limit_days + 1)
        return seconds(clocks.working.at(day, time.min))


@dataclass(frozen=True, slots=True)
class Arrived:
    """A record of either party. ``batch``: what brought it, ``loaded_at`` (UTC seconds); empty: every look had it."""

    event: RecordedEvent
    batch: str
    loaded_at: int

    def is_new(self, look: Look, seen: Mapping[str, frozenset[str]]) -> bool:
        """Tell whether whoever looked could not have seen it. ``seen``: the batches of a list, by list.

        It was recorded after what the list showed, or came in a batch that the list did not have.
        """
        if not on_record(self.event.recorded_at, look.as_of):
            return True
        if not self.batch:
            return False
        batches = seen.get(look.list_id)
        return self.loaded_at > look.at if batches is None else self.batch not in batches


def watched(connection: Connection, case_id: str = "") -> tuple[Watched, ...]:
    """Return every case that comes back, or the one, by reference: who judged none of them is left out."""
    heads = select(CASES).where(CASES.c.state.in_(COMES_BACK)).order_by(CASES.c.id)
    rows = select(ACTS, GRADES.c.grade, REFERRALS.c.kind.label("referral")).order_by(ACTS.c.audit)
    rows = rows.outerjoin(GRADES, GRADES.c.act_id == ACTS.c.act_id)
    rows = rows.outerjoin(REFERRALS, REFERRALS.c.act_id == ACTS.c.act_id).where(ACTS.c.case_id.is_not(None))
    if case_id:
        heads, rows = heads.where(CASES.c.id == case_id), rows.where(ACTS.c.case_id == case_id)
    acts: dict[str, list[Row[tuple[object, ...]]]] = {}
    for row in connection.execute(rows):
        acts.setdefault(row.case_id, []).append(row)
    lists = connection.execute(
        select(OPENED_LISTS.c.list_id, OPENED_LISTS.c.as_of, ACTS.c.audit)
        .join(ACTS, ACTS.c.act_id == OPENED_LISTS.c.act_id)
        .order_by(ACTS.c.audit)
    ).all()
    out = []
    for head in connection.execute(heads):
        since, last = None, None
        for row in acts.get(head.id, ()):
            began = row.state_to == "watching" and row.state_from != "watching"
            if began or (row.state_to == "watching" and row.referral in BEGINS_AGAIN):
                since = row.at
            if row.act in LOOKS and row.grade != CANNOT_YET:
                last = row
        if last is None:
            continue
        before = [each for each in lists if each.audit < last.audit]
        look = Look(last.at, before[-1].list_id, before[-1].as_of) if before else Look(last.at, "", last.at)
        state = Watched(head.id, int(head.relationship), head.state, head.version, since, look)
        out.append(state if head.state == "watching" else replace(state, since=None))
    return tuple(out)
