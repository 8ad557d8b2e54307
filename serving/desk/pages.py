"""The pages: the same answers as the API, as HTML that works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.audit import log as audit_log
from serving.audit.log import Entry, record
from serving.desk.components import govuk
from serving.desk.list_view import queue_of, reference_of
from serving.desk.parties import open_names, parties_of
from serving.desk.problems import NotFound, plain
from serving.desk.relationship_view import relationship_of
from serving.desk.request import (
    VISITOR_COOKIE,
    SignedInRequest,
    desk_of,
    may,
    new_visitor_id,
    posted_form,
    require_token,
    session_of,
    signed_in_request,
)
from serving.desk.responses import Problem
from serving.desk.sign_in import COOKIE, ROLE_TITLES, ROLES, SHIFT_SECONDS, Session
from threat.charts import Point, points_with_intervals
from threat.dates import as_of_moment, day, local, moment
from threat.errors import IntegrityFailure
from threat.measuring.figure import Verdict

router = APIRouter(include_in_schema=False)

JUSTIFICATIONS = {
    "daily_review": "Daily review by the unit",
    "supervisor_check": "Supervisor's quality check",
    "multi_agency": "Preparing for a multi-agency meeting",
    "disclosure_scheme": "Disclosure scheme request",
    "data_quality": "Correcting a record",
    "demonstration": "Demonstration or system test, synthetic records only",
}
"""Why a name is opened. With free text next to it; both are logged."""


@dataclass(frozen=True)
class NamesForm:
    """What the form for names was sent with, and what is wrong with it; empty for a form that nobody filled in."""

    justification: str = ""
    reason: str = ""

    @property
    def justified(self) -> bool:
        """True for one of the justifications that the form offers."""
        return self.justification in JUSTIFICATIONS

    @property
    def error(self) -> str:
        """First thing to mend, in words; empty when names may be opened for what the form says."""
        if not self.justified:
            return "Choose why you need the names."
        return "" if 5 <= len(self.reason) <= 500 else "Say why in 5 to 500 characters."


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("serving.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "day": day,
        "moment": moment,
        "as_of": as_of_moment,
        "year": lambda at, zone: local(at, zone).year,
        "thousands": lambda number: f"{number:,}",
        "verdict_words": lambda verdict: Verdict(verdict).words.lower(),
    }
    templates.globals["govuk"] = govuk
    return templates


def _page(request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    desk = desk_of(request)
    session: Session | None = context.pop("session", None) or session_of(request)
    shared = {
        "session": session,
        "token": desk.sessions.form_token(session.id) if session else "",
        "may": session.may if session else lambda permission: False,
        "tour": desk.tour(),
        # The page of an error opens no list: the list may be what is wrong.
        "stale": desk.stale() if session and name != "problem.html" else "",
        "path": request.url.path,
    }
    return HTMLResponse(_templates().get_template(name).render(**shared, **context), status_code=status)


def problem_page(request: Request, problem: Problem) -> Response:
    """Return the page of an error; someone who is not signed in is sent to the sign-in instead."""
    if problem.status == 401:
        return RedirectResponse("/sign-in", status_code=303)
    return _page(request, "problem.html", status=problem.status, problem=problem)


@router.get("/")
def queue(request: Request, signed_in: Annotated[SignedInRequest, Depends(signed_in_request)]) -> Response:
    """Today's referrals; roles that see no cases are taken to what they do see."""
    if not signed_in.session.may("see_cases"):
        return RedirectResponse("/model-card" if signed_in.session.may("see_card") else "/audit-log", status_code=303)
    try:
        with signed_in.logged("consultation", "view queue") as draft:
            answer = queue_of(signed_in.desk.view())
            draft.subject = answer.listing.id
            draft.detail = {"rows": len(answer.rows), "must_see": len(answer.must_see), "score_visible": True}
    except NotFound as error:
        return _page(request, "no_list.html", error=error)
    return _page(request, "queue.html", answer=answer)


@router.get("/relationships/{reference}")
def relationship(
    request: Request,
    reference: Annotated[str, Path(max_length=40)],
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
) -> Response:
    """Show one relationship: standing and reasons, what changed, the records in both directions, what is not known."""
    return _relationship(request, signed_in, reference, names=None, form=NamesForm())


@router.post("/relationships/{reference}/names")
def names(
    request: Request,
    reference: Annotated[str, Path(max_length=40)],
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """The same page with names, for this one answer. Needs a reason, which is logged before anything is read."""
    signed_in.require_form(posted.get("token", ""), "open names")
    form = NamesForm(posted.get("justification", ""), posted.get("reason", "").strip())
    if form.error:
        return _relationship(request, signed_in, reference, names=None, form=form, error=form.error)
    with signed_in.logged("consultation", "open names") as draft:
        view = signed_in.desk.view()
        draft.subject = reference_of(reference)
        draft.detail = {"justification": form.justification, "reason": form.reason}
        relationship_id = view.recorded(reference)
        parties = parties_of(view.snapshot, relationship_id, view.as_of)
        why = f"{JUSTIFICATIONS[form.justification]}: {form.reason}"
        opened = open_names(view.snapshot, parties, reason=why, by=signed_in.session.who)
    return _relationship(request, signed_in, reference, names=opened, form=form)


def _relationship(
    request: Request,
    signed_in: SignedInRequest,
    reference: str,
    *,
    names: Mapping[str, Mapping[str, str]] | None,
    form: NamesForm,
    error: str = "",
) -> HTMLResponse:
    with signed_in.logged("consultation", "view relationship") as draft:
        view = signed_in.desk.view()
        draft.subject = reference_of(reference)
        answer = relationship_of(view, reference)
        draft.detail = {"list": answer.listing.id, "score_visible": answer.standing.kind == "ranked"}
    return _page(
        request,
        "relationship.html",
        status=422 if error else 200,
        answer=answer,
        opened=names is not None,
        names=names or {},
        justifications=JUSTIFICATIONS,
        form=form,
        error=error,
    )


@router.get("/model-card")
def model_card(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_card"))]) -> Response:
    """The model card of the bundle in service, or, while a rule ranks, what that rule is and why."""
    with signed_in.logged("consultation", "view model card") as draft:
        answer = signed_in.desk.card_page()
        draft.subject = answer.run
    charts: dict[str, list[Markup]] = {}
    for chart in answer.card.get("charts", []):
        points = [Point(**point) for point in chart["points"]]
        drawn = points_with_intervals(chart["title"], chart["sentence"], points)
        charts.setdefault(chart["section"], []).append(Markup(drawn))  # noqa: S704 (every label is escaped there)
    return _page(request, "model_card.html", answer=answer, charts=charts)


@router.get("/tour")
def tour(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))]) -> Response:
    """The guided tour of the demonstration."""
    if not signed_in.desk.tour().steps:
        return problem_page(request, plain(404, request.url.path))
    with signed_in.logged("consultation", "view tour"):
        pass
    return _page(request, "tour.html")


@router.get("/audit-log")
def audit_state(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_log_state"))]) -> Response:
    """Show whether the audit log is whole. Its entries are read with the force's own tools, not here."""
    broken = ""
    verified = audit_log.Verified(0, "", 0, 0)
    with signed_in.logged("access", "verify audit log"):
        try:
            verified = audit_log.verify(signed_in.desk.engine)
        except IntegrityFailure as error:
            broken = str(error.value)
    return _page(request, "audit_log.html", verified=verified, broken=broken)


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """The development sign-in: pick a role."""
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    visitor = visitor if len(visitor) == 32 and visitor.isalnum() else new_visitor_id()
    desk = desk_of(request)
    response = _page(
        request, "sign_in.html", roles=ROLE_TITLES, visitor_token=desk.sessions.form_token(visitor), error=""
    )
    response.set_cookie(VISITOR_COOKIE, visitor, httponly=True, samesite="strict", max_age=3600)
    return response


@router.post("/sign-in")
def start_session(request: Request, form: Annotated[Mapping[str, str], Depends(posted_form)]) -> Response:
    """Begin a session in the role picked."""
    desk = desk_of(request)
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    require_token(desk, form.get("token", ""), visitor)
    role = form.get("role", "")
    if role not in ROLES:
        return _page(
            request,
            "sign_in.html",
            status=422,
            roles=ROLE_TITLES,
            visitor_token=desk.sessions.form_token(visitor),
            error="Choose a role.",
        )
    now = desk.clock()
    session = desk.sessions.start(role, now)
    record(desk.engine, Entry(session.who, session.role, "access", "sign in"), now)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE, desk.sessions.cookie(session), httponly=True, samesite="strict", max_age=SHIFT_SECONDS, path="/"
    )
    return response


@router.post("/sign-out")
def sign_out(
    signed_in: Annotated[SignedInRequest, Depends(signed_in_request)],
    form: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """End the session, here and in the browser."""
    signed_in.require_form(form.get("token", ""), "sign out")
    signed_in.sign_out()
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response
