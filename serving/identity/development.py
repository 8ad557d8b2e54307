"""The development sign-in: made-up people to pick from, so that the desk can be seen working on one machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection

from serving.identity import people
from serving.identity.people import Account, Standing, Why
from serving.identity.person import Person
from serving.identity.roles import RoleName
from threat.yaml_text import read_shipped

ISSUER = "development"
"""Instead of the issuer of an identity provider. No provider can have it: an issuer is an address."""


@dataclass(frozen=True, slots=True)
class DevelopmentPerson:
    """Somebody to pick: ``subject`` names them in the form, ``who`` says in a sentence who they are."""

    subject: str
    who: str
    standing: Standing

    @property
    def id(self) -> str:
        """Their reference, the same on every machine: a demonstration can be told again."""
        return f"U-{hashlib.sha256(f'{ISSUER} {self.subject}'.encode()).hexdigest()[:16]}"

    @property
    def who_in_log(self) -> str:
        """Their reference and name in the audit log, as they are in the file."""
        return f"{self.id} {self.standing.shown}"


@cache
def development_people() -> dict[str, DevelopmentPerson]:
    """Return everybody of ``development_people.yaml`` by subject."""
    table = read_shipped("serving.identity", "development_people.yaml")
    return {
        subject: DevelopmentPerson(
            subject,
            row["who"],
            Standing(
                shown=row["shown"],
                roles=frozenset(row["roles"]),
                unit=row["unit"],
                authority=row.get("authority", "none"),
            ),
        )
        for subject, row in table.items()
    }


def with_role(role: RoleName) -> DevelopmentPerson:
    """Return the first person of the file who has a role."""
    return next(person for person in development_people().values() if role in person.standing.roles)


def enrol(connection: Connection, at: int) -> int:
    """Add those who are not among the desk's people yet; returns how many. What was changed of others stays."""
    present = {person.subject for person in enrolled(connection)}
    missing = [person for subject, person in development_people().items() if subject not in present]
    for person in missing:
        why = Why(by="development sign-in", justification="joined")
        people.add(connection, Account(ISSUER, person.subject), person.standing, why, at, person.id)
    return len(missing)


def enrolled(connection: Connection) -> tuple[Person, ...]:
    """Return those who are among the desk's people already, as they stand now."""
    return people.everybody(connection, ISSUER)


def picked(connection: Connection, subject: str) -> Person | None:
    """Return the person of a subject; None for one that there is not, or whose access has ended."""
    person = people.of_account(connection, Account(ISSUER, subject))
    return person if person is not None and person.active else None
