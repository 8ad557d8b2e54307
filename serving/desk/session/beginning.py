"""Beginning a session: its row and its audit entry in one transaction, and the cookie that carries its id."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from serving.audit.log import Entry, session_mark
from serving.desk import cookies
from serving.desk.service import Desk, LoggedChange
from serving.identity import sessions
from serving.identity.person import Person
from serving.identity.sessions import Session


def begin(
    desk: Desk, change: LoggedChange, person: Person, at: int, authenticated_at: int, detail: dict[str, object]
) -> Session:
    """Begin a session inside a change whose entry it becomes. Times in UTC seconds."""
    session = sessions.start(change.connection, person, at, desk.sign_in.limits, authenticated_at)
    change.entry = Entry(
        session.who, session.role, "access", "sign in", detail=detail, session=session_mark(session.id)
    )
    return session


def record_again(desk: Desk, session: Session, authenticated_at: int, at: int) -> Session:
    """Note that the person of a session has proved again who they are, with its entry. Times in UTC seconds."""
    with desk.logged_change(at) as change:
        change.entry = Entry(session.who, session.role, "access", "sign in again", session=session_mark(session.id))
        return sessions.authenticate_again(change.connection, session, authenticated_at)


def carry(request: Request, response: Response, session: Session) -> None:
    """Have the browser carry a session that has begun."""
    desk: Desk = request.app.state.desk
    seconds = desk.sign_in.limits.longest_seconds
    cookies.keep(request, response, cookies.SESSION, desk.signer.cookie(session.id), seconds)
