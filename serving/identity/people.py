"""Everybody who may sign in: adding a person, changing what they may do, and what was said of them at any time.

Each verb runs in the caller's transaction, in which the caller writes the audit entry. What an administrator says is a
choice from a list, never free text: why somebody lost a role is not for a table that keeps everything.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, desc, insert, select, update

from serving.identity.person import AUTHORITIES, Authority, Person
from serving.identity.roles import ROLES, RoleName, in_words
from serving.identity.tables import PEOPLE, PEOPLE_CHANGES
from threat.errors import ThreatError, UsageError, raise_all

JUSTIFICATIONS = {
    "joined": "Joined the unit or the service that uses the desk",
    "moved": "Moved to other work",
    "rank": "Rank or authority changed",
    "cover": "Covers for somebody, or cover has ended",
    "training": "Training was completed or has run out",
    "left": "Left the force",
    "concern": "Access ended while something is looked into",
    "correction": "Corrects what was entered wrongly",
}
"""Why a person was added or changed: codes and what they mean. A code is never taken out of use."""

LONGEST_NAME = 100
"""Characters of a shown name or a unit."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who somebody is to an identity provider: its ``issuer``, and its ``subject``, which names nobody else, ever."""

    issuer: str
    subject: str

    def check(self) -> None:
        """Raise UsageError for a subject that no provider gives (OpenID Connect Core 1.0, section 2)."""
        if not (self.subject.isascii() and self.subject.isprintable() and 0 < len(self.subject) <= 255):
            raise UsageError(
                "This is no subject that an identity provider gives: up to 255 ASCII characters.",
                value=self.subject[:LONGEST_NAME],
                way_out="copy the subject from the provider's page of that person",
            )


@dataclass(frozen=True, slots=True)
class Standing:
    """What an administrator says of a person; each field as in ``Person``."""

    shown: str
    roles: frozenset[RoleName]
    unit: str = ""
    authority: Authority = "none"
    trained_until: date | None = None
    active: bool = True

    @property
    def roles_in_words(self) -> str:
        """The roles as the audit log and the pages say them."""
        return in_words(self.roles)

    def check(self) -> None:
        """Raise UsageError for a name or a unit that no page could show."""
        for text, what in ((self.shown, "name"), (self.unit, "unit")):
            if len(text) > LONGEST_NAME or not text.isprintable() or text != text.strip():
                raise UsageError(
                    f"The {what} cannot be shown: up to {LONGEST_NAME} printable characters, no space at either end.",
                    value=text[:LONGEST_NAME],
                )
        if not self.shown:
            raise UsageError("The person has no name to show.", way_out="give the name that pages and the log show")

    def as_detail(self) -> dict[str, object]:
        """Return what an audit entry says of it: no name."""
        until = self.trained_until
        return {
            "roles": self.roles_in_words,
            "authority": self.authority,
            "trained_until": None if until is None else until.isoformat(),
            "active": self.active,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a person: how they stood after it. ``at``: UTC seconds; ``by``: a person's id, or a command."""

    version: int
    at: int
    by: str
    justification: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Why:
    """Who changes somebody, and a code of ``JUSTIFICATIONS``. ``by``: a person's id, or ``command line``."""

    by: str
    justification: str

    def check(self, person_id: str) -> None:
        """Raise UsageError for a code that there is not, and for somebody who would change themselves."""
        if self.justification not in JUSTIFICATIONS:
            raise UsageError(
                "This is no reason to change a person.",
                value=self.justification,
                way_out=f"one of {', '.join(JUSTIFICATIONS)}",
            )
        if self.by == person_id:
            raise UsageError(
                "Nobody changes their own roles, authority or training.",
                value=person_id,
                way_out="ask another administrator",
            )


def new_id() -> str:
    """Return a reference for a new person, drawn: it says nothing of who it is."""
    return f"U-{secrets.token_hex(8)}"


def add(
    connection: Connection, account: Account, standing: Standing, why: Why, at: int, person_id: str | None = None
) -> Person:
    """Add a person, who may sign in from now on. Raises UsageError for one who is there already.

    ``at``: UTC seconds. ``person_id``: None for one that is drawn.
    """
    person_id = person_id or new_id()
    account.check()
    standing.check()
    why.check(person_id)
    present = of_account(connection, account)
    if present is not None:
        raise UsageError(
            "This person is in the table already.",
            value=f"{account.subject} of {account.issuer}",
            way_out=f"change {present.id} instead",
        )
    said = _columns(standing)
    connection.execute(
        insert(PEOPLE).values(id=person_id, version=1, issuer=account.issuer, subject=account.subject, **said)
    )
    _keep(connection, person_id, 1, said, why, at)
    return of_id(connection, person_id)


def change(
    connection: Connection, person_id: str, seen_version: int, standing: Standing, why: Why, at: int
) -> tuple[Person, tuple[str, ...]]:
    """Change what is said of a person; it holds from their next request on. Returns them and the fields that differ.

    ``seen_version``: the version that the change was decided on. Raises UsageError for a person that there is not, one
    who was changed since, a change of oneself, and a change that changes nothing.
    """
    standing.check()
    why.check(person_id)
    before = of_id(connection, person_id)
    if before.version != seen_version:
        raise UsageError(
            "Somebody changed this person since the page was opened.",
            value=f"version {before.version}; the page shows version {seen_version}",
            way_out="open the page again and look before changing anything",
        )
    differing = tuple(
        field.name for field in fields(Standing) if getattr(standing, field.name) != getattr(before, field.name)
    )
    if not differing:
        raise UsageError("Nothing is changed: the person stands like this already.", value=person_id)
    said = _columns(standing)
    version = before.version + 1
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(version=version, **said))
    _keep(connection, person_id, version, said, why, at)
    return of_id(connection, person_id), differing


def of_id(connection: Connection, person_id: str) -> Person:
    """Return a person by reference. Raises UsageError for one that there is not."""
    row = connection.execute(select(PEOPLE).where(PEOPLE.c.id == person_id)).first()
    if row is None:
        raise UsageError("There is no person of this reference.", value=person_id, way_out="threat people lists them")
    return person_of(row)


def of_account(connection: Connection, account: Account) -> Person | None:
    """Return who somebody is to the desk, by who they are to an identity provider; None for a stranger."""
    table = PEOPLE.c
    query = select(PEOPLE).where(table.issuer == account.issuer, table.subject == account.subject)
    row = connection.execute(query).first()
    return None if row is None else person_of(row)


def everybody(connection: Connection, issuer: str) -> tuple[Person, ...]:
    """Return everybody of an issuer who may sign in or ever could: those who may first, by name."""
    query = select(PEOPLE).where(PEOPLE.c.issuer == issuer)
    query = query.order_by(desc(PEOPLE.c.active), PEOPLE.c.shown, PEOPLE.c.id)
    return tuple(person_of(row) for row in connection.execute(query))


def changes_of(connection: Connection, person_id: str) -> tuple[Change, ...]:
    """Return every change of a person, latest first; empty for a person that there is not."""
    table = PEOPLE_CHANGES
    query = select(table).where(table.c.person == person_id).order_by(desc(table.c.version))
    return tuple(_change_of(row) for row in connection.execute(query))


def standing_at(connection: Connection, person_id: str, at: int) -> Standing | None:
    """Return how a person stood at a time (UTC seconds): with which roles, for one; None before they were added."""
    table = PEOPLE_CHANGES
    query = select(table).where(table.c.person == person_id, table.c.at <= at).order_by(desc(table.c.version)).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _change_of(row).standing


def standing_of(person: Person) -> Standing:
    """Return what is said of a person now, to change a part of."""
    return Standing(**{field.name: getattr(person, field.name) for field in fields(Standing)})


def person_of(row: Row[Any]) -> Person:
    """Return the person of a row with the columns of ``PEOPLE``."""
    standing = _standing_of(row)
    said = {field.name: getattr(standing, field.name) for field in fields(Standing)}
    return Person(id=row.id, issuer=row.issuer, subject=row.subject, version=row.version, **said)


def _change_of(row: Row[Any]) -> Change:
    return Change(row.version, row.at, row.changed_by, row.justification, _standing_of(row))


def _standing_of(row: Row[Any]) -> Standing:
    return Standing(
        shown=row.shown,
        roles=frozenset(row.roles.split(", ") if row.roles else ()),
        unit=row.unit,
        authority=row.authority,
        trained_until=None if row.trained_until is None else date.fromisoformat(row.trained_until),
        active=row.active,
    )


def _columns(standing: Standing) -> dict[str, object]:
    until = standing.trained_until
    return {
        "shown": standing.shown,
        "roles": in_words(standing.roles) if standing.roles else "",
        "unit": standing.unit,
        "authority": standing.authority,
        "trained_until": None if until is None else until.isoformat(),
        "active": standing.active,
    }


def _keep(connection: Connection, person_id: str, version: int, said: dict[str, object], why: Why, at: int) -> None:
    connection.execute(
        insert(PEOPLE_CHANGES).values(
            person=person_id, version=version, at=at, changed_by=why.by, justification=why.justification, **said
        )
    )


def fields_given(**given: Any) -> dict[str, Any]:
    """Return fields of ``Standing`` as a person gave them in words; what is None was not given and is left out.

    ``roles``: names. ``trained_until``: an ISO 8601 day, empty for none. Raises UsageError that names each wrong field.

    >>> fields_given(shown=None, roles=["analyst"], authority=None, unit=None, trained_until="2027-03-31")
    {'roles': frozenset({'analyst'}), 'trained_until': datetime.date(2027, 3, 31)}
    """
    problems: list[ThreatError] = []
    out = {name: value for name, value in given.items() if value is not None}
    if "roles" in out:
        out["roles"] = frozenset(out["roles"])
        problems += [_no_choice("role", role, ROLES) for role in sorted(out["roles"] - set(ROLES))]
    if out.get("authority", "none") not in AUTHORITIES:
        problems.append(_no_choice("authority", out["authority"], AUTHORITIES))
    if until := out.get("trained_until"):
        try:
            out["trained_until"] = date.fromisoformat(until)
        except ValueError:
            problems.append(
                UsageError("The last day of training is no day.", value=until, way_out="such as 2027-03-31")
            )
    elif "trained_until" in out:
        out["trained_until"] = None
    raise_all(problems)
    return out


def _no_choice(what: str, given: str, choices: Iterable[str]) -> UsageError:
    return UsageError(f"There is no such {what}.", value=given[:LONGEST_NAME], way_out=f"one of {', '.join(choices)}")
