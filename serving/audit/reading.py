"""Entries of the audit log to read: some at a time, latest first, by what was chosen, without what was typed.

``detail`` is not read: it holds the reasons that people typed, which are for whoever may ask for one entry by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Engine, desc, func, select

from serving.audit.tables import AUDIT_ENTRIES
from serving.storage import reading


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """One entry: ``at`` ISO 8601 in UTC, and what ``serving.audit.log.Entry`` says, without its detail.

    ``session`` and ``os_user`` are None in an entry of before they were logged.
    """

    sequence: int
    at: str
    who: str
    role: str
    operation: str
    action: str
    subject: str
    outcome: str
    session: str | None = None
    os_user: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to read; what is empty or None chooses all. ``role``: one of those that the entry names.

    ``since`` and ``until``: days in UTC, both included. ``last``: the number of the latest entry: reading the log adds
    entries to the log, and without an end each page would begin with the last entry of the page before.
    """

    role: str = ""
    operation: str = ""
    outcome: str = ""
    subject: str = ""
    session: str = ""
    since: date | None = None
    until: date | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class EntriesRead:
    """A page of entries, latest first. ``matching``: entries chosen; ``last``: number of the latest entry in view."""

    entries: tuple[LoggedEntry, ...]
    matching: int
    last: int
    page: int


def read_entries(engine: Engine, wanted: Wanted, *, page: int, size: int) -> EntriesRead:
    """Return page ``page`` (from 1) of the entries wanted, ``size`` on a page, latest first; the last page at most."""
    table = AUDIT_ENTRIES.c
    columns = [table[name] for name in LoggedEntry.__dataclass_fields__]
    with reading(engine) as connection:
        latest = int(connection.execute(select(func.coalesce(func.max(table.sequence), 0))).scalar_one())
        last = latest if wanted.last is None else min(wanted.last, latest)
        where = [table.sequence <= last, *_conditions(wanted)]
        matching = int(connection.execute(select(func.count()).where(*where)).scalar_one())
        page = min(page, max(1, -(-matching // size)))
        query = select(*columns).where(*where).order_by(desc(table.sequence)).limit(size).offset((page - 1) * size)
        rows = connection.execute(query).all()
    return EntriesRead(tuple(LoggedEntry(*row) for row in rows), matching, last, page)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    table = AUDIT_ENTRIES.c
    equal = {name: getattr(wanted, name) for name in ("operation", "outcome", "subject", "session")}
    conditions = [table[name] == value for name, value in equal.items() if value]
    if wanted.role:
        # An entry of somebody with several roles names each: "reviewer, admin".
        conditions.append((", " + table.role + ", ").contains(f", {wanted.role}, ", autoescape=True))
    # Times are texts of one form in one zone, so they are in the order of time.
    if wanted.since is not None:
        conditions.append(table.at >= wanted.since.isoformat())
    if wanted.until is not None:
        conditions.append(table.at < (wanted.until + timedelta(days=1)).isoformat())
    return conditions
