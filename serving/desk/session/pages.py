"""The sign-in page, the development sign-in, sign-out, and the guided tour."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from serving.audit.log import Entry
from serving.desk import cookies
from serving.desk.form import Form
from serving.desk.problems import Denied, plain
from serving.desk.rendering import page_of, problem_page
from serving.desk.request import (
    NOBODY,
    SignedInRequest,
    desk_of,
    may,
    new_visitor_id,
    posted_form,
    require_token,
    signed_in_request,
)
from serving.desk.returning import page_to_return_to
from serving.desk.service import Desk
from serving.desk.session.beginning import begin, carry, record_again
from serving.identity import development
from serving.identity.development import DevelopmentPerson, development_people
from serving.identity.person import Person
from serving.storage import reading
from threat.errors import ThreatError

router = APIRouter(include_in_schema=False)

_VISIT_SECONDS = 3600


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """The way in: to the force's provider, or to the people of the development sign-in."""
    visitor = cookies.kept(request, cookies.VISITOR)
    visitor = visitor if len(visitor) == 32 and visitor.isalnum() else new_visitor_id()
    response = sign_in_page(request, visitor)
    cookies.keep(request, response, cookies.VISITOR, visitor, _VISIT_SECONDS)
    return response


@router.post("/sign-in")
def start_session(request: Request, form: Annotated[Form, Depends(posted_form)]) -> Response:
    """Begin a session of the person picked, by the development sign-in alone."""
    desk, now = desk_of(request), desk_of(request).clock()
    if desk.sign_in.provider is not None:
        raise _at_the_provider()
    visitor = cookies.kept(request, cookies.VISITOR)
    require_token(desk, form.value("token"), visitor)
    subject = form.value("person")
    if subject not in development_people():
        # What was sent instead of a person may be anything, so the entry leaves it out.
        refused = Entry(NOBODY, "nobody", "access", "sign in", outcome="refused", detail={"status": 422})
        desk.log(refused, now)
        return sign_in_page(request, visitor, status=422, error="Choose a person.")
    with desk.logged_change(now) as change:
        added = development.enrol(change.connection, now)
        person = development.picked(change.connection, subject)
        if person is None:
            raise Denied(
                "The access of this person has ended.",
                status=403,
                way_out="pick another person, or ask an administrator",
            )
        if not person.roles:
            raise Denied("This person has no role at this desk.", status=403, way_out="ask an administrator for one")
        session = begin(desk, change, person, now, now, {"people_added": added} if added else {})
    response = RedirectResponse(page_to_return_to(request.app, form.value("back")), status_code=303)
    carry(request, response, session)
    return response


@router.get("/sign-in/again")
def sign_in_again(request: Request, signed_in: Annotated[SignedInRequest, Depends(signed_in_request)]) -> Response:
    """Show where somebody who is signed in proves again who they are."""
    with signed_in.logged("access", "view signing in again"):
        pass
    back_to = page_to_return_to(request.app, request.query_params.get("back", ""))
    return page_of(request, "session/again.html", back_to=back_to)


@router.post("/sign-in/again")
def prove_again(
    request: Request,
    signed_in: Annotated[SignedInRequest, Depends(signed_in_request)],
    form: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Take the word of the development sign-in that this is the person of the session."""
    signed_in.require_form(form.value("token"), "sign in again")
    if signed_in.desk.sign_in.provider is not None:
        signed_in.refuse(_at_the_provider(), "sign in again")
    record_again(signed_in.desk, signed_in.session, signed_in.at, signed_in.at)
    return RedirectResponse(page_to_return_to(request.app, form.value("back")), status_code=303)


@router.post("/sign-out")
def sign_out(
    request: Request,
    signed_in: Annotated[SignedInRequest, Depends(signed_in_request)],
    form: Annotated[Form, Depends(posted_form)],
) -> Response:
    """End the session, here and in the browser."""
    signed_in.require_form(form.value("token"), "sign out")
    signed_in.sign_out()
    elsewhere = _sign_out_address(signed_in.desk)
    response = (
        page_of(request, "session/left.html", session=None, next_page=elsewhere)
        if elsewhere
        else RedirectResponse("/sign-in", status_code=303)
    )
    cookies.forget(request, response, cookies.SESSION)
    return response


@router.get("/tour")
def tour(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))]) -> Response:
    """The guided tour of the demonstration."""
    if not signed_in.desk.tour().steps:
        return problem_page(request, plain(404, request.url.path))
    with signed_in.logged("consultation", "view tour"):
        pass
    return page_of(request, "session/tour.html")


def sign_in_page(request: Request, visitor: str, *, status: int = 200, error: str = "") -> Response:
    """Return the page of the sign-in; ``error``: what went wrong with the one before."""
    desk = desk_of(request)
    return page_of(
        request,
        "session/sign_in.html",
        status=status,
        people=() if desk.sign_in.provider else _to_pick(desk),
        back_to=page_to_return_to(request.app, request.query_params.get("back", "")),
        visitor_token=desk.signer.form_token(visitor),
        error=error,
    )


def _sign_out_address(desk: Desk) -> str:
    """Return where the provider ends its own session; empty where it does not, or cannot be asked now."""
    try:
        return desk.provider.sign_out_address() if desk.provider else ""
    except ThreatError:
        return ""  # the desk's own session is over, which is what was asked for


def _at_the_provider() -> Denied:
    return Denied("People of this desk sign in at their identity provider.", status=403, way_out="open /sign-in")


def _to_pick(desk: Desk) -> list[tuple[DevelopmentPerson, str]]:
    """Return the people of the development sign-in, each with their roles and authority as they stand now, in words."""
    with reading(desk.engine) as connection:
        present = {person.subject: person for person in development.enrolled(connection)}
    return [(person, _words(person, present.get(subject))) for subject, person in development_people().items()]


def _words(offered: DevelopmentPerson, present: Person | None) -> str:
    stands = present or offered.standing
    if not stands.active:
        return "access has ended"
    return f"{stands.roles_in_words}{'' if stands.authority == 'none' else f' ({stands.authority})'}"
