"""The referrals of a published list: opened once, all in one transaction, also when a crash came in between.

Every must-see record opens one referral in a relationship, ever; a row for review opens one where nothing waits there
and no plan is written or runs. Each referral is an act of the desk with an id that follows from what it is about, so
whoever opens a list again opens nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, func, select

from serving.casework.act import Act, Casework, Content, Work, keep, vouched
from serving.casework.case import case_of_relationship, head_of, move
from serving.casework.refer import RecordedEvent, ask_who, opened_of, put_before_unit
from serving.casework.referral import Opened, keep_referral, new_referral_id, unanswered
from serving.casework.sealing import Sealer
from serving.casework.tables import CASES, OPENED_LISTS, OVER, REFERRAL_EVENTS
from serving.storage import reading, writing
from threat.ids import show_id

_NAMESPACE = uuid.UUID("0a4f6c1e-9b7d-5f53-8a1c-2f2f3f9f7c55")
"""Of ids of acts of the desk that follow from what they are about."""

_PLANNED = ("planning", "active")


@dataclass(frozen=True, slots=True)
class ListToOpen:
    """What of a published list opens referrals.

    ``as_of``: UTC seconds. ``must_see``: events by relationship, 0 for those that no relationship covers.
    ``for_review``: relationships up to the capacity, in any order. ``quarantined``: severe rows that did not fit.
    ``same_pair``: cases that have come to be about the same two people, each group the oldest first.
    """

    list_id: str
    as_of: int
    must_see: Mapping[int, Sequence[RecordedEvent]]
    for_review: Collection[int]
    quarantined: Sequence[RecordedEvent] = ()
    same_pair: Sequence[Sequence[str]] = ()


@dataclass(slots=True)
class OpenedNow:
    """How many referrals a list opened: ``must_see``, rows ``for_review``, and ``questions`` of identity."""

    must_see: int = 0
    for_review: int = 0
    questions: int = 0
    entries: list[tuple[int, str]] = field(default_factory=list)


def is_opened(connection: Connection, list_id: str) -> bool:
    """Tell whether the referrals of a list are open."""
    query = select(OPENED_LISTS.c.list_id).where(OPENED_LISTS.c.list_id == list_id)
    return connection.execute(query).first() is not None


def opened_up_to(connection: Connection) -> int | None:
    """Return the as-of of the latest list whose referrals are open, UTC seconds; None before the first."""
    latest: int | None = connection.execute(select(func.max(OPENED_LISTS.c.as_of))).scalar()
    return latest


def open_cases(connection: Connection) -> dict[str, int]:
    """Return the relationship of every case that somebody may work on, by case, the oldest first."""
    query = select(CASES.c.id, CASES.c.relationship).where(CASES.c.state.not_in(OVER))
    rows = connection.execute(query.order_by(CASES.c.opened_at, CASES.c.id))
    return {row.id: int(row.relationship) for row in rows}


def open_from_list(casework: Casework, listed: ListToOpen, sealer: Sealer, at: int) -> OpenedNow | None:
    """Open the referrals of a published list; None where they are open already. ``at``: UTC seconds.

    All are opened, or none.
    """
    with reading(casework.engine) as connection:
        if is_opened(connection, listed.list_id):
            return None
    now = OpenedNow()
    with writing(casework.engine) as connection:
        if is_opened(connection, listed.list_id):  # by another process, in between
            return None
        opening = _Opening(connection, casework, listed, sealer, now, at, listed.list_id)
        opening.must_see()
        opening.questions()
        opening.for_review()
        opening.note_list()
    vouched(casework, now.entries, at)
    return now


def open_arrived(connection: Connection, casework: Casework, arrived: ListToOpen, sealer: Sealer, at: int) -> OpenedNow:
    """Open in the caller's transaction what records of the last minute open, before the next list; see ``ListToOpen``.

    ``arrived.list_id``: the reference of the delivery. ``at``: UTC seconds. The caller vouches for ``entries`` after
    the commit. What is open already is not opened again, here or by the next list.
    """
    opening = _Opening(connection, casework, arrived, sealer, OpenedNow(), at, None)
    opening.must_see()
    opening.questions()
    return opening.now


@dataclass(frozen=True, slots=True)
class _Opening:
    """A list being opened, inside its transaction."""

    connection: Connection
    casework: Casework
    listed: ListToOpen
    sealer: Sealer
    now: OpenedNow
    at: int
    list_id: str | None
    """The list, for what comes with one; None for what arrived before it."""

    def must_see(self) -> None:
        """Open a referral of each relationship with must-see records that have none there yet."""
        # By id, which says nothing of the order: neither does the number of an audit entry.
        for relationship in sorted(set(self.listed.must_see) - {0}):
            events = self._new(relationship, self.listed.must_see[relationship])
            if events:
                self._refer("must_see", relationship, events)
                self.now.must_see += 1

    def questions(self) -> None:
        """Ask who it is about: events that no relationship covers, rows that did not fit, cases of the same pair."""
        due = self.casework.clocks.due("see_must_see", self.at)
        orphans = [event for event in self.listed.must_see.get(0, ()) if not self._is_covered(event.event)]
        for event in self._new(0, [*orphans, *self.listed.quarantined]):
            opened = Opened("link_question", show_id("E", event.event), None, self.at, due, self.list_id)
            self._keep(
                ("question", event.event),
                Content("refer", "collection", opened.source, {"kind": "link_question", "about": event.kind}),
                partial(ask_who, opened=opened, events=[event]),
            )
            self.now.questions += 1
        for cases in self.listed.same_pair:
            self.now.questions += self._ask_whether_same(list(cases))

    def for_review(self) -> None:
        """Open a referral of each row for review where nothing waits and no plan is written or runs."""
        for relationship in sorted(self.listed.for_review):
            head = case_of_relationship(self.connection, relationship)
            if head is not None and (head.state in _PLANNED or unanswered(self.connection, head.id)):
                continue
            self._refer("list", relationship, ())
            self.now.for_review += 1

    def note_list(self) -> None:
        """Note that the list's referrals are open: the last act of the transaction."""
        counts = {name: getattr(self.now, name) for name in ("must_see", "for_review", "questions")}

        def write(work: Work) -> str:
            work.keep(OPENED_LISTS, list_id=self.listed.list_id, as_of=self.listed.as_of, **counts)
            return self.listed.list_id

        content = Content("open_list", "combination", self.listed.list_id, dict(counts))
        self._keep(("list",), content, write)

    def _refer(self, kind: str, relationship: int, events: Sequence[RecordedEvent]) -> None:
        due = self.casework.clocks.due("see_must_see" if kind == "must_see" else "grade_referral", self.at)
        source = self.listed.list_id

        def write(work: Work) -> str:
            sealed = self.sealer.sealed(show_id("R", relationship), source)
            opened = Opened(kind, source, relationship, self.at, due, self.list_id, sealed)
            return put_before_unit(work, opened, events)

        codes = {"kind": kind, "source": source, "events": [show_id("E", event.event) for event in events]}
        self._keep((kind, relationship), Content("refer", "collection", show_id("R", relationship), codes), write)

    def _ask_whether_same(self, cases: list[str]) -> int:
        """Ask whether cases are about the same two people, once for the same cases."""
        due = self.casework.clocks.due("grade_referral", self.at)

        def write(work: Work) -> str:
            head, referral_id = head_of(work.connection, cases[0]), new_referral_id()
            opened = Opened("link_question", ", ".join(cases[1:]), head.relationship, self.at, due)
            keep_referral(work, referral_id, head.id, opened)
            move(work, head, head.state)
            return referral_id

        content = Content("refer", "combination", cases[0], {"kind": "link_question", "cases": cases})
        # Of the cases alone, not of the list: the question is asked once.
        act_id = str(uuid.uuid5(_NAMESPACE, "same pair " + " ".join(sorted(cases))))
        return self._kept(act_id, content, write)

    def _keep(self, about: tuple[object, ...], content: Content, write: Callable[[Work], str]) -> None:
        name = " ".join(map(str, (self.listed.list_id, *about)))
        self._kept(str(uuid.uuid5(_NAMESPACE, name)), content, write)

    def _kept(self, act_id: str, content: Content, write: Callable[[Work], str]) -> int:
        _, entry = keep(self.connection, Act.of_engine(act_id, self.at, self.casework.policy), content, write)
        if entry is not None:
            self.now.entries.append(entry)
        return int(entry is not None)

    def _new(self, relationship: int, events: Sequence[RecordedEvent]) -> list[RecordedEvent]:
        """Return the events that opened nothing in this relationship yet."""
        opened = opened_of(self.connection, relationship, events)
        return [event for event in events if event.event not in opened]

    def _is_covered(self, event: int) -> bool:
        """Tell whether an event opened a referral in some relationship."""
        query = select(REFERRAL_EVENTS.c.event).where(REFERRAL_EVENTS.c.event == event)
        return self.connection.execute(query.where(REFERRAL_EVENTS.c.relationship != 0)).first() is not None
