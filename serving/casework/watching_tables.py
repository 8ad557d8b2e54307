"""The tables of watching: dates that the system rolled on."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table

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
