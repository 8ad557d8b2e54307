"""People, what was ever said of them, and their sessions.

Sessions used to be in the cookies alone, and the database held those that were signed out of: nobody needs those any
more, for a cookie of before opens nothing, and everybody signs in again.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, UniqueConstraint

from serving.storage.metadata import install_triggers

revision = "0003"
down_revision = "0002"

SECONDS = Integer().with_variant(BigInteger(), "postgresql")


def standing() -> list[Column[object]]:
    return [
        Column("shown", String, nullable=False),
        Column("roles", String, nullable=False),
        Column("unit", String, nullable=False),
        Column("authority", String, nullable=False),
        Column("trained_until", String),
        Column("active", Boolean, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "people",
        Column("id", String, primary_key=True),
        Column("issuer", String, nullable=False),
        Column("subject", String, nullable=False),
        *standing(),
        Column("version", Integer, nullable=False),
        UniqueConstraint("issuer", "subject"),
    )
    op.create_table(
        "people_changes",
        Column("person", String, ForeignKey("people.id", name="fk_people_changes_person"), primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("at", SECONDS, nullable=False),
        Column("changed_by", String, nullable=False),
        Column("justification", String, nullable=False),
        *standing(),
    )
    install_triggers(op.get_bind(), "people_changes")
    op.create_table(
        "sessions",
        Column("session_id", String, primary_key=True),
        Column("person", String, ForeignKey("people.id", name="fk_sessions_person"), nullable=False),
        Column("started_at", SECONDS, nullable=False),
        Column("seen_at", SECONDS, nullable=False),
        Column("authenticated_at", SECONDS, nullable=False),
        Column("ends_at", SECONDS, nullable=False),
        Column("ended_at", SECONDS),
    )
    op.drop_table("ended_sessions")
