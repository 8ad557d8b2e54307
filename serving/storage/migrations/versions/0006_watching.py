"""Watching: dates to look again that the system rolled on."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String

from serving.storage.metadata import install_triggers

revision = "0006"
down_revision = "0005"

SECONDS = Integer().with_variant(BigInteger(), "postgresql")


def upgrade() -> None:
    act = ForeignKey("acts.act_id", name="fk_rolls_act_id", deferrable=True, initially="DEFERRED")
    case = ForeignKey("cases.id", name="fk_rolls_case_id")
    op.create_table(
        "rolls",
        Column("id", String, primary_key=True, comment="RL- and 16 hexadecimal digits, random."),
        Column("act_id", String, act, nullable=False, unique=True, comment="The act that wrote this row."),
        Column("case_id", String, case, nullable=False, comment="The case."),
        Column("looked_at", SECONDS, nullable=False, comment="When a person last looked at it, UTC seconds."),
        Column("snapshot", String, nullable=False, comment="State of the history in which nothing was new."),
        Column("due_at", SECONDS, nullable=False, comment="The next date to look again, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
    )
    op.create_index("ix_rolls_case_id", "rolls", ["case_id"])
    install_triggers(op.get_bind(), "rolls")
    if op.get_bind().dialect.name == "postgresql":  # the other keeps no comments
        comment = "What answered it: sight, grade, decision or link."
        op.alter_column("answers", "fact", existing_type=String, existing_nullable=False, comment=comment)
