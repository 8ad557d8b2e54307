"""Pages as HTML that works without JavaScript: the templates, what every page shows, and the page of an error."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.desk.back import back_of, here, leading_back
from serving.desk.components import govuk
from serving.desk.request import desk_of, session_of
from serving.desk.responses.answer import Problem
from serving.desk.returning import asked_for, leading_to
from serving.desk.service import AgeOfList
from serving.desk.sitting import sitting_of
from serving.desk.words import STEPS, counted, ordinal
from serving.identity.sessions import Session
from serving.relationship import panel_words
from serving.relationship.kind_words import capitalised
from threat.asof import show
from threat.dates import as_of_moment, day, how_long_ago, local, moment, short_day


@cache
def templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("serving.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "day": day,
        "short_day": short_day,
        "leading_back": leading_back,
        "leading_to": leading_to,
        "counted": counted,
        "ordinal": ordinal,
        "step_title": lambda step: STEPS.get(step, step.replace("_", " ").capitalize()),
        "moment": moment,
        "how_long_ago": how_long_ago,
        "as_of": as_of_moment,
        "year": lambda at, zone: local(at, zone).year,
        "capitalised": capitalised,
        "utc": lambda at: show(at)[:16].replace("T", " "),
        "thousands": lambda number: f"{number:,}",
    }
    templates.globals["govuk"] = govuk
    templates.globals["panel_words"] = panel_words
    return templates


def page_of(request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Return the page of a template; ``context`` is what the template reads besides what every page shows."""
    desk = desk_of(request)
    session: Session | None = context.pop("session") if "session" in context else session_of(request)
    now = desk.clock()
    # A page that says something broke opens no list and asks no database: either may be what broke.
    sitting = sitting_of(desk, session, now) if session and status < 500 else None
    listed = desk.age_of_list(now) if session and status < 500 else AgeOfList()
    shared = {
        "session": session,
        "token": desk.signer.form_token(session.id) if session else "",
        "may": session.may if session else lambda permission: False,
        "names_open": sitting.minutes_left(now) if sitting else 0,
        "tour": desk.tour(),
        "kept": request.query_params.get("kept") == "yes",
        "signed": desk.trust.exists,
        "development": desk.sign_in.provider is None,
        "age": listed.age,
        "stale": listed.stale,
        "path": request.url.path,
        "back": back_of(request.query_params.get("back", "")),
        "here": here(request),
    }
    return HTMLResponse(templates().get_template(name).render(**shared, **context), status_code=status)


def problem_page(request: Request, problem: Problem) -> Response:
    """Return the page of an error; someone who is not signed in is sent to the sign-in instead."""
    if problem.status == 401:
        kept = getattr(request.state, "kept", False)
        return RedirectResponse(leading_to("/sign-in", asked_for(request), kept=kept), status_code=303)
    return page_of(request, "problem.html", status=problem.status, problem=problem)
