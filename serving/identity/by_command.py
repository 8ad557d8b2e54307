"""Changes of people by a command, each with its entry in the audit log: the first administrator has nobody to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine

from serving.audit.checkpoints import Checkpoints
from serving.audit.log import Entry, Operation, account, append, vouch
from serving.identity import people
from serving.identity.people import Account, Standing, Why
from serving.identity.person import Person
from serving.storage import connect, reading, writing
from serving.storage.address import Address
from threat.asof import show
from threat.trust.folder import Trust


def listed(database: Address, issuer: str) -> list[dict[str, Any]]:
    """Return everybody of an issuer, and until when and as what they may use the desk."""
    with _opened(database) as engine, reading(engine) as connection:
        return [as_document(person) for person in people.everybody(connection, issuer)]


def history(database: Address, person_id: str, at: int | None = None) -> dict[str, Any]:
    """Return a person and every change of them, latest first. Raises UsageError for a person that there is not.

    ``at``: UTC seconds; the document then says as ``stood`` how they stood at that time, None before they were added.
    """
    with _opened(database) as engine, reading(engine) as connection:
        person = people.of_id(connection, person_id)
        changes = people.changes_of(connection, person_id)
        stood = None if at is None else people.standing_at(connection, person_id, at)
    said = [
        {"at": change.at, "by": change.by, "justification": change.justification, **change.standing.as_detail()}
        for change in changes
    ]
    asked = {} if at is None else {"at": show(at), "stood": stood and stood.as_detail()}
    return as_document(person) | asked | {"changes": said}


def add(database: Address, given: Account, standing: Standing, justification: str, at: int) -> Person:
    """Add a person. ``at``: UTC seconds. Raises UsageError as ``people.add`` does."""
    with _opened(database) as engine, _logged(engine, "collection", "add a person", at) as (connection, detail):
        person = people.add(connection, given, standing, _why(justification), at)
        detail.update(person=person.id, justification=justification, **standing.as_detail())
    return person


def change(
    database: Address, person_id: str, changes: dict[str, Any], justification: str, at: int
) -> tuple[Person, list[str]]:
    """Change some fields of a person; returns them and what differs. ``changes``: fields of ``Standing``."""
    with _opened(database) as engine, _logged(engine, "alteration", "change a person", at) as (connection, detail):
        before = people.of_id(connection, person_id)
        standing = replace(people.standing_of(before), **changes)
        person, differing = people.change(connection, person_id, before.version, standing, _why(justification), at)
        detail.update(person=person_id, justification=justification, changed=list(differing), **standing.as_detail())
    return person, list(differing)


def as_document(person: Person) -> dict[str, Any]:
    """Return a person as the JSON of the commands has them."""
    standing = people.standing_of(person)
    return {
        "person": person.id,
        "issuer": person.issuer,
        "subject": person.subject,
        "shown": person.shown,
        "unit": person.unit,
        **standing.as_detail(),
        "version": person.version,
    }


def _why(justification: str) -> Why:
    return Why(by=f"command line ({account()})", justification=justification)


@contextmanager
def _opened(database: Address) -> Iterator[Engine]:
    engine = connect(database)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _logged(
    engine: Engine, operation: Operation, action: str, at: int
) -> Iterator[tuple[Connection, dict[str, object]]]:
    """Run a change and write its entry in the same transaction; ``person`` of the detail becomes its subject."""
    detail: dict[str, object] = {}
    with writing(engine) as connection:
        yield connection, detail
        subject = str(detail.pop("person"))
        entry = Entry("command line", "operator", operation, action, subject, detail=detail)
        sequence, digest = append(connection, entry, at)
    vouch(engine, sequence, digest, at)
    Checkpoints(engine, Trust.open()).after(sequence, at)
