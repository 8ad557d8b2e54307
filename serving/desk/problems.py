"""Errors as the API and the pages answer them: problem documents with problem, value, where and way out."""

from __future__ import annotations

from serving.casework.act import Conflict
from serving.desk.responses.answer import Problem
from threat.errors import GateRefused, IntegrityFailure, ThreatError, UsageError

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "The request is not right",
    401: "Sign in first",
    403: "Your role may not do this",
    404: "Not found",
    405: "Not that way",
    409: "The gate refused",
    413: "Too long",
    422: "A value is not right",
    500: "Something broke here",
    503: "Not at this moment",
}

_TITLES_OF = {Conflict: "The case changed while you wrote", IntegrityFailure: "An integrity check failed"}
"""Titles of errors that share their status with others."""

_LONGEST_VALUE = 200
"""Characters of an offending value that are answered: enough to recognise it, too few to fill a page with."""


class Denied(ThreatError):
    """The request is refused: not signed in (401), not this role (403), or a bad form (400). ``status`` says which.

    ``logged``: that an entry of the audit log says so already; the application logs every other refusal, with
    ``detail``.
    """

    exit_code = 2
    logged = False

    def __init__(self, problem: str, *, status: int, value: object = None, where: str = "", way_out: str = "") -> None:
        super().__init__(problem, value=value, where=where, way_out=way_out)
        self.status = status
        self.detail: dict[str, object] = {}


class SignInAgain(Denied):
    """The person is signed in and may do this, but proved too long ago who they are. Pages lead to where they can."""

    def __init__(self) -> None:
        super().__init__(
            "You proved too long ago who you are.",
            status=403,
            way_out="open /sign-in/again and prove it, then try again",
        )


class NotFound(ThreatError):
    """Nothing of that reference is here."""

    exit_code = 2


def status_of(error: ThreatError) -> int:
    """Return the HTTP status of an error.

    Of bad input only a UsageError is the caller's (422): other bad input is in what is kept on this machine (500).
    """
    if isinstance(error, Denied):
        return error.status
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, IntegrityFailure):
        return 503
    if isinstance(error, GateRefused | Conflict):
        return 409
    return 422 if isinstance(error, UsageError) else 500


def problem(error: ThreatError) -> Problem:
    """Return the problem document of an error.

    ``where`` is answered for the caller's own input only: paths of this machine are nobody's business elsewhere.
    """
    status = status_of(error)
    callers_input = status in {400, 401, 403, 404, 405, 413, 422} and not error.where.startswith(("/", "var"))
    return Problem(
        type=f"urn:threat:{type(error).__name__}",
        title=_title(error, status),
        status=status,
        detail=error.problem,
        problem=error.problem,
        value="" if error.value is None else str(error.value)[:_LONGEST_VALUE],
        where=error.where if callers_input else "",
        way_out=error.way_out,
    )


def _title(error: ThreatError, status: int) -> str:
    return next((words for kind, words in _TITLES_OF.items() if isinstance(error, kind)), _TITLES.get(status, "Error"))


def plain(status: int, value: str = "") -> Problem:
    """Return the problem of a request that no route takes (unknown address, wrong method)."""
    sentence = {
        404: "There is no page at this address.",
        405: "This address does not take that method.",
    }.get(status, "The request could not be served.")
    return Problem(
        type="about:blank",
        title=_TITLES.get(status, "Error"),
        status=status,
        detail=sentence,
        problem=sentence,
        value=value[:_LONGEST_VALUE],
        where="",
        way_out="start from Today" if status == 404 else "",
    )
