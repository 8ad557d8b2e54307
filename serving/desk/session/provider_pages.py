"""Signing in at the force's identity provider: there, back, and, where an act asks for it, again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from serving.audit.log import Entry
from serving.desk import cookies
from serving.desk.problems import Denied, NotFound
from serving.desk.rendering import page_of
from serving.desk.request import NOBODY, SignedInRequest, desk_of, signed_in_request
from serving.desk.returning import page_to_return_to
from serving.desk.service import Desk
from serving.desk.session.beginning import begin, carry, record_again
from serving.desk.session.pages import sign_in_page
from serving.identity import people, sessions, under_way
from serving.identity.people import Account
from serving.identity.sessions import Session
from serving.identity.under_way import UnderWay
from threat.errors import ThreatError

if TYPE_CHECKING:
    from serving.identity.provider import Provider, Verified

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/start")
def start(request: Request) -> Response:
    """Send somebody to the provider to sign in."""
    return _to_the_provider(request, again="")


@router.get("/sign-in/start-again")
def start_again(request: Request, signed_in: Annotated[SignedInRequest, Depends(signed_in_request)]) -> Response:
    """Send somebody who is signed in to the provider, to prove again who they are."""
    return _to_the_provider(request, again=signed_in.session.id)


@router.get("/sign-in/callback")
def come_back(request: Request) -> Response:
    """Begin the session of whoever comes back from the provider, or note that its person proved again who they are."""
    desk, provider, now = desk_of(request), _provider_of(request), desk_of(request).clock()
    query = request.query_params
    begun = under_way.read(cookies.kept(request, cookies.UNDER_WAY), query.get("state", ""), now, desk.signer)
    if begun is None:
        raise _refused(
            400,
            "This sign-in was not begun in this browser, or more than ten minutes ago.",
            "open /sign-in and begin again",
            "state",
        )
    if "code" not in query:
        raise _refused(403, "The identity provider did not sign you in.", "open /sign-in and try again", "no code")
    try:
        verified = provider.verified(query, begun, desk.signer, now)
    except ThreatError as error:
        return _not_signed_in(request, error, now)
    session = _again(desk, begun, verified, now) if begun.again else _begun(desk, verified, now)
    response = page_of(request, "session/arrived.html", session=session, next_page=begun.back)
    carry(request, response, session)
    cookies.forget(request, response, cookies.UNDER_WAY)
    return response


def _to_the_provider(request: Request, *, again: str) -> Response:
    desk, provider, now = desk_of(request), _provider_of(request), desk_of(request).clock()
    begun = under_way.begin(now, page_to_return_to(request.app, request.query_params.get("back", "")), again)
    try:
        address = provider.authorization_address(begun, desk.signer)
    except ThreatError as error:
        return _not_signed_in(request, error, now)
    response = RedirectResponse(address, status_code=303)
    # Lax: the browser comes back from another site, and would not send a strict one.
    cookies.keep(request, response, cookies.UNDER_WAY, begun.cookie(desk.signer), under_way.SECONDS, "lax")
    return response


def _begun(desk: Desk, verified: Verified, now: int) -> Session:
    with desk.logged_change(now) as change:
        person = people.of_account(change.connection, Account(desk.sign_in.issuer, verified.subject))
        if person is None:
            raise _stranger(desk, verified.subject)
        if not person.active:
            raise _refused(403, "Your access to this desk has ended.", f"ask {_whom(desk)}", "no longer active")
        if not person.roles:
            raise _refused(403, "You have no role at this desk.", f"ask {_whom(desk)} for one", "no role")
        return begin(desk, change, person, now, verified.authenticated_at, {})


def _again(desk: Desk, begun: UnderWay, verified: Verified, now: int) -> Session:
    opened = sessions.find(desk.engine, begun.again, now, desk.sign_in.limits, desk.sign_in.issuer).session
    if opened is None:
        raise _refused(403, "Your session ended while you signed in again.", "open /sign-in", "session over")
    if opened.person.subject != verified.subject:
        raise _refused(
            403,
            "Somebody else signed in at the identity provider than the person of this session.",
            "sign out, and sign in as yourself",
            "another person",
        )
    return record_again(desk, opened, verified.authenticated_at, now)


def _not_signed_in(request: Request, error: ThreatError, now: int) -> Response:
    """Return the sign-in page that says what went wrong at the provider, with the entry of it."""
    from serving.identity.provider import NotVerifiedError

    check = error.check if isinstance(error, NotVerifiedError) else ""
    status, outcome = (403, "refused") if check else (502, "failed")
    detail: dict[str, object] = {"status": status} | ({"check": check} if check else {})
    desk_of(request).log(Entry(NOBODY, "nobody", "access", "sign in", outcome=outcome, detail=detail), now)
    says = f"{error.problem} {error.way_out[:1].upper()}{error.way_out[1:]}."
    return sign_in_page(request, "", status=status, error=says)


def _stranger(desk: Desk, subject: str) -> Denied:
    """Return the refusal of somebody whom the provider knows and the desk does not; the log has their hash alone."""
    mark = hashlib.sha256(f"{desk.sign_in.issuer}\x1f{subject}".encode()).hexdigest()[:16]
    denied = _refused(
        403,
        "The identity provider knows you, and this desk does not: nobody has added you to its people.",
        f"ask {_whom(desk)} to add you, and give them your subject as it is said here",
        "stranger",
    )
    denied.value = subject
    denied.detail["stranger"] = mark
    return denied


def _refused(status: int, problem: str, way_out: str, check: str) -> Denied:
    denied = Denied(problem, status=status, way_out=way_out)
    denied.detail["check"] = check
    return denied


def _whom(desk: Desk) -> str:
    return desk.sign_in.provider.ask if desk.sign_in.provider else ""


def _provider_of(request: Request) -> Provider:
    provider = desk_of(request).provider
    if provider is None:
        raise NotFound("This desk has no identity provider.", way_out="open /sign-in")
    return provider
