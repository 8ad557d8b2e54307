"""Signed statements people make about one body of evidence: approvals, acceptances, documents, authorship.

Pure rules on who said what and until when. Signatures are verified elsewhere, before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from threat.release.documents.document import Part
from threat.release.documents.gate_policy import State, unknown_checks

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Said(Part):
    """What every statement says. ``sha256``: of a file that was handed in with the statement."""

    evidence_sha256: str
    on: date
    sha256: str | None = None


class Approval(_Said):
    """The model may enter the state ``to``, until ``expires``."""

    kind: Literal["approval"] = "approval"
    to: State
    expires: date


class Acceptance(_Said):
    """Not enough evidence for ``about`` is accepted in one check, until ``expires``, with ``controls`` instead."""

    kind: Literal["acceptance"] = "acceptance"
    check: str
    about: Words
    reason: Words
    controls: str = ""
    expires: date

    @model_validator(mode="after")
    def _of_a_check(self) -> Self:
        if problem := unknown_checks({self.check}):
            raise ValueError(problem)
        return self


class PaperDocument(_Said):
    """A document of the kind ``document`` exists, and is due for review on ``review_due``."""

    kind: Literal["document"] = "document"
    document: Words
    title: str = ""
    review_due: date


class Authorship(_Said):
    """``authors`` made the model."""

    kind: Literal["authorship"] = "authorship"
    authors: tuple[Words, ...] = Field(min_length=1)


Body = Annotated[Approval | Acceptance | PaperDocument | Authorship, Field(discriminator="kind")]
BODY: TypeAdapter[Approval | Acceptance | PaperDocument | Authorship] = TypeAdapter(Body)
KINDS = ("approval", "acceptance", "document", "authorship")


@dataclass(frozen=True, slots=True)
class Statement:
    """One signed statement, its signature verified. ``by``, ``role`` and ``environment`` are the key's, not its own
    claim; ``body`` is what was signed."""

    by: str
    role: str
    environment: str
    body: Approval | Acceptance | PaperDocument | Authorship


def person(name: str) -> str:
    """Return a name as it is compared: two spellings of one name are one person.

    >>> person("Sam  OWNER") == person("sam owner")
    True
    """
    return " ".join(name.casefold().split())


def in_date(body: Approval | Acceptance, on: date, most_days: int) -> bool:
    """Tell whether a statement was given on or before ``on``, has not expired, and never lasts over ``most_days``."""
    return body.on <= on <= body.expires and (body.expires - body.on).days <= most_days


def matched(statements: Sequence[Statement], roles: tuple[str, ...]) -> bool:
    """Tell whether distinct persons hold all the roles between them (roles are few, so by trying).

    One person in both roles does not:

    >>> given = {"evidence_sha256": "e", "on": date(2026, 1, 1), "to": "live", "expires": date(2026, 2, 1)}
    >>> both = [Statement("Sam", role, "force", Approval(**given)) for role in ("validator", "SRO")]
    >>> matched(both, ("validator", "SRO"))
    False
    >>> matched([*both, Statement("Vera", "validator", "force", Approval(**given))], ("validator", "SRO"))
    True
    """
    if not roles:
        return True
    return any(
        matched([other for other in statements if person(other.by) != person(statement.by)], roles[1:])
        for statement in statements
        if statement.role == roles[0]
    )


def acceptances(
    statements: Sequence[Statement], check: str, roles: tuple[str, ...], on: date, most_days: int
) -> list[tuple[Statement, Acceptance]]:
    """Return the acceptances of a check that count: in one of the roles that may accept, and in date."""
    return [
        (statement, statement.body)
        for statement in statements
        if isinstance(statement.body, Acceptance)
        and statement.body.check == check
        and statement.role in roles
        and in_date(statement.body, on, most_days)
    ]
