"""The cookies of the desk: their names, and how a browser may keep them."""

from __future__ import annotations

from typing import Literal

from fastapi import Request
from starlette.responses import Response

from serving.identity.settings import SignIn

SESSION = "threat_session"
VISITOR = "threat_visitor"
"""Somebody who has not signed in yet, so that the form of the sign-in has a token too."""

UNDER_WAY = "threat_sign_in"
"""A sign-in at the provider that has begun: see ``serving.identity.under_way``."""


def name_of(cookie: str, sign_in: SignIn) -> str:
    """Return the name that a browser keeps a cookie under.

    With ``__Host-`` it takes the cookie from this host alone, over TLS alone: no other host of the force can set it.
    """
    return f"__Host-{cookie}" if sign_in.secure else cookie


def kept(request: Request, cookie: str) -> str:
    """Return what a browser kept; empty for nothing."""
    return request.cookies.get(name_of(cookie, request.app.state.desk.sign_in), "")


def keep(
    request: Request,
    response: Response,
    cookie: str,
    value: str,
    seconds: int,
    same_site: Literal["strict", "lax"] = "strict",
) -> None:
    """Have the browser keep a cookie that no script reads and, but for ``lax``, no other site makes it send."""
    sign_in: SignIn = request.app.state.desk.sign_in
    response.set_cookie(
        name_of(cookie, sign_in),
        value,
        httponly=True,
        samesite=same_site,
        secure=sign_in.secure,
        max_age=seconds,
        path="/",
    )


def forget(request: Request, response: Response, cookie: str) -> None:
    """Have the browser drop a cookie."""
    sign_in: SignIn = request.app.state.desk.sign_in
    response.delete_cookie(name_of(cookie, sign_in), path="/", httponly=True, samesite="strict", secure=sign_in.secure)
