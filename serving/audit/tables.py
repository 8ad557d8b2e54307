"""The table of the audit log."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, String, Table, inspect

from serving.storage import METADATA, UTC_SECONDS, append_only

AUDIT_ENTRIES = append_only(
    Table(
        "audit_entries",
        METADATA,
        Column("sequence", UTC_SECONDS, primary_key=True, autoincrement=False),
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
)

ADDED_COLUMNS: Final = ("session", "os_user")
"""Columns that a log of before does not have. They are added empty, and an entry is hashed without what is empty, so
every earlier entry keeps its hash."""


def columns_of(connection: Connection) -> set[str]:
    """Return the names of the columns that the log of this database has: one opened read-only may be of before."""
    return {column["name"] for column in inspect(connection).get_columns("audit_entries")}
