"""The one transaction of casework: what a person did, kept once, with the head it moved and its audit entry.

An act writes its fact rows, moves at most one head, and appends one audit entry and one row of ``acts``, in one
transaction; any part that fails undoes all. ``acts`` holds what is the same of every act: who, when, in which role,
under which policy, from which state to which. What a person typed is in ``texts`` alone.

An act has an id of its own, which the form carries. The same act again by the same person (a double click, a retry
after a lost answer) gets the answer of the first and writes nothing; the same id with other content, or from somebody
else, is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Row, Table, insert, select

from serving.audit.log import Entry, Operation, append, session_mark, vouch
from serving.casework.clocks import Clocks
from serving.casework.drafts import drop_draft
from serving.casework.tables import ACTS
from serving.casework.texts import keep_texts, same_texts, texts_of_acts
from serving.casework.transitions import ENGINE, Actor
from serving.storage import writing
from threat.errors import ThreatError, UsageError


class SignedIn(Protocol):
    """A session: who is signed in, as the log shows them."""

    @property
    def id(self) -> str:
        """Id of the session."""

    @property
    def person(self) -> Actor:
        """Return the person."""

    @property
    def who(self) -> str:
        """The person as the audit log shows them."""

    @property
    def role(self) -> str:
        """The roles of the person, in words."""

    @property
    def authenticated_at(self) -> int:
        """UTC seconds at which the person last proved who they are; 0 where nobody says."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when, and which act it is.

    ``act_id``: UUID. ``at``: UTC seconds. ``actor``: with roles and authority, as the table of acts asks. ``who``,
    ``role``: as the audit log shows them. ``session``: mark of the session. ``policy``: version of the policy in force.
    ``draft``: address of the form, whose draft the act takes the place of; empty for none. ``authenticated_at``: when
    the person last proved who they are, UTC seconds.
    """

    act_id: str
    at: int
    actor: Actor
    who: str
    role: str
    policy: str
    session: str = ""
    draft: str = ""
    authenticated_at: int = 0

    @classmethod
    def of(cls, session: SignedIn, act_id: str, at: int, policy: str, draft: str = "") -> Act:
        """Return an act of whoever is signed in."""
        mark, proved = session_mark(session.id), session.authenticated_at
        return cls(act_id, at, session.person, session.who, session.role, policy, mark, draft, proved)

    @classmethod
    def of_engine(cls, act_id: str, at: int, policy: str) -> Act:
        """Return an act of the desk itself."""
        return cls(act_id, at, ENGINE, "the desk", ENGINE.id, policy)


@dataclass(frozen=True, slots=True)
class Content:
    """What an act says.

    ``act``: its name. ``operation``: of section 62. ``subject``: the reference that the audit entry names. ``codes``:
    everything that was chosen, as JSON values; the audit entry and the hash hold them. ``texts``: what was typed, by
    field; an empty text is none.
    """

    act: str
    operation: Operation
    subject: str
    codes: Mapping[str, object] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The hash by which a repeat is known: of name, subject and codes as canonical JSON."""
        said = {"act": self.act, "subject": self.subject, "codes": dict(self.codes)}
        body = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(body.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """An act that is kept: ``result`` is the reference of what it made. ``repeated``: it was kept before."""

    act_id: str
    result: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ActSince:
    """An act that came in between: when (UTC seconds), who, what, and what they typed by field."""

    at: int
    who: str
    act: str
    state_to: str
    version: int
    texts: Mapping[str, str]


class Conflict(ThreatError):
    """Somebody acted on the case since the page was made: nothing was written.

    ``since``: the acts in between, oldest first. ``yours``: what was about to be written. ``version``: the version of
    the case now, which the form may be sent with again.
    """

    exit_code = 2

    def __init__(self, case_id: str, since: tuple[ActSince, ...], version: int) -> None:
        who = f"{since[-1].who} acted" if since else "Somebody acted"
        super().__init__(
            f"The case changed while you wrote: {who} on it after your page was made. Nothing of yours is written yet.",
            value=case_id,
            way_out="read what was done, then send yours again, change it or leave it",
        )
        self.since = since
        self.version = version
        self.yours: Content | None = None


class Work:
    """An act under way, inside its transaction: writes fact rows and notes what the act came to."""

    def __init__(self, connection: Connection, act: Act, content: Content) -> None:
        self.connection, self.act, self.content = connection, act, content
        self.text_ids = keep_texts(connection, act.act_id, content.texts)
        self.case_id: str | None = None
        self.state_from: str | None = None
        self.state_to: str | None = None
        self.version: int | None = None
        self.detail: dict[str, object] = {}
        self.last: list[Callable[[], None]] = []
        """What is done once the act itself is written: the head, which follows from all facts and their acts."""

    def keep(self, table: Table, **values: object) -> None:
        """Insert a fact row of this act."""
        self.connection.execute(insert(table).values(act_id=self.act.act_id, **values))

    def text_id(self, name: str) -> str | None:
        """Return the id of the text typed into a field; None where nothing was."""
        return self.text_ids.get(name)

    def moved(self, case_id: str, state_from: str | None, state_to: str, version: int | None) -> None:
        """Note what the act did to its case; ``version``: of the head after it, None where it did not move."""
        self.case_id, self.state_from, self.state_to, self.version = case_id, state_from, state_to, version


@dataclass(frozen=True, slots=True)
class Casework:
    """Where acts are kept. ``clocks``: of the policy in force.

    ``after``: called after a commit with the number of the audit entry and the time, to sign a checkpoint when due.
    """

    engine: Engine
    clocks: Clocks
    after: Callable[[int, int], None] | None = None

    @property
    def policy(self) -> str:
        """Return the version of the policy that acts are judged by, which each act holds."""
        return self.clocks.policy.version


def acting(casework: Casework, act: Act, content: Content, write: Callable[[Work], str]) -> Done:
    """Keep one act in one transaction, and return what it made.

    ``write`` writes the fact rows and the head, and returns the reference of what it made; it judges by what it reads
    inside the transaction. Raises UsageError for an act id that is known with other content, and Conflict.
    """
    with writing(casework.engine) as connection:
        done, entry = keep(connection, act, content, write)
    if entry is not None:
        vouched(casework, [entry], act.at)
    return done


def vouched(casework: Casework, entries: Sequence[tuple[int, str]], at: int) -> None:
    """Vouch for audit entries after their commit, and sign a checkpoint when one is due. ``at``: UTC seconds."""
    for sequence, digest in entries:
        vouch(casework.engine, sequence, digest, at)
    if entries and casework.after is not None:
        casework.after(entries[-1][0], at)


def keep(
    connection: Connection, act: Act, content: Content, write: Callable[[Work], str]
) -> tuple[Done, tuple[int, str] | None]:
    """Keep an act in the caller's write transaction; return it with the number and hash of its audit entry.

    None for the entry of a repeat: it has the entry of the first. The caller vouches for the entry after the commit.
    """
    first = connection.execute(select(ACTS).where(ACTS.c.act_id == act.act_id)).first()
    if first is not None:
        return _repeat(connection, first, act, content), None
    work = Work(connection, act, content)
    if act.draft:
        drop_draft(connection, act.actor.id, act.draft)
    try:
        result = write(work)
    except Conflict as conflict:
        conflict.yours = content
        raise
    entry = Entry(
        act.who,
        act.role,
        content.operation,
        content.act.replace("_", " "),
        content.subject or work.case_id or "",
        detail={**content.codes, **work.detail, "act": act.act_id, "policy": act.policy}
        | ({"texts": work.text_ids} if work.text_ids else {}),
        session=act.session,
    )
    sequence, digest = append(connection, entry, act.at)
    connection.execute(
        insert(ACTS).values(
            act_id=act.act_id,
            act=content.act,
            content_sha256=content.sha256,
            at=act.at,
            by=act.actor.id,
            who=act.who,
            role=act.role,
            policy=act.policy,
            case_id=work.case_id,
            state_from=work.state_from,
            state_to=work.state_to,
            version=work.version,
            result=result,
            audit=sequence,
        )
    )
    try:
        for finish in work.last:
            finish()
    except Conflict as conflict:
        conflict.yours = content
        raise
    return Done(act.act_id, result), (sequence, digest)


def _repeat(connection: Connection, first: Row[Any], act: Act, content: Content) -> Done:
    """Return the answer of the first. Raises UsageError where the id was used for another act, or by another person."""
    if first.by != act.actor.id:
        raise UsageError(
            "This act is written already, by somebody else.",
            value=first.act_id,
            where="act_id",
            way_out="open the page again: it shows what was written, and gives your act an id of its own",
        )
    same = first.content_sha256 == content.sha256 and same_texts(connection, first.act_id, content.texts)
    if not same:
        raise UsageError(
            "This act is written already, with other content.",
            value=first.act_id,
            where="act_id",
            way_out="open the page again: it shows what was written, and gives the next act an id of its own",
        )
    return Done(first.act_id, first.result, repeated=True)


def acts_since(connection: Connection, case_id: str, version: int) -> tuple[ActSince, ...]:
    """Return the acts that moved a case past a version, oldest first, with what they typed."""
    query = select(ACTS).where(ACTS.c.case_id == case_id, ACTS.c.version > version).order_by(ACTS.c.version)
    rows = connection.execute(query).all()
    texts = texts_of_acts(connection, [row.act_id for row in rows])
    return tuple(
        ActSince(row.at, row.who, row.act, row.state_to, row.version, texts.get(row.act_id, {})) for row in rows
    )
