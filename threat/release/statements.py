"""Signed statements people make about one body of evidence: approvals, acceptances, documents, authorship.

Pure rules on who said what and until when. Signatures are verified elsewhere, before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, starmap
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from threat.release.documents.document import Part
from threat.release.documents.gate_policy import State, unknown_checks
from threat.release.documents.manifest import SHA256
from threat.trust.keys import spelling

Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Said(Part):
    """What every statement says: the day it was signed."""

    on: date


class _OfRelease(_Said):
    """A statement about one release: RUN, audit, policies, card, environment and state, by their digest.

    ``release_digest``: ``threat.release.digest``. Whatever of these changes, the statement no longer counts.
    """

    release_digest: Sha256


class Approval(_OfRelease):
    """The model may enter the state ``to``, until ``expires``, on ``conditions`` that are shown wherever it is."""

    kind: Literal["approval"] = "approval"
    to: State
    expires: date
    conditions: tuple[Words, ...] = ()


class Dissent(_OfRelease):
    """The signer says why the model should not be released. It blocks nothing by itself, and is shown with it."""

    kind: Literal["dissent"] = "dissent"
    reason: Words


class Acceptance(_OfRelease):
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
    """A document of the kind ``document`` exists as the file ``sha256``, and is due for review on ``review_due``.

    It holds for every RUN, unless the policy names its kind under ``of_the_run``: then it is about ``run``, the hash of
    a RUN's manifest.
    """

    kind: Literal["document"] = "document"
    document: Words
    title: Words
    version: Words
    sha256: Sha256
    run: Sha256
    review_due: date


class Authorship(_OfRelease):
    """``authors`` made the model; ``keys`` are theirs, by key id."""

    kind: Literal["authorship"] = "authorship"
    authors: tuple[Words, ...] = Field(min_length=1)
    keys: tuple[Sha256, ...] = ()


class Withdrawal(_Said):
    """The statement with the hash ``statement`` no longer counts, by the word of its signer or of the same role."""

    kind: Literal["withdrawal"] = "withdrawal"
    statement: Sha256
    reason: Words


Said = Approval | Acceptance | PaperDocument | Authorship | Dissent | Withdrawal
BODY: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="kind")])
KINDS = ("approval", "acceptance", "document", "authorship", "dissent")
"""Kinds that ``threat approve`` signs; ``threat withdraw`` signs the withdrawals."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One signed statement, its signature verified. ``body`` is what was signed.

    ``by``, ``role``, ``environment`` and ``key_id`` are the key's, not a claim of the statement. ``registered_by``: the
    holder of the governance key that put the key on the list. ``sha256``: of what was signed, the name by which it is
    withdrawn. ``revoked``: the key was revoked since, so that the statement is shown and counts for nothing.
    """

    by: str
    role: str
    environment: str
    body: Said
    key_id: str = ""
    registered_by: str = ""
    sha256: str = ""
    revoked: bool = False


def person(name: str) -> str:
    """Return a name as it is compared, by the rule of the key list: two spellings of one name are one person.

    >>> person("Sam  OWNER") == person("sam owner") == person("Ｓａｍ owner")
    True
    """
    return spelling(name)


def two_people(first: Statement, second: Statement) -> bool:
    """Tell whether two statements are the word of two people: two names, two keys, and a third who registered both.

    >>> body = PaperDocument(document="DPIA", title="t", version="1", sha256="a" * 64, run="b" * 64,
    ...                      on=date(2026, 1, 1), review_due=date(2027, 1, 1))
    >>> ann, bob = (Statement(name, "SRO", "force", body, name, "Gwen") for name in ("Ann", "Bob"))
    >>> cem = Statement("Cem", "SRO", "force", body, "Cem", "Ann")
    >>> two_people(ann, bob), two_people(ann, ann), two_people(ann, cem), two_people(bob, cem)
    (True, False, False, True)
    """
    names = {person(first.by), person(second.by)}
    registrars = {person(first.registered_by), person(second.registered_by)}
    return len(names) == 2 and first.key_id != second.key_id and "" not in registrars and not names & registrars


def in_date(body: Approval | Acceptance, on: date, most_days: int) -> bool:
    """Tell whether a statement was given on or before ``on``, has not expired, and never lasts over ``most_days``."""
    return body.on <= on <= body.expires and (body.expires - body.on).days <= most_days


def matched(statements: Sequence[Statement], roles: tuple[str, ...]) -> bool:
    """Tell whether as many people hold all the roles between them, each another (roles are few, so by trying).

    One person in both roles does not:

    >>> given = {"release_digest": "e" * 64, "on": date(2026, 1, 1), "to": "live", "expires": date(2026, 2, 1)}
    >>> body = Approval(**given)
    >>> both = [Statement("Sam", role, "force", body, role, "Gwen") for role in ("validator", "SRO")]
    >>> matched(both, ("validator", "SRO"))
    False
    >>> matched([*both, Statement("Vera", "validator", "force", body, "v", "Gwen")], ("validator", "SRO"))
    True
    """
    if not roles:
        return True
    return any(
        matched([other for other in statements if two_people(other, statement)], roles[1:])
        for statement in statements
        if statement.role == roles[0]
    )


def people_among(statements: Sequence[Statement]) -> int:
    """Return how many people gave statements, each of whom is another person than every other.

    >>> given = {"release_digest": "e" * 64, "on": date(2026, 1, 1), "to": "live", "expires": date(2026, 2, 1)}
    >>> ann, bob = (Statement(name, "SRO", "force", Approval(**given), name, "Gwen") for name in ("Ann", "Bob"))
    >>> cem = Statement("Cem", "SRO", "force", Approval(**given), "Cem", "Ann")
    >>> people_among([ann, bob, cem]), people_among([ann, cem]), people_among([])
    (2, 1, 0)
    """
    # One statement a key: whoever holds a key may sign any number, and every group of them would be looked at.
    by_key = list({(person(statement.by), statement.key_id): statement for statement in statements}.values())
    groups = (group for size in range(len(by_key), 0, -1) for group in combinations(by_key, size))
    return next((len(group) for group in groups if all(starmap(two_people, combinations(group, 2)))), 0)


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


@dataclass(frozen=True, slots=True)
class Authors:
    """Who made a model: their names as names are compared, and the ids of their keys."""

    names: frozenset[str]
    keys: frozenset[str]


def authors_of(statements: Sequence[Statement], signed_by: Sequence[str]) -> Authors:
    """Return who made a model. ``signed_by``: ids of the keys that signed its evidence; whoever holds one made it too.

    >>> given = {"release_digest": "e" * 64, "on": date(2026, 1, 1)}
    >>> said = Statement("Vera", "validator", "force", Authorship(authors=("Dev  Eloper",), **given))
    >>> authors = authors_of([said], ["k"])
    >>> sorted(authors.names), sorted(authors.keys)
    (['dev eloper'], ['k'])
    """
    made = [statement.body for statement in statements if isinstance(statement.body, Authorship)]
    return Authors(
        frozenset(person(name) for body in made for name in body.authors),
        frozenset(signed_by) | {key for body in made for key in body.keys},
    )


def by_an_author(statement: Statement, authors: Authors) -> bool:
    """Tell whether a statement is the word of somebody who made the model, by name or by key."""
    return person(statement.by) in authors.names or statement.key_id in authors.keys


def withdrawn(statements: Sequence[Statement]) -> dict[tuple[str, str], str]:
    """Return why each withdrawn statement no longer counts, by its hash and the id of its key.

    Its own signer may withdraw a statement, and so may whoever holds the same role in the same environment today. Two
    people who sign the same words on one day sign one hash: each withdraws their own.
    """
    reasons: dict[tuple[str, str], str] = {}
    for withdrawal in statements:
        if not isinstance(withdrawal.body, Withdrawal) or withdrawal.revoked:
            continue
        said = f"withdrawn by {withdrawal.by} on {withdrawal.body.on}: {withdrawal.body.reason}"
        for statement in statements:
            if takes_back(withdrawal, statement):
                reasons[statement.sha256, statement.key_id] = said
    return reasons


def takes_back(withdrawal: Statement, statement: Statement) -> bool:
    """Tell whether a statement is a withdrawal of another that its signer may withdraw."""
    return (
        isinstance(withdrawal.body, Withdrawal)
        and statement.sha256 == withdrawal.body.statement
        and may_withdraw(withdrawal, statement)
    )


def may_withdraw(withdrawal: Statement, statement: Statement) -> bool:
    """Tell whether the signer of a withdrawal may withdraw a statement: their own, or of their role."""
    return statement.environment == withdrawal.environment and (
        person(statement.by) == person(withdrawal.by) or statement.role == withdrawal.role
    )
