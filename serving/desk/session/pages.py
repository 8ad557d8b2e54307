"""The development sign-in, sign-out, and the guided tour."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from serving.audit.log import Entry, session_mark
from serving.desk.form import Form
from serving.desk.problems import plain
from serving.desk.rendering import page_of, problem_page
from serving.desk.request import (
    NOBODY,
    VISITOR_COOKIE,
    SignedInRequest,
    desk_of,
    may,
    new_visitor_id,
    posted_form,
    require_token,
    signed_in_request,
)
from serving.desk.sign_in import COOKIE, ROLE_TITLES, ROLES, SHIFT_SECONDS

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """The development sign-in: pick a role."""
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    visitor = visitor if len(visitor) == 32 and visitor.isalnum() else new_visitor_id()
    desk = desk_of(request)
    response = page_of(
        request, "session/sign_in.html", roles=ROLE_TITLES, visitor_token=desk.sessions.form_token(visitor), error=""
    )
    response.set_cookie(VISITOR_COOKIE, visitor, httponly=True, samesite="strict", max_age=3600)
    return response


@router.post("/sign-in")
def start_session(request: Request, form: Annotated[Form, Depends(posted_form)]) -> Response:
    """Begin a session in the role picked."""
    desk = desk_of(request)
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    require_token(desk, form.value("token"), visitor)
    role = form.value("role")
    if role not in ROLES:
        # What was sent instead of a role may be anything, so the entry leaves it out.
        refused = Entry(NOBODY, "nobody", "access", "sign in", outcome="refused", detail={"status": 422})
        desk.log(refused, desk.clock())
        return page_of(
            request,
            "session/sign_in.html",
            status=422,
            roles=ROLE_TITLES,
            visitor_token=desk.sessions.form_token(visitor),
            error="Choose a role.",
        )
    now = desk.clock()
    session = desk.sessions.start(role, now)
    desk.log(Entry(session.who, session.role, "access", "sign in", session=session_mark(session.id)), now)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE, desk.sessions.cookie(session), httponly=True, samesite="strict", max_age=SHIFT_SECONDS, path="/"
    )
    return response


@router.post("/sign-out")
def sign_out(
    signed_in: Annotated[SignedInRequest, Depends(signed_in_request)],
    form: Annotated[Form, Depends(posted_form)],
) -> Response:
    """End the session, here and in the browser."""
    signed_in.require_form(form.value("token"), "sign out")
    signed_in.sign_out()
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("/tour")
def tour(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))]) -> Response:
    """The guided tour of the demonstration."""
    if not signed_in.desk.tour().steps:
        return problem_page(request, plain(404, request.url.path))
    with signed_in.logged("consultation", "view tour"):
        pass
    return page_of(request, "session/tour.html")
