"""One request: who is asking, whether their role may, and the audit entry without which nothing is answered."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request
from sqlalchemy import delete, insert, select

from serving.audit.database import ENDED_SESSIONS
from serving.audit.log import Entry, Operation, append, record, tell_witness
from serving.desk.problems import Denied, NotFound
from serving.desk.service import Desk
from serving.desk.sign_in import COOKIE, Permission, Session
from threat.errors import ThreatError

VISITOR_COOKIE = "threat_visitor"
_LARGEST_FORM = 8 * 1024


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in request. ``at``: UTC seconds of its arrival; ``desk``: what it may ask."""

    desk: Desk
    session: Session
    at: int

    @contextmanager
    def logged(self, operation: Operation, action: str, subject: str = "") -> Iterator[Note]:
        """Run a read or a write, then commit its audit entry; only then may the answer leave.

        What fails is logged as it failed. When the entry can't be written the request fails.
        """
        note = Note(subject)
        try:
            yield note
        except Exception as error:
            known = "refused" if isinstance(error, ThreatError) else "failed"
            self._record(operation, action, note, "not found" if isinstance(error, NotFound) else known)
            raise
        self._record(operation, action, note, "done")

    def require(self, permission: Permission, action: str) -> None:
        """Raise Denied, and log it, unless the role has the permission."""
        if self.session.may(permission):
            return
        self._record("access", action, Note(""), "refused")
        raise Denied(
            "This role may not see this.",
            status=403,
            value=self.session.role,
            way_out="sign in with a role that may, if it is yours to use",
        )

    def require_form(self, token: str, action: str) -> None:
        """Raise Denied, and log it, unless a form came from this desk's own page in this session."""
        try:
            require_token(self.desk, token, self.session.id)
        except Denied:
            self._record("access", action, Note(""), "refused")
            raise

    def sign_out(self) -> None:
        """End the session here, with its entry: a copy of its cookie opens nothing from now on."""
        user, ended = self.session, ENDED_SESSIONS
        with self.desk.engine.begin() as connection:
            connection.execute(delete(ended).where((ended.c.ends_at <= self.at) | (ended.c.session_id == user.id)))
            connection.execute(insert(ended).values(session_id=user.id, ends_at=user.ends_at))
            sequence, digest = append(connection, Entry(user.who, user.role, "access", "sign out"), self.at)
        tell_witness(self.desk.engine, sequence, digest)

    def _record(self, operation: Operation, action: str, note: Note, outcome: str) -> None:
        user = self.session
        entry = Entry(user.who, user.role, operation, action, note.subject, outcome, note.detail)
        record(self.desk.engine, entry, self.at)


@dataclass(slots=True)
class Note:
    """What the audit entry will say: filled in while the request runs."""

    subject: str
    detail: dict[str, object] = field(default_factory=dict)


def the_desk(request: Request) -> Desk:
    """The desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


def session_of(request: Request) -> Session | None:
    """The session the cookie carries, or None: none, forged, over or signed out of. Looked up once a request."""
    if not hasattr(request.state, "session"):
        request.state.session = None  # where the look-up fails, the page of that error shows nobody signed in
        desk = the_desk(request)
        session = desk.keeper.read(request.cookies.get(COOKIE, ""), desk.clock())
        if session is not None and not _signed_out(desk, session):
            request.state.session = session
    found: Session | None = request.state.session
    return found


def _signed_out(desk: Desk, session: Session) -> bool:
    with desk.engine.connect() as connection:
        asked = select(ENDED_SESSIONS.c.session_id).where(ENDED_SESSIONS.c.session_id == session.id)
        return connection.execute(asked).first() is not None


def visit_of(request: Request) -> Visit:
    """The visit, for a signed-in user. Raises Denied (401) otherwise."""
    session = session_of(request)
    if session is None:
        raise Denied(
            "This needs a signed-in user.",
            status=401,
            where=request.url.path,
            way_out="sign in at /sign-in; the session ends after one shift",
        )
    desk = the_desk(request)
    return Visit(desk, session, desk.clock())


def may(permission: Permission) -> Callable[[Request, Visit], Visit]:
    """A dependency that lets through visits whose role has the permission."""

    def check(request: Request, visit: Annotated[Visit, Depends(visit_of)]) -> Visit:
        visit.require(permission, f"{request.method} {request.scope['route'].path}")
        return visit

    return check


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form, each once. Raises Denied (400, 413) for anything that is no small form."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Denied("A form is sent as application/x-www-form-urlencoded.", status=400)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise Denied("A form holds at most 8 kB.", status=413, way_out="shorten the reason")
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=20)
    except ValueError:
        raise Denied("The form could not be read.", status=400) from None
    return {name: values[0] for name, values in fields.items()}


def require_token(desk: Desk, token: str, session_id: str) -> None:
    """Raise Denied unless a form came from this desk's own page in this session."""
    if not session_id or not desk.keeper.token_fits(token, session_id):
        raise Denied(
            "This form is not from a page of this session.",
            status=403,
            way_out="open the page again and send it from there",
        )


def new_visitor() -> str:
    """A random id for someone who hasn't signed in yet, so that the sign-in form too has a token."""
    return secrets.token_hex(16)
