"""Cases that were let go, and who read those again."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String

from serving.storage.metadata import install_triggers

revision = "0007"
down_revision = "0006"

SECONDS = Integer().with_variant(BigInteger(), "postgresql")


def _act(table: str) -> Column[str]:
    key = ForeignKey("acts.act_id", name=f"fk_{table}_act_id", deferrable=True, initially="DEFERRED")
    return Column("act_id", String, key, nullable=False, unique=True, comment="The act that wrote this row.")


def upgrade() -> None:
    case, let_go = (
        ForeignKey("cases.id", name="fk_lets_go_case_id"),
        ForeignKey("lets_go.id", name="fk_second_readings_let_go_id"),
    )
    op.create_table(
        "lets_go",
        Column("id", String, primary_key=True, comment="LG- and 16 hexadecimal digits, random."),
        _act("lets_go"),
        Column("case_id", String, case, nullable=False, comment="The case."),
        Column("text_id", String, comment="Text of what was typed with it."),
        Column("drawn", Boolean, nullable=False, comment="Whether a second person is to read it."),
        Column("due_at", SECONDS, comment="By when they read it, UTC seconds; null where it was not drawn."),
        Column("due_rule", String, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, comment="The calendar that this clock went by."),
    )
    op.create_index("ix_lets_go_case_id", "lets_go", ["case_id"])
    op.create_table(
        "second_readings",
        Column("let_go_id", String, let_go, primary_key=True, comment="What was read again."),
        _act("second_readings"),
        Column("agreed", Boolean, nullable=False, comment="Whether it stays let go; false opened it again."),
    )
    for table in ("lets_go", "second_readings"):
        install_triggers(op.get_bind(), table)
