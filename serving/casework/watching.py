"""What the system does by itself with cases that nobody works on now: a date that has come, a new record, or nothing.

Each is an act of its own in one transaction, judged by what it reads there. Its id follows from what it is about, so
that a night that runs again does nothing again. Where nothing is new the date is rolled on, so long as a person looked
after the days in view and no feed is late: that is an act of the system and is never called a review.
"""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from serving.casework.act import Act, Casework, Conflict, Content, Done, Work, acting
from serving.casework.case import begin, move
from serving.casework.clocks import Due
from serving.casework.judged import Step, step_of
from serving.casework.refer import RecordedEvent, keep_events, opened_of
from serving.casework.referral import Opened, keep_referral, new_referral_id, unanswered
from serving.casework.transitions import transitions
from serving.casework.watched import Arrived, Watched, watched
from serving.casework.watching_tables import ROLLS
from serving.storage import reading
from threat.dates import local
from threat.errors import ThreatError
from threat.ids import show_id

_NAMESPACE = uuid.UUID("6f0c8f0e-53b2-5d0b-9a43-0b6f5b0d5a11")
"""Of ids of acts of the night that follow from what they are about."""

_OVER = ("inactive", "closed")


@dataclass(frozen=True, slots=True)
class News:
    """What the history has for the cases of a night.

    ``snapshot``: its state. ``arrived``: records of either party by relationship, every kind; ``seen``: the batches
    that a list had, by list. ``brings_back``: kinds that bring a case back and open nothing by themselves.
    ``late_feeds``: feeds further behind than the policy allows; one is enough to roll nothing.
    """

    snapshot: str
    arrived: Mapping[int, Sequence[Arrived]] = field(default_factory=dict)
    seen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    brings_back: frozenset[str] = frozenset()
    late_feeds: tuple[str, ...] = ()

    def of(self, case: Watched) -> list[RecordedEvent]:
        """Return what came in of either party since a person looked at a case."""
        arrived = self.arrived.get(case.relationship, ())
        return [each.event for each in arrived if each.is_new(case.look, self.seen)]


@dataclass(slots=True)
class Night:
    """How many cases were read, came back by a record or by their date, and were rolled on.

    ``collected``: cases whose unanswered referral took further records. ``not_rolled``: dates that came and went to a
    person, by why: the checks of the table of acts. ``in_use``: cases that somebody acted on at that very
    time; they are read again the next night. ``failed``: what went wrong, by case; the night went on with the others.
    """

    cases: int = 0
    new_record: int = 0
    collected: int = 0
    review_due: int = 0
    rolled: int = 0
    in_use: int = 0
    not_rolled: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)


def watch(casework: Casework, news: News, at: int) -> Night:
    """Bring back what a record or a date brings back, and roll on the rest. ``at``: UTC seconds."""
    with reading(casework.engine) as connection:
        cases = watched(connection)
    night = Night(cases=len(cases))
    for case in cases:
        try:
            now = _by_record(casework, news, case, at, night)
            if case.state == "watching":
                _by_date(casework, news, now, at, night)
        except Conflict:
            night.in_use += 1
        except ThreatError as error:  # the others come back all the same; whoever runs the night is told
            night.failed[case.case_id] = error.problem
    return night


def _by_record(casework: Casework, news: News, case: Watched, at: int, night: Night) -> Watched:
    """Bring a case back where a new record does; return it with the version that its head has then."""
    with reading(casework.engine) as connection:
        events = _to_open(connection, news, case)
        waiting = _new_record_waiting(connection, case.case_id)
    if not events:
        return case
    name = "return_by_record" if case.state in _OVER else "refer"
    references = [show_id("E", event.event) for event in events]
    content = Content(name, "combination", case.case_id, {"kind": "new_record", "events": references})

    def write(work: Work) -> str:
        head = begin(work, name, case.case_id, case.version)
        collecting = _new_record_waiting(work.connection, head.id)
        referral_id = collecting or new_referral_id()
        if not collecting:
            due = casework.clocks.due("grade_referral", at)
            opened = Opened("new_record", references[0], case.relationship, at, due)
            keep_referral(work, referral_id, head.id, opened)
        keep_events(work, referral_id, case.relationship, events)
        move(work, head, transitions().after(name, head.state, {}))
        return referral_id

    done = acting(casework, _act(casework, at, case.case_id, *references), content, write)
    if not done.repeated:
        night.collected += waiting is not None
        night.new_record += waiting is None
    return replace(case, version=case.version + 1)


def _to_open(connection: Connection, news: News, case: Watched) -> list[RecordedEvent]:
    """Return the new records of kinds that bring a case back which opened nothing in this relationship yet."""
    new = [event for event in news.of(case) if event.kind in news.brings_back]
    opened = opened_of(connection, case.relationship, new)
    return sorted((event for event in new if event.event not in opened), key=lambda event: event.event)


def _new_record_waiting(connection: Connection, case_id: str) -> str | None:
    waiting = (row.id for row in unanswered(connection, case_id) if row.kind == "new_record")
    return next(waiting, None)


def _by_date(casework: Casework, news: News, case: Watched, at: int, night: Night) -> None:
    with reading(casework.engine) as connection:
        step = step_of(connection, case.case_id, "watching")
        waits = bool(unanswered(connection, case.case_id))
    if step is None or not _has_come(casework, step, at):
        return
    following = _following(casework, case, at)
    failed = _not_met(casework, news, case, at) + (["no_referral_unanswered"] if waits else [])
    if not failed and following.at > step.due_at:
        night.rolled += not _roll(casework, news, case, step, following, at).repeated
        return
    done = _review_due(casework, case, step, at)
    if not done.repeated:
        night.review_due += 1
        night.not_rolled.update(failed or ["person_looked"])


def _has_come(casework: Casework, step: Step, at: int) -> bool:
    """Tell whether the day of a date is there: a person has that day to look, and is late after it."""
    zone = casework.clocks.policy.time_zone
    return local(at, zone).date() >= local(step.due_at - 1, zone).date()


def _following(casework: Casework, case: Watched, at: int) -> Due:
    """Return the date that a roll would set: never later than a person has to look again."""
    due = casework.clocks.due("review_watching", at)
    return Due(min(due.at, case.longest(casework.clocks)), due.rule, due.calendar)


def _not_met(casework: Casework, news: News, case: Watched, at: int) -> list[str]:
    """Return the checks of a roll that a case does not meet, by the names of the table of acts."""
    met = {
        "looked_late_enough": case.is_late_enough(casework.clocks),
        "person_looked": at < case.longest(casework.clocks),
        "nothing_new": not news.of(case),
        "feeds_in_time": not news.late_feeds,
    }
    return [name for name, holds in met.items() if not holds]


def _roll(casework: Casework, news: News, case: Watched, step: Step, due: Due, at: int) -> Done:
    codes = {"due_at": step.due_at, "snapshot": news.snapshot, "looked_at": case.look.at}

    def write(work: Work) -> str:
        head = begin(work, "roll", case.case_id, case.version)
        roll_id = f"RL-{secrets.token_hex(8)}"
        work.keep(
            ROLLS,
            id=roll_id,
            case_id=head.id,
            looked_at=case.look.at,
            snapshot=news.snapshot,
            due_at=due.at,
            due_rule=due.rule,
            due_calendar=due.calendar,
        )
        move(work, head, transitions().after("roll", head.state, {}))
        return roll_id

    content = Content("roll", "combination", case.case_id, codes)
    return acting(casework, _act(casework, at, case.case_id, "roll", step.fact, step.due_at), content, write)


def _review_due(casework: Casework, case: Watched, step: Step, at: int) -> Done:
    """Put a case before a person whose date has come: it is due by that date, which somebody set."""
    content = Content("refer", "collection", case.case_id, {"kind": "review_due", "due_at": step.due_at})

    def write(work: Work) -> str:
        head, referral_id = begin(work, "refer", case.case_id, case.version), new_referral_id()
        due = Due(step.due_at, step.due_rule, "days")  # type: ignore[arg-type]
        keep_referral(work, referral_id, head.id, Opened("review_due", step.fact, case.relationship, at, due))
        move(work, head, transitions().after("refer", head.state, {}))
        return referral_id

    return acting(casework, _act(casework, at, case.case_id, "review_due", step.fact, step.due_at), content, write)


def _act(casework: Casework, at: int, *about: object) -> Act:
    name = " ".join(map(str, about))
    return Act.of_engine(str(uuid.uuid5(_NAMESPACE, name)), at, casework.policy)
