"""Putting a relationship before the unit: a list, a record or a person gives the reason, and a case waits.

Whoever refers needs no version of the case, so a partner's referral never collides with what a reviewer writes; it
moves the case all the same, so that whoever writes then sees it before saving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import NotAllowed, case_of_relationship, move, open_case
from serving.casework.referral import Opened, answer, keep_referral, new_referral_id
from serving.casework.tables import ANSWERS, REFERRAL_EVENTS, REFERRALS
from serving.casework.transitions import NO_CASE, Refused, allowed, transitions
from serving.casework.words import code_to_write
from threat.errors import UsageError
from threat.ids import show_id

QUARANTINED = "quarantined"
"""Kind of a row that did not fit the tables of the history and is of a must-see kind."""

_BY_PEOPLE = ("officer", "partner", "sample", "risen", "review_due", "reopened")
"""Kinds that may be given by an act of their own; the others come with a list or a record."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event that puts a relationship before the unit; see the columns of ``referral_events``."""

    event: int
    kind: str
    about: str
    occurred_at: int
    recorded_at: int
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks: ``kind`` of the referral, ``why`` in words, ``probability`` of a random sample."""

    relationship: int
    kind: str
    why: str = ""
    probability: float | None = None


def refer(casework: Casework, act: Act, asked: Asked) -> Done:
    """Put a relationship before the unit; return the referral. Raises UsageError for what its kind lacks."""
    reference = show_id("R", asked.relationship)
    codes: dict[str, object] = {"kind": asked.kind}
    if asked.probability is not None:
        codes["probability"] = asked.probability
    content = Content("refer", "collection", reference, codes, {"why": asked.why})

    def write(work: Work) -> str:
        required = code_to_write("referral_kind", asked.kind).requires
        if asked.kind not in _BY_PEOPLE:
            raise UsageError(
                "This reason to look comes with a list or a record, not from a person.", value=asked.kind, where="kind"
            )
        if "why" in required and not asked.why:
            raise UsageError("The reason to look is missing: say why.", where="why")
        if ("probability" in required) != (asked.probability is not None):
            raise UsageError("The chance of being drawn is missing, or goes with another kind.", where="probability")
        due = casework.clocks.due("grade_referral", act.at)
        opened = Opened(asked.kind, act.actor.id, asked.relationship, act.at, due, probability=asked.probability)
        return put_before_unit(work, opened, ())

    return acting(casework, act, content, write)


def put_before_unit(work: Work, opened: Opened, events: Sequence[RecordedEvent]) -> str:
    """Open a referral in an act, with a case where the relationship has none; return its reference.

    A question of identity about one of these events is answered by it. Raises NotAllowed where the case may not be
    referred by this actor.
    """
    assert opened.relationship is not None
    head = case_of_relationship(work.connection, opened.relationship)
    state = NO_CASE if head is None else head.state
    may = allowed("refer", state, work.act.actor)
    if isinstance(may, Refused):
        raise NotAllowed(may.reason, where="refer", way_out=may.way_out)
    head = open_case(work, opened.relationship) if head is None else head
    referral_id = new_referral_id()
    keep_referral(work, referral_id, head.id, opened)
    keep_events(work, referral_id, opened.relationship, events)
    answer(work, _questions_about(work, events), "link", referral_id)
    state_after = transitions().after("refer", state, {})
    move(work, head, state_after)
    return referral_id


def ask_who(work: Work, opened: Opened, events: Sequence[RecordedEvent]) -> str:
    """Open a question of identity in an act, about events that no recorded relationship covers; return it."""
    referral_id = new_referral_id()
    keep_referral(work, referral_id, None, opened)
    keep_events(work, referral_id, 0, events)
    return referral_id


def keep_events(work: Work, referral_id: str, relationship: int, events: Sequence[RecordedEvent]) -> None:
    """Write in an act which events of a relationship (0: none covers them) a referral is of."""
    of_referral = {"referral_id": referral_id, "relationship": relationship, "act_id": work.act.act_id}
    names = ("event", "kind", "about", "occurred_at", "recorded_at", "ends")
    rows = [of_referral | {name: getattr(event, name) for name in names} for event in events]
    if rows:
        work.connection.execute(insert(REFERRAL_EVENTS), rows)


def opened_of(connection: Connection, relationship: int, events: Sequence[RecordedEvent]) -> set[int]:
    """Return which of these events opened something in a relationship (0: where none covers them)."""
    query = select(REFERRAL_EVENTS.c.event).where(
        REFERRAL_EVENTS.c.relationship == relationship,
        REFERRAL_EVENTS.c.event.in_([event.event for event in events]),
    )
    return set(connection.execute(query).scalars())


def _questions_about(work: Work, events: Sequence[RecordedEvent]) -> list[str]:
    """Return the unanswered questions of identity about these events: the relationship is what they asked for."""
    query = (
        select(REFERRAL_EVENTS.c.referral_id)
        .join(REFERRALS, REFERRALS.c.id == REFERRAL_EVENTS.c.referral_id)
        .outerjoin(ANSWERS, ANSWERS.c.referral_id == REFERRALS.c.id)
        .where(REFERRAL_EVENTS.c.event.in_([event.event for event in events]))
        .where(REFERRAL_EVENTS.c.relationship == 0, ANSWERS.c.referral_id.is_(None))
    )
    return sorted(set(work.connection.execute(query).scalars()))
