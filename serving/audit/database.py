"""The desk's own database, SQLite by default: the audit log, the sessions signed out of, and those with open names.

What the force records stays in the history.

Every connection begins with ``BEGIN IMMEDIATE``: one writer at a time, so an entry's place in the chain is settled
before it is written, and readers of another process see whole transactions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import DDL, Column, Connection, Engine, Integer, MetaData, String, Table, create_engine, event, text
from sqlalchemy.exc import DatabaseError

from threat.errors import BadInput

METADATA = MetaData()

AUDIT_ENTRIES = Table(
    "audit_entries",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),  # ISO 8601, UTC
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("detail", String, nullable=False),  # canonical JSON object
    Column("session", String),  # null in entries of before sessions were logged
    Column("os_user", String),  # null in the same entries
    Column("previous_hash", String, nullable=False),
    Column("entry_hash", String, nullable=False, unique=True),
)

ENDED_SESSIONS = Table(
    "ended_sessions",
    METADATA,
    Column("session_id", String, primary_key=True),
    Column("ends_at", Integer, nullable=False),  # UTC seconds; after it the cookie is refused by itself
)

OPEN_NAMES = Table(
    "open_names",
    METADATA,
    Column("session_id", String, primary_key=True),
    Column("justification", String, nullable=False),  # code of ``serving.desk.sitting.JUSTIFICATIONS``
    Column("reason", String, nullable=False),  # in the words of who opened them
    Column("ends_at", Integer, nullable=False),  # UTC seconds; from then on the names are closed
)
"""Sessions in which names are open, at most one row each.

A row goes when the names are closed, at sign-out, and, past its end, when names are opened in any session.
"""

for _verb in ("UPDATE", "DELETE"):
    event.listen(
        METADATA,
        "after_create",
        DDL(
            f"CREATE TRIGGER IF NOT EXISTS audit_entries_no_{_verb.lower()} BEFORE {_verb} ON audit_entries "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        ).execute_if(dialect="sqlite"),
    )


ADDED_COLUMNS = ("session", "os_user")
"""Columns that a log of before does not have. They are added empty, and an entry is hashed without what is empty, so
every earlier entry keeps its hash."""


def connect(path: str | Path) -> Engine:
    """Open the database file, making it and its tables when absent. Raises BadInput for a file that is no database.

    A log of before gets the columns that it lacks; a process that only reads (``mode=ro``) reads it without them.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # 30 s: far longer than any transaction here takes: a writer that waits that long means that the log is stuck.
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the transaction is begun below, not by the driver
        connection.execute("PRAGMA synchronous=FULL")  # an entry survives a power cut once it is committed

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        # Before SQLite makes the file, which would be readable as the umask of whoever runs the command says.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        METADATA.create_all(engine)
        with engine.begin() as connection:
            _add_columns(connection)
            connection.execute(text("SELECT count(*) FROM audit_entries"))
    except (DatabaseError, OSError) as error:
        engine.dispose()
        raise BadInput(
            "The desk's database cannot be opened.",
            value=error.orig if isinstance(error, DatabaseError) else error.strerror,
            where=str(path),
            way_out="restore it from its backup, or name another folder with --var",
        ) from None
    return engine


def columns_of(connection: Connection) -> set[str]:
    """Return the names of the columns that the log of this database has."""
    return {str(row.name) for row in connection.execute(text("PRAGMA table_info(audit_entries)"))}


def _add_columns(connection: Connection) -> None:
    """Add what a log of before lacks; inside one transaction, so that two processes do not add it twice."""
    present = columns_of(connection)
    for name in ADDED_COLUMNS:
        if name not in present:
            connection.execute(text(f"ALTER TABLE audit_entries ADD COLUMN {name} VARCHAR"))
