"""The tables of watching: dates that the system rolled on, cases that were let go, and who read those again."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table

from serving.casework.tables import act_column
from serving.storage import METADATA, UTC_SECONDS, append_only

ROLLS = append_only(
    Table(
        "rolls",
        METADATA,
        Column("id", String, primary_key=True, comment="RL- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        Column("case_id", String, ForeignKey("cases.id"), nullable=False, comment="The case."),
        Column("looked_at", UTC_SECONDS, nullable=False, comment="When a person last looked at it, UTC seconds."),
        Column("snapshot", String, nullable=False, comment="State of the history in which nothing was new."),
        Column("due_at", UTC_SECONDS, nullable=False, comment="The next date to look again, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
        Index(None, "case_id"),
    )
)

LETS_GO = append_only(
    Table(
        "lets_go",
        METADATA,
        Column("id", String, primary_key=True, comment="LG- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        Column("case_id", String, ForeignKey("cases.id"), nullable=False, comment="The case."),
        Column("text_id", String, comment="Text of what was typed with it."),
        Column("drawn", Boolean, nullable=False, comment="Whether a second person is to read it."),
        Column("due_at", UTC_SECONDS, comment="By when they read it, UTC seconds; null where it was not drawn."),
        Column("due_rule", String, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, comment="The calendar that this clock went by."),
        Index(None, "case_id"),
    )
)

SECOND_READINGS = append_only(
    Table(
        "second_readings",
        METADATA,
        Column("let_go_id", String, ForeignKey("lets_go.id"), primary_key=True, comment="What was read again."),
        act_column(unique=True),
        Column("agreed", Boolean, nullable=False, comment="Whether it stays let go; false opened it again."),
    )
)
