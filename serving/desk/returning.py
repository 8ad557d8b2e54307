"""Where somebody goes on to who signs in in the middle of something: a page of this desk, never another site."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.routing import Match

_ADDRESS = re.compile(r"(?P<path>/[A-Za-z0-9/-]*)(?:\?[A-Za-z0-9_.=&%+-]*)?(?:#[A-Za-z0-9-]{1,60})?")
"""A path, a query and an anchor in letters that are judged as they are: no backslash, colon, space or control."""

_CASE = re.compile(r"C-[0-9a-f]{16}", re.ASCII)
_LONGEST = 1500
_NO_PAGES = ("//", "/api/", "/static/", "/sign-")
"""Beginnings of what is no page to go on to: another host, what programs ask for, and the sign-in itself."""


def page_to_return_to(app: FastAPI, given: str) -> str:
    """Return an address of a page of this desk; ``/`` for anything else, however it is written."""
    parts = _ADDRESS.fullmatch(given) if len(given) <= _LONGEST else None
    if parts is None or parts["path"].startswith(_NO_PAGES):
        return "/"
    scope: dict[str, object] = {"type": "http", "method": "GET", "path": parts["path"], "headers": []}
    return given if any(route.matches(scope)[0] is Match.FULL for route in app.routes) else "/"


def asked_for(request: Request) -> str:
    """Return the page that a request asked for, to return to after a sign-in; ``/`` where it asked for none."""
    query = f"?{request.url.query}" if request.url.query else ""
    # A form is sent to the address of its page, or to one that has no page.
    return page_to_return_to(request.app, f"{request.url.path}{query}")


def form_address(request: Request) -> str:
    """Return the address by which what somebody begins in a form is kept: its path, and the case it names beside it.

    One must-see record is in the cases of several relationships: what is written in one is never shown in another.
    """
    case = request.query_params.get("case", "")
    return f"{request.url.path}?case={case}" if _CASE.fullmatch(case) else request.url.path


def leading_to(address: str, back: str, *, kept: bool = False) -> str:
    """Return the address of a page of the sign-in that goes on to ``back``.

    ``kept``: what was being written there is kept, and the page says so.

    >>> leading_to("/sign-in", "/"), leading_to("/sign-in", "/audit-log?page=2")
    ('/sign-in', '/sign-in?back=%2Faudit-log%3Fpage%3D2')
    >>> leading_to("/sign-in", "/search", kept=True)
    '/sign-in?back=%2Fsearch&kept=yes'
    """
    query = ({} if back in {"", "/"} else {"back": back}) | ({"kept": "yes"} if kept else {})
    return f"{address}?{urlencode(query)}" if query else address
