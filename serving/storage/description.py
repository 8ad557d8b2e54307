"""What a database says of itself, for whoever looks whether all is in order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from serving.storage import revisions
from serving.storage.metadata import without_triggers

_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of a PostgreSQL server without which what was committed may be lost."""


@dataclass(frozen=True, slots=True)
class Description:
    """``revision``: empty for a database that nothing of the product was written to, or one of before revisions.

    ``newest``: the revision that this version of the product brings a database to. ``journal``: how SQLite keeps a
    commit (``wal``, ``delete``); empty for a server. ``may_lose``: settings by which a server may lose a commit.
    ``without_triggers``: append-only tables that lack a trigger.
    """

    software: str
    revision: str
    newest: str
    journal: str
    may_lose: tuple[str, ...]
    without_triggers: tuple[str, ...]


def describe(connection: Connection) -> Description:
    """Read what a database says of itself. Raises DatabaseError for a file that is none."""
    revision, open_tables = revisions.revision_of(connection), tuple(without_triggers(connection))
    if connection.dialect.name == "postgresql":
        version = connection.execute(text("SELECT current_setting('server_version')")).scalar_one()
        settings = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in _MUST_BE_ON}
        off = tuple(name for name, value in settings.items() if value == "off")
        return Description(f"PostgreSQL {version}", revision, revisions.HEAD, "", off, open_tables)
    version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
    journal = str(connection.execute(text("PRAGMA journal_mode")).scalar_one())
    return Description(f"SQLite {version}", revision, revisions.HEAD, journal, (), open_tables)
