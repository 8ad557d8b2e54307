"""Whether everything is as it was written: each head as its facts say, each referral with its event and its case.

Run every night (``threat casework check``). A difference is an incident: it is kept, shown as an alarm, and the command
ends with exit code 5. Nothing is mended by itself: what is stored was changed without its act, or a rule is wrong.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select

from serving.casework.act import Act, Casework, Content, Work, acting
from serving.casework.case_state import state_of
from serving.casework.drafts import purge_drafts
from serving.casework.facts import Fact
from serving.casework.judged import next_due
from serving.casework.tables import (
    ACTS,
    CASES,
    GRADES,
    INCIDENTS,
    OVER,
    REFERRAL_EVENTS,
    REFERRALS,
    SECOND_LOOKS,
)
from serving.storage import reading, writing
from threat.errors import IntegrityFailure


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that is not as its facts say: which check, of what, what is stored and what follows from the facts."""

    check_name: str
    subject: str
    stored: str
    computed: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to: how many cases and referrals it read, the incidents, and drafts deleted as over."""

    cases: int
    referrals: int
    drafts_deleted: int
    incidents: tuple[Incident, ...]


def check(casework: Casework, at: int) -> Checked:
    """Compute every head again from its facts, and keep what differs as incidents. ``at``: UTC seconds."""
    with writing(casework.engine) as connection:
        deleted = purge_drafts(connection, at)
    with reading(casework.engine) as connection:
        compared = compare(connection)
    _keep(casework, compared, at)
    return replace(compared, drafts_deleted=deleted)


def compare(connection: Connection) -> Checked:
    """Compute every head again from its facts, and return what differs; nothing is written."""
    heads = connection.execute(select(CASES).order_by(CASES.c.id)).all()
    referrals = connection.execute(select(REFERRALS).order_by(REFERRALS.c.id)).all()
    facts = facts_of(connection)
    incidents = (
        *(incident for head in heads for incident in _of_case(connection, head, facts.get(head.id, []))),
        *_twice_open(heads),
        *_of_referrals(connection, referrals),
    )
    return Checked(len(heads), len(referrals), 0, incidents)


def facts_of(connection: Connection) -> dict[str, list[Fact]]:
    """Return the facts of every case that moved its head, in the order they were written."""
    query = (
        select(ACTS, GRADES.c.grade, SECOND_LOOKS.c.grade_after)
        .outerjoin(GRADES, GRADES.c.act_id == ACTS.c.act_id)
        .outerjoin(SECOND_LOOKS, SECOND_LOOKS.c.act_id == ACTS.c.act_id)
        .where(ACTS.c.version.is_not(None))
        .order_by(ACTS.c.version)
    )
    out: dict[str, list[Fact]] = {}
    for row in connection.execute(query):
        codes = {name: row._mapping[name] for name in ("grade", "grade_after") if row._mapping[name]}
        out.setdefault(row.case_id, []).append(Fact(row.act, row.at, row.by, codes, row.act_id))
    return out


def _of_case(connection: Connection, head: Row[Any], facts: list[Fact]) -> Iterator[Incident]:
    try:
        state = state_of(facts)
    except IntegrityFailure as failure:
        yield Incident("state", head.id, head.state, f"no state: {failure.value}")
        return
    if state != head.state:
        yield Incident("state", head.id, head.state, state)
    if len(facts) != head.version:
        yield Incident("version", head.id, str(head.version), str(len(facts)))
    for name, computed in next_due(connection, head.id, state).items():
        stored = head._mapping[name]
        if stored != computed:
            yield Incident(name, head.id, str(stored), str(computed))


def _twice_open(heads: Sequence[Row[Any]]) -> Iterator[Incident]:
    opened: dict[int, str] = {}
    for head in heads:
        if head.state in OVER:
            continue
        if head.relationship in opened:
            yield Incident("one_open_case", head.id, head.state, f"open as {opened[head.relationship]}")
        opened[head.relationship] = head.id


def _of_referrals(connection: Connection, referrals: Sequence[Row[Any]]) -> Iterator[Incident]:
    with_events = set(connection.execute(select(REFERRAL_EVENTS.c.referral_id)).scalars())
    cases = set(connection.execute(select(CASES.c.id)).scalars())
    for row in referrals:
        if row.kind == "must_see" and row.id not in with_events:
            yield Incident("must_see_events", row.id, "no event", "at least one")
        if row.case_id is None and row.kind != "link_question":
            yield Incident("referral_case", row.id, "no case", "a case")
        if row.case_id is not None and row.case_id not in cases:
            yield Incident("referral_case", row.id, row.case_id, "a case that is there")


def _keep(casework: Casework, compared: Checked, at: int) -> None:
    """Write that the check ran, with its incidents: the latest check is what an alarm is of."""

    def write(work: Work) -> str:
        for incident in compared.incidents:
            work.keep(INCIDENTS, id=f"I-{secrets.token_hex(8)}", **asdict(incident))
        return str(len(compared.incidents))

    content = Content("check", "consultation", "", {"cases": compared.cases, "incidents": len(compared.incidents)})
    acting(casework, Act.of_engine(str(uuid.uuid4()), at, casework.policy), content, write)


def incidents_now(connection: Connection) -> tuple[Incident, ...]:
    """Return the incidents of the latest check; none where it found none, or none ran yet."""
    latest = select(ACTS.c.act_id).where(ACTS.c.act == "check").order_by(ACTS.c.audit.desc()).limit(1)
    act_id = connection.execute(latest).scalar()
    rows = connection.execute(select(INCIDENTS).where(INCIDENTS.c.act_id == act_id).order_by(INCIDENTS.c.id))
    return tuple(Incident(row.check_name, row.subject, row.stored, row.computed) for row in rows)
