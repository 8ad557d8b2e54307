"""The database as it was before there were revisions; one that is there already is taken over, and no row is touched.

Its tables are those of ``serving.audit`` and ``serving.identity``. A log of before sessions and accounts were logged
gets those two columns: empty, and an entry is hashed without what is empty, so every earlier entry keeps its hash.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, inspect

from serving.storage.metadata import install_triggers

revision = "0001"
down_revision = None

SECONDS = Integer().with_variant(BigInteger(), "postgresql")

ENTRY = ("at", "who", "role", "operation", "action", "subject", "outcome", "detail")


def upgrade() -> None:
    tables = inspect(op.get_bind()).get_table_names()
    if "audit_entries" not in tables:
        op.create_table(
            "audit_entries",
            Column("sequence", SECONDS, primary_key=True, autoincrement=False),
            *(Column(name, String, nullable=False) for name in ENTRY),
            Column("session", String),
            Column("os_user", String),
            Column("previous_hash", String, nullable=False),
            Column("entry_hash", String, nullable=False, unique=True),
        )
    else:
        present = {column["name"] for column in inspect(op.get_bind()).get_columns("audit_entries")}
        for name in ("session", "os_user"):
            if name not in present:
                op.add_column("audit_entries", Column(name, String))
    install_triggers(op.get_bind(), "audit_entries")
    if "ended_sessions" not in tables:
        op.create_table(
            "ended_sessions",
            Column("session_id", String, primary_key=True),
            Column("ends_at", SECONDS, nullable=False),
        )
    if "open_names" not in tables:
        op.create_table(
            "open_names",
            Column("session_id", String, primary_key=True),
            Column("justification", String, nullable=False),
            Column("reason", String, nullable=False),
            Column("ends_at", SECONDS, nullable=False),
        )
