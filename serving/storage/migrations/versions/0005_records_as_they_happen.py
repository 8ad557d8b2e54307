"""Systems that send records as they happen, and what they sent."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String

from serving.storage.metadata import install_triggers

revision = "0005"
down_revision = "0004"

SECONDS = Integer().with_variant(BigInteger(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "services",
        Column("id", String, primary_key=True, comment="V- and 16 hexadecimal digits, random."),
        Column("name", String, nullable=False, comment="What people call the system."),
        Column("profile", String, nullable=False, comment="The intake profile that its rows are read by."),
        Column(
            *("secret_sha256", String),
            nullable=False,
            unique=True,
            comment="Hash of its secret; the secret is not kept.",
        ),
        Column("made_at", SECONDS, nullable=False, comment="When it was let in, UTC seconds."),
        Column("made_by", String, nullable=False, comment="Who let it in: an account of the operating system."),
        Column("ended_at", SECONDS, comment="From when on it is refused, UTC seconds; null while it is let in."),
    )
    op.create_index("ix_services_name", "services", ["name"])
    op.create_table(
        "deliveries",
        Column(
            *("service_id", String),
            ForeignKey("services.id", name="fk_deliveries_service_id"),
            primary_key=True,
            comment="The system that sent it.",
        ),
        Column("key", String, primary_key=True, comment="The Idempotency-Key that the system gave it."),
        Column("id", String, nullable=False, unique=True, comment="D- and 16 hexadecimal digits, random."),
        Column("content_sha256", String, nullable=False, comment="Hash of the rows that were sent."),
        Column("at", SECONDS, nullable=False, comment="When it was taken, UTC seconds."),
        Column("batch_id", String, comment="The batch of the history that it became; null where nothing was new."),
        Column("answer", String, nullable=False, comment="What was answered: references and counts, no record."),
        Column("audit", SECONDS, nullable=False, unique=True, comment="Number of its entry in the audit log."),
    )
    install_triggers(op.get_bind(), "deliveries")
