"""Forms that somebody began: kept for days for the person who wrote them, and never done by themselves.

A draft is saved on request, and where a form meets a session that has ended or a proof that is asked for again. It is
shown to its writer alone, at the form, filled in; saving the form deletes it. What it says is in no log.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from serving.casework.tables import DRAFTS
from threat.errors import UsageError

DAYS: Final = 7
LARGEST: Final = 72 * 1024
"""Bytes of what was filled in, as JSON: what the largest form of 64 kB comes to, so that every form can be kept."""

MOST: Final = 50
"""Drafts of one person; the oldest goes. Nobody writes so many forms at once, and a program that does fills no disk."""

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that somebody began. ``path``: address of the form. ``fields``: values by field. Times in UTC seconds."""

    path: str
    case_id: str | None
    fields: Mapping[str, list[str]]
    seen_version: int | None
    saved_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class ToKeep:
    """A form to keep: its address, what was filled in, and the case and version that it was made from, if any."""

    path: str
    fields: Mapping[str, Sequence[str]]
    case_id: str | None = None
    seen_version: int | None = None


def keep_draft(connection: Connection, person: str, form: ToKeep, at: int) -> None:
    """Keep a form for a person (U- reference) in place of the one before at that address, in the caller's transaction.

    ``at``: UTC seconds. Drafts that are over go with it. Raises UsageError for more than a draft holds.
    """
    fields = json.dumps({name: list(values) for name, values in form.fields.items()}, ensure_ascii=False)
    if len(fields.encode()) > LARGEST:
        raise UsageError(
            f"The draft is longer than {LARGEST // 1024} kB.", value=f"{len(fields.encode()):,} bytes", where="draft"
        )
    connection.execute(delete(DRAFTS).where(DRAFTS.c.expires_at <= at))
    drop_draft(connection, person, form.path)
    connection.execute(
        insert(DRAFTS).values(
            id=f"D-{secrets.token_hex(8)}",
            person=person,
            path=form.path,
            case_id=form.case_id,
            fields=fields,
            seen_version=form.seen_version,
            saved_at=at,
            expires_at=at + DAYS * _DAY,
        )
    )
    newest_first = select(DRAFTS.c.id).where(DRAFTS.c.person == person).order_by(DRAFTS.c.saved_at.desc(), DRAFTS.c.id)
    too_old = list(connection.execute(newest_first).scalars())[MOST:]
    if too_old:
        connection.execute(delete(DRAFTS).where(DRAFTS.c.id.in_(too_old)))


def drop_draft(connection: Connection, person: str, path: str) -> None:
    """Delete the draft of a person at an address, if there is one, in the caller's transaction."""
    connection.execute(delete(DRAFTS).where(DRAFTS.c.person == person, DRAFTS.c.path == path))


def draft_of(connection: Connection, person: str, path: str, at: int) -> Draft | None:
    """Return what a person began at an address; None for nothing, and for what is over at ``at`` (UTC seconds)."""
    query = select(DRAFTS).where(DRAFTS.c.person == person, DRAFTS.c.path == path, DRAFTS.c.expires_at > at)
    row = connection.execute(query).first()
    return None if row is None else _draft(row)


def drafts_of(connection: Connection, person: str, at: int) -> tuple[Draft, ...]:
    """Return everything that a person began and that is not over at ``at`` (UTC seconds), the latest first."""
    query = select(DRAFTS).where(DRAFTS.c.person == person, DRAFTS.c.expires_at > at)
    return tuple(_draft(row) for row in connection.execute(query.order_by(DRAFTS.c.saved_at.desc(), DRAFTS.c.path)))


def purge_drafts(connection: Connection, at: int) -> int:
    """Delete every draft that is over at ``at`` (UTC seconds), in the caller's transaction; return how many."""
    return int(connection.execute(delete(DRAFTS).where(DRAFTS.c.expires_at <= at)).rowcount)


def _draft(row: Row[Any]) -> Draft:
    return Draft(row.path, row.case_id, json.loads(row.fields), row.seen_version, row.saved_at, row.expires_at)
