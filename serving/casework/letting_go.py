"""Letting go, the second reader, and opening again: how a case that never had a plan leaves, by one person.

What is let go comes back at once by a record or a referral. One in so many is drawn for a second person, who agrees or
opens it again. Where something keeps it from being let go, the refusal names it and until when.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import begin, move
from serving.casework.clocks import Clocks
from serving.casework.judged import reading_waits
from serving.casework.refer import RecordedEvent
from serving.casework.referral import Opened, keep_referral, new_referral_id, unanswered
from serving.casework.sealing import Sealer
from serving.casework.tables import ACTS
from serving.casework.transitions import transitions
from serving.casework.watched import Watched, watched
from serving.casework.watching_tables import LETS_GO, SECOND_READINGS
from serving.casework.words import title
from threat.dates import date_in_words, day, local
from threat.errors import ThreatError, UsageError, raise_all
from threat.vocabulary import kinds


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the history has of a case: records of either party that nobody who looked had, and the latest severe one.

    ``severe``: its kind and when it happened or was recorded, the later of both (UTC seconds); None for none.
    """

    new: Sequence[RecordedEvent] = ()
    severe: tuple[str, int] | None = None


def blocks(connection: Connection, clocks: Clocks, case: Watched, history: OnRecord, at: int) -> list[ThreatError]:
    """Return everything that keeps a case from being let go at ``at`` (UTC seconds), each with until when."""
    out: list[ThreatError] = []
    planned = select(ACTS.c.act_id).where(ACTS.c.case_id == case.case_id, ACTS.c.state_to.in_(("planning", "active")))
    if connection.execute(planned).first() is not None:
        way_out = "close it, which takes two people"
        out.append(UsageError("The case had a plan, so one person can't let it go.", way_out=way_out))
    if not case.is_late_enough(clocks):
        out.append(_not_looked_yet(clocks, case))
    if history.new:
        named = ", ".join(sorted({kinds()[event.kind].title for event in history.new}))
        way_out = "look at the case again by its date, or by the referral that the night opens"
        out.append(UsageError("Records came in that nobody who looked had.", value=named, way_out=way_out))
    for referral in unanswered(connection, case.case_id):
        named = title("referral_kind", referral.kind)
        way_out = "answer it first: it blocks until then"
        out.append(UsageError("Nobody has answered a reason to look yet.", value=named, way_out=way_out))
    if history.severe is not None:
        out += _of_severe(clocks, history.severe, at)
    return out


def let_go(
    casework: Casework, act: Act, case_id: str, version: int, note: str, *, history: OnRecord, drawing: Sealer
) -> Done:
    """Let a case go; return the row of it. ``drawing``: draws those that a second person reads.

    Raises Conflict for another version of the case, UsageError with everything that keeps it from being let go.
    """
    content = Content("let_go", "alteration", case_id, {"version": version}, {"note": note})

    def write(work: Work) -> str:
        head = begin(work, "let_go", case_id, version)
        [case] = watched(work.connection, case_id)  # watched: a person judged it
        raise_all(blocks(work.connection, casework.clocks, case, history, act.at))
        drawn = drawing.read_again(case_id, case.look.at)
        due = casework.clocks.due("grade_referral", act.at) if drawn else None
        let_go_id = f"LG-{secrets.token_hex(8)}"
        work.keep(
            LETS_GO,
            id=let_go_id,
            case_id=case_id,
            text_id=work.text_id("note"),
            drawn=drawn,
            due_at=due and due.at,
            due_rule=due and due.rule,
            due_calendar=due and due.calendar,
        )
        work.detail["drawn"] = drawn
        move(work, head, transitions().after("let_go", head.state, {}))
        return let_go_id

    return acting(casework, act, content, write)


def agree_to_let_go(casework: Casework, act: Act, case_id: str, version: int) -> Done:
    """Write that a second person read a case that was let go, and agrees; return what was read.

    Raises Conflict for another version, UsageError where no reading waits, or the same person let it go.
    """
    content = Content("agree_to_let_go", "alteration", case_id, {"version": version})

    def write(work: Work) -> str:
        head = begin(work, "agree_to_let_go", case_id, version)
        waits = reading_waits(work.connection, case_id)
        if waits is None:
            raise UsageError("Nobody is asked to read this case again.", value=case_id, way_out="start from Today")
        if waits.by == act.actor.id:
            raise UsageError("You let this case go, so another person reads it.", value=case_id, where="act")
        work.keep(SECOND_READINGS, let_go_id=waits.id, agreed=True)
        move(work, head, transitions().after("agree_to_let_go", head.state, {}))
        return str(waits.id)

    return acting(casework, act, content, write)


def reopen(casework: Casework, act: Act, case_id: str, version: int, why: str) -> Done:
    """Open a case again that nobody works on: it waits for a grade. Return the referral.

    A second reader who does so has read it. Raises Conflict for another version, UsageError where the reason is
    missing.
    """
    content = Content("reopen", "alteration", case_id, {"version": version}, {"why": why})

    def write(work: Work) -> str:
        head = begin(work, "reopen", case_id, version)
        if not why:
            raise UsageError("The reason is missing: say why the case is opened again.", where="why")
        waits = reading_waits(work.connection, case_id)
        if waits is not None:
            work.keep(SECOND_READINGS, let_go_id=waits.id, agreed=False)
        referral_id = new_referral_id()
        due = casework.clocks.due("grade_referral", act.at)
        keep_referral(work, referral_id, case_id, Opened("reopened", act.actor.id, head.relationship, act.at, due))
        move(work, head, transitions().after("reopen", head.state, {}))
        return referral_id

    return acting(casework, act, content, write)


def _not_looked_yet(clocks: Clocks, case: Watched) -> ThreatError:
    in_view = clocks.policy.section.keep_in_view_days
    began = local(case.since or case.look.at, clocks.policy.time_zone).date()
    return UsageError(
        f"Nobody has looked at the case after the {in_view} days in view.",
        value=f"in view since {date_in_words(began)}",
        way_out=f"look at it on {date_in_words(began + timedelta(days=in_view))} or after, then let it go",
    )


def _of_severe(clocks: Clocks, severe: tuple[str, int], at: int) -> list[ThreatError]:
    """Return C2: what happened between the two, either way round, is not long enough ago."""
    kind, when = severe
    zone, days = clocks.policy.time_zone, clocks.policy.section.closing.severe_within_days
    possible_from = local(when, zone).date() + timedelta(days=days)
    if local(at, zone).date() >= possible_from:
        return []
    return [
        UsageError(
            f"The latest severe record between the two is not {days} days old yet.",
            value=f"{kinds()[kind].title}, {day(when, zone)}",
            way_out=f"possible from {date_in_words(possible_from)}",
        )
    ]
