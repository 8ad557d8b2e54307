"""One request: who is asking, whether their role may, and the audit entry without which nothing is answered."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, NoReturn

from fastapi import Depends, Request
from sqlalchemy import Connection

from serving.audit.log import Entry, Operation, session_mark
from serving.desk import cookies
from serving.desk.form import LARGEST, Form, NotAForm
from serving.desk.problems import Denied, NotFound, SignInAgain
from serving.desk.service import Desk
from serving.identity import sessions
from serving.identity.roles import PERMISSIONS, Permission
from serving.identity.sessions import Session
from threat.errors import ThreatError

_REFERENCE = re.compile(r"[RPEUCF]-[0-9a-f]{16}", re.ASCII)
"""What of an address the log may hold: a whole reference. Anything else may be whatever somebody typed, a name too."""

NOBODY = "nobody signed in"
"""Who an entry names for a request without a session."""


@dataclass(slots=True)
class EntryDraft:
    """The part of an audit entry that is known only while a request runs: its ``subject`` and ``detail``."""

    subject: str = ""
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignedInRequest:
    """A request of a signed-in user. ``at``: UTC seconds of its arrival; ``desk``: what it may ask.

    ``subject``: the reference in its address, which the entry of a refusal names; empty where there is none.
    """

    desk: Desk
    session: Session
    at: int
    subject: str = ""

    @contextmanager
    def logged(self, operation: Operation, action: str) -> Iterator[EntryDraft]:
        """Run a read or a write, then commit its audit entry; only then may the answer leave.

        An operation that fails is logged as it failed. When the entry cannot be written, the request fails.
        """
        draft = EntryDraft()
        try:
            yield draft
        except Exception as error:
            outcome = "refused" if isinstance(error, ThreatError) else "failed"
            draft.subject = draft.subject or self.subject  # it failed before it knew what it is about
            self._record(operation, action, draft, "not found" if isinstance(error, NotFound) else outcome)
            raise
        # Before the answer, never after: an answer that left without an entry could not be taken back.
        self._record(operation, action, draft, "done")

    def require(self, permission: Permission, action: str) -> None:
        """Raise Denied, and log it, unless one of the person's roles has the permission."""
        if self.session.may(permission):
            return
        way_out = f"ask for a role that may: {PERMISSIONS[permission].lower()}"
        self.refuse(Denied("Your roles may not do this.", status=403, value=self.session.role, way_out=way_out), action)

    def require_recent(self, seconds: int, action: str) -> None:
        """Raise SignInAgain, and log it, unless the person proved who they are within some seconds."""
        if not self.session.is_recent(seconds, self.at):
            self.refuse(SignInAgain(), action)

    def refuse(self, denied: Denied, action: str) -> NoReturn:
        """Raise a refusal that is logged."""
        self._record("access", action, EntryDraft(self.subject, {"status": denied.status}), "refused")
        denied.logged = True
        raise denied

    def require_form(self, token: str, action: str) -> None:
        """Raise Denied, and log it, unless a form came from this desk's own page in this session."""
        try:
            require_token(self.desk, token, self.session.id)
        except Denied as denied:
            self.refuse(denied, action)

    def sign_out(self) -> None:
        """End the session here and close its names, with its entry: a copy of its cookie opens nothing from now on."""
        with self.logged_change("access", "sign out") as (connection, _):
            sessions.end(connection, self.session, self.at)

    @contextmanager
    def logged_change(self, operation: Operation, action: str) -> Iterator[tuple[Connection, EntryDraft]]:
        """Run a change of the desk's own database and write its audit entry in the same transaction."""
        user, draft = self.session, EntryDraft()
        with self.desk.logged_change(self.at) as change:
            yield change.connection, draft
            mark = session_mark(user.id)
            change.entry = Entry(user.who, user.role, operation, action, draft.subject, "done", draft.detail, mark)

    def _record(self, operation: Operation, action: str, draft: EntryDraft, outcome: str) -> None:
        user, mark = self.session, session_mark(self.session.id)
        entry = Entry(user.who, user.role, operation, action, draft.subject, outcome, draft.detail, mark)
        self.desk.log(entry, self.at)


def desk_of(request: Request) -> Desk:
    """Return the desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


def session_of(request: Request) -> Session | None:
    """Return the session of the request, with its person as they stand now, looked up once a request.

    None for no cookie, or for one that is forged, over or signed out of, or whose person may sign in no longer.
    """
    if not hasattr(request.state, "session"):
        request.state.session = None  # where the look-up fails, the page of that error shows nobody signed in
        request.state.opened_nothing = {}
        request.state.mark = ""
        desk, cookie = desk_of(request), cookies.kept(request, cookies.SESSION)
        session_id = desk.signer.session_id(cookie)
        if session_id:
            opened = sessions.find(desk.engine, session_id, desk.clock(), desk.sign_in.limits, desk.sign_in.issuer)
            request.state.session = opened.session
            request.state.opened_nothing = {} if opened.why is None else {"cookie": opened.why}
            request.state.mark = session_mark(session_id)
        elif cookie:
            request.state.opened_nothing = {"cookie": "forged"}
    looked_up: Session | None = request.state.session
    return looked_up


def signed_in_request(request: Request) -> SignedInRequest:
    """Return the request of a signed-in user. Raises Denied (401) for anyone else."""
    session = session_of(request)
    if session is None:
        raise Denied(
            "Nobody is signed in.",
            status=401,
            where=request.url.path,
            way_out="sign in at /sign-in; a session ends when it is left for an hour, and after one shift",
        )
    desk = desk_of(request)
    return SignedInRequest(desk, session, desk.clock(), subject_of(request))


def subject_of(request: Request) -> str:
    """Return the reference in the address of a request, if it is a whole one; else an empty text."""
    reference = str(request.path_params.get("reference", ""))
    return reference if _REFERENCE.fullmatch(reference) else ""


def log_refusal(request: Request, denied: Denied) -> None:
    """Write the entry of a refusal that has none yet: nobody signed in, a sign-in that failed, a form that is no form.

    It says which route, the reference in the address, and why the cookie, if any, opened nothing; never the address
    itself, the cookie or a field of a form, which may hold anything.
    """
    session, desk = session_of(request), desk_of(request)
    route = request.scope.get("route")
    path = getattr(route, "path", "")
    detail: dict[str, object] = {"status": denied.status} | denied.detail | request.state.opened_nothing
    who, role = (NOBODY, "nobody") if session is None else (session.who, session.role)
    action = "sign in" if path in {"/sign-in", "/sign-in/callback"} else f"{request.method} {path}"
    entry = Entry(who, role, "access", action, subject_of(request), "refused", detail, request.state.mark)
    desk.log(entry, desk.clock())
    denied.logged = True


def may(permission: Permission) -> Callable[[Request, SignedInRequest], SignedInRequest]:
    """Return a dependency that lets through the requests of roles that have the permission."""

    def check(request: Request, signed_in: Annotated[SignedInRequest, Depends(signed_in_request)]) -> SignedInRequest:
        signed_in.require(permission, f"{request.method} {request.scope['route'].path}")
        return signed_in

    return check


def authenticated_within(seconds: int) -> Callable[[Request, SignedInRequest], None]:
    """Return a dependency that lets through people who proved who they are within some seconds, and no others."""

    def check(request: Request, signed_in: Annotated[SignedInRequest, Depends(signed_in_request)]) -> None:
        signed_in.require_recent(seconds, f"{request.method} {request.scope['route'].path}")

    return check


async def posted_form(request: Request) -> Form:
    """Return a posted form. Raises Denied (400, 413) for a body that is no form, or longer than one may be."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type != "application/x-www-form-urlencoded":
        raise Denied(
            "The form was not sent as application/x-www-form-urlencoded.", status=400, value=media_type or None
        )
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise Denied(f"The form is longer than {LARGEST // 1024} kB.", status=413, way_out="shorten its texts")
    try:
        request.state.form = Form.parse(body)
    except NotAForm as error:
        raise Denied(str(error), status=400) from None
    form: Form = request.state.form
    return form


def require_token(desk: Desk, token: str, session_id: str) -> None:
    """Raise Denied unless a form came from this desk's own page in this session."""
    if not session_id or not desk.signer.token_fits(token, session_id):
        raise Denied(
            "This form is not from a page of this session.",
            status=403,
            way_out="open the page again and send it from there",
        )


def new_visitor_id() -> str:
    """Return a random id for someone who has not signed in yet, so that the sign-in form too has a token."""
    return secrets.token_hex(16)
