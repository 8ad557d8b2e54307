"""Sessions, kept here and not in the cookie, so that one can be ended here and a role that was taken away is gone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from serving.identity.people import person_of
from serving.identity.person import Person
from serving.identity.roles import Permission
from serving.identity.tables import OPEN_NAMES, PEOPLE, SESSIONS
from serving.storage import reading, writing

SEEN_SECONDS = 60
"""A request within a minute of the one before is not written down: an hour of reading costs 60 writes at most."""

KEPT_SECONDS = 24 * 60 * 60
"""A session that is over is known for a day longer: a form that was being written is kept for its writer."""

RECENT_SECONDS = 600
"""Ten minutes: what asks for a recent proof is begun within them, by the person who gave it and not by a passer-by."""

Why = Literal["unknown or over", "signed out", "left idle", "no longer active", "of another sign-in"]
"""Why a cookie that the desk signed opens nothing."""


# Made once: it is asked at every request, and to make it costs as much as to run it.
_WITH_PERSON = select(PEOPLE, SESSIONS).join_from(SESSIONS, PEOPLE).where(SESSIONS.c.session_id == bindparam("id"))


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts. ``idle_seconds``: without a request; ``longest_seconds``: in all.

    Less than an hour would end sessions over a long record that is being read, or a form that is being written. In
    all, one shift: a machine left open does not stay signed in overnight.
    """

    idle_seconds: int = 60 * 60
    longest_seconds: int = 8 * 60 * 60


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in. Times in UTC seconds.

    ``authenticated_at``: when the person last proved who they are, 0 where nobody says; ``ends_at``: when the session
    ends at the latest.
    """

    id: str
    person: Person
    started_at: int
    authenticated_at: int
    ends_at: int

    def may(self, permission: Permission) -> bool:
        """Tell whether the person's roles have the permission."""
        return self.person.may(permission)

    def is_recent(self, seconds: int, at: int) -> bool:
        """Tell whether the person proved who they are within some seconds before ``at`` (UTC seconds)."""
        return self.authenticated_at > at - seconds

    @property
    def who(self) -> str:
        """Who, as the audit log shows it."""
        return self.person.who

    @property
    def role(self) -> str:
        """The person's roles in words, as the audit log shows them."""
        return self.person.roles_in_words


@dataclass(frozen=True, slots=True)
class Found:
    """What a session id opens: a session, or none and why."""

    session: Session | None = None
    why: Why | None = None


def start(connection: Connection, person: Person, at: int, limits: Limits, authenticated_at: int) -> Session:
    """Begin a session of a person, under an id that nobody had before. Times in UTC seconds.

    ``authenticated_at``: when they proved who they are, which with a provider may be long ago; 0 where it does not say.
    """
    connection.execute(delete(SESSIONS).where(SESSIONS.c.ends_at <= at - KEPT_SECONDS))
    session = Session(secrets.token_hex(16), person, at, authenticated_at, at + limits.longest_seconds)
    connection.execute(
        insert(SESSIONS).values(
            session_id=session.id,
            person=person.id,
            started_at=at,
            seen_at=at,
            authenticated_at=authenticated_at,
            ends_at=session.ends_at,
        )
    )
    return session


def find(engine: Engine, session_id: str, at: int, limits: Limits, issuer: str) -> Found:
    """Return the session of an id, with its person as they stand now, and write down that it was used.

    ``issuer``: where people sign in now; a session from the development sign-in ends when an identity provider is set.
    One read, and at most one write a minute.
    """
    with reading(engine) as connection:
        row = connection.execute(_WITH_PERSON, {"id": session_id}).first()
    if row is None or at >= row.ends_at:
        return Found(why="unknown or over")
    if row.ended_at is not None:
        return Found(why="signed out")
    if at - row.seen_at >= limits.idle_seconds:
        return Found(why="left idle")
    person = person_of(row)
    if not person.active:
        return Found(why="no longer active")
    if person.issuer != issuer:
        return Found(why="of another sign-in")
    if at - row.seen_at >= SEEN_SECONDS:
        with writing(engine) as connection:
            connection.execute(update(SESSIONS).where(SESSIONS.c.session_id == session_id).values(seen_at=at))
    return Found(Session(session_id, person, row.started_at, row.authenticated_at, row.ends_at))


def end(connection: Connection, session: Session, at: int) -> None:
    """End a session, and close its names: a copy of its cookie opens nothing from now on."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.session_id == session.id).values(ended_at=at))
    connection.execute(delete(OPEN_NAMES).where(OPEN_NAMES.c.session_id == session.id))


def authenticate_again(connection: Connection, session: Session, at: int) -> Session:
    """Note that the person of a session has just proved again who they are."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.session_id == session.id).values(authenticated_at=at))
    return replace(session, authenticated_at=at)
