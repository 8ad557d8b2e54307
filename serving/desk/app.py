"""The application: one process, no host of its own but the provider asked, nothing of a case kept by the browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

import threat
from serving.audit.log import Entry
from serving.desk import api
from serving.desk.admin import pages as admin_pages
from serving.desk.case import pages as case_pages
from serving.desk.cases import leaving_pages
from serving.desk.cases import pages as cases_pages
from serving.desk.deciding import decide_pages, proposal_pages, supervisor_pages, voice_pages
from serving.desk.events import api as events_api
from serving.desk.events.received import Receiver
from serving.desk.form import Form
from serving.desk.governance import pages as governance_pages
from serving.desk.kept_forms import form_sent, keep_for_after_sign_in
from serving.desk.must_see import pages as must_see_pages
from serving.desk.people import pages as people_pages
from serving.desk.problems import MEDIA_TYPE, Denied, SignInAgain, plain, problem
from serving.desk.questions import pages as question_pages
from serving.desk.queue import pages as queue_pages
from serving.desk.rendering import problem_page
from serving.desk.request import NOBODY, log_refusal
from serving.desk.responses.answer import Problem
from serving.desk.returning import asked_for, leading_to
from serving.desk.search import pages as search_pages
from serving.desk.service import Desk
from serving.desk.session import pages as session_pages
from serving.desk.session import provider_pages
from serving.desk.triage import order_pages
from serving.desk.triage import pages as triage_pages
from serving.identity.settings import is_loopback_name
from threat.errors import ThreatError, UsageError

PAGES = (
    queue_pages,
    must_see_pages,
    question_pages,
    triage_pages,
    order_pages,
    voice_pages,
    decide_pages,
    proposal_pages,
    supervisor_pages,
    cases_pages,
    leaving_pages,
    case_pages,
    people_pages,
    search_pages,
    governance_pages,
    admin_pages,
    session_pages,
    provider_pages,
)
"""The rooms that have pages, each with its router."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""On every answer. No scripts at all: the pages need none, so an injected one does not run. No site may frame a page
or read an answer, nothing tells another site where a reader came from, and no browser keeps what a case page said."""

_ELSEWHERE = (
    "This machine only",
    "The development sign-in answers this machine only.",
    "open http://127.0.0.1 and the port it prints, on the machine it runs on",
)
_ANOTHER_NAME = (
    "Another address",
    "This desk does not answer to this host name.",
    "open the desk by the address that your force gave you",
)


def create(desk: Desk) -> FastAPI:
    """Return the application over a desk."""
    app = FastAPI(
        title="Threat assessment desk",
        version=threat.__version__,
        description=(
            "A review list with reasons, for a police threat assessment unit. It supports a decision and never "
            "makes one. Not being on the list is not a sign of safety. Sign in at /sign-in; its cookie serves here too."
        ),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    app.state.desk = desk
    app.state.receiver = Receiver(desk)
    app.include_router(api.router)
    app.include_router(events_api.router)
    for room in PAGES:
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=str(files("serving.desk") / "static")), name="static")
    app.middleware("http")(_guard)
    app.add_exception_handler(ThreatError, _on_threat_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _on_invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _on_http)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _on_anything)
    return app


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer by the desk's own name alone, so that no other site reaches it under its name (DNS rebinding).

    The development sign-in answers this machine alone, too.
    """
    desk: Desk = request.app.state.desk
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    caller = request.client.host if request.client else ""
    at_home = name.lower().strip("[]") in desk.sign_in.hosts
    if not at_home or (desk.sign_in.provider is None and not is_loopback_name(caller)):
        says = _ELSEWHERE if desk.sign_in.provider is None else _ANOTHER_NAME
        refused = Problem(
            type="about:blank",
            title=says[0],
            status=403,
            detail=says[1],
            problem=says[1],
            value=host[:200],
            where="",
            way_out=says[2],
        )
        # The name asked for is not logged: it may be anything that another site sends.
        entry = Entry(NOBODY, "nobody", "access", "ask from elsewhere", outcome="refused", detail={"status": 403})
        await run_in_threadpool(desk.log, entry, desk.clock())
        response: Response = _problem_json(refused)
    else:
        response = await call_next(request)
    for header, value in HEADERS.items():
        response.headers[header] = value
    if desk.sign_in.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"  # no case data; asked again each time, so never stale
    return response


def _problem_json(answered: Problem) -> JSONResponse:
    return JSONResponse(answered.model_dump(), status_code=answered.status, media_type=MEDIA_TYPE)


def _answer(request: Request, answered: Problem) -> Response:
    if request.url.path.startswith("/api/") or request.url.path == "/health":
        return _problem_json(answered)
    return problem_page(request, answered)


async def _on_threat_error(request: Request, error: ThreatError) -> Response:
    asks_to_sign_in = isinstance(error, Denied) and error.status == 401
    form = await form_sent(request) if asks_to_sign_in or isinstance(error, SignInAgain) else None
    return await run_in_threadpool(_refused, request, error, form)


def _refused(request: Request, error: ThreatError, form: Form | None) -> Response:
    request.state.kept = form is not None and keep_for_after_sign_in(request, form)
    # Before the answer: a refusal that cannot be logged is answered as something that broke.
    if isinstance(error, Denied) and not error.logged:
        log_refusal(request, error)
    if isinstance(error, SignInAgain) and not request.url.path.startswith("/api/"):
        return RedirectResponse(
            leading_to("/sign-in/again", asked_for(request), kept=request.state.kept), status_code=303
        )
    return _answer(request, problem(error))


def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    first: dict[str, Any] = dict(error.errors()[0])
    where = ".".join(str(part) for part in first.get("loc", ()))
    return _answer(
        request,
        problem(UsageError(str(first.get("msg", "A value is not right.")), value=first.get("input"), where=where)),
    )


def _on_http(request: Request, error: HTTPException) -> Response:
    return _answer(request, plain(error.status_code, request.url.path))


def _on_anything(request: Request, error: Exception) -> Response:
    """Answer that something broke, and nothing else: the traceback goes to the server's own log."""
    response = _answer(request, plain(500))
    # The error passed by ``_guard``, so the headers are set here too.
    for header, value in HEADERS.items():
        response.headers[header] = value
    return response
