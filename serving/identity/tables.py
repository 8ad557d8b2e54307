"""The tables of people, of what was ever said of them, of their sessions, and of sessions in which names are open."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from serving.storage import METADATA, UTC_SECONDS, append_only


def _standing() -> list[Column[object]]:
    """Return the columns of what an administrator says of a person (``serving.identity.people.Standing``)."""
    return [
        Column("shown", String, nullable=False),
        Column("roles", String, nullable=False),  # names of roles in the order of the table, with commas
        Column("unit", String, nullable=False),
        Column("authority", String, nullable=False),
        Column("trained_until", String),  # ISO 8601 day; null where none is recorded
        Column("active", Boolean, nullable=False),
    ]


PEOPLE = Table(
    "people",
    METADATA,
    Column("id", String, primary_key=True),  # U- and 16 hexadecimal digits
    Column("issuer", String, nullable=False),  # of the identity provider, or ``development``
    Column("subject", String, nullable=False),  # who it is to that provider
    *_standing(),
    Column("version", Integer, nullable=False),  # of the latest change
    UniqueConstraint("issuer", "subject"),
)
"""Everybody who may sign in or ever could, as they stand now."""

PEOPLE_CHANGES = append_only(
    Table(
        "people_changes",
        METADATA,
        Column("person", String, ForeignKey("people.id"), primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),  # 1: the person was added
        Column("at", UTC_SECONDS, nullable=False),
        Column("changed_by", String, nullable=False),  # id of a person, or who ran the command
        Column("justification", String, nullable=False),  # code of ``serving.identity.people.JUSTIFICATIONS``
        *_standing(),
    )
)
"""How each person stood after each change: who had which role, and when."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("session_id", String, primary_key=True),
    Column("person", String, ForeignKey("people.id"), nullable=False),
    Column("started_at", UTC_SECONDS, nullable=False),
    Column("seen_at", UTC_SECONDS, nullable=False),  # of the latest request, to the minute
    Column("authenticated_at", UTC_SECONDS, nullable=False),  # when the person last proved who they are
    Column("ends_at", UTC_SECONDS, nullable=False),  # at the latest
    Column("ended_at", UTC_SECONDS),  # null until the person signs out
)
"""Sessions that have begun. A row goes at the first sign-in a day after its ``ends_at``."""

OPEN_NAMES = Table(
    "open_names",
    METADATA,
    Column("session_id", String, primary_key=True),
    Column("justification", String, nullable=False),  # code of ``serving.desk.sitting.JUSTIFICATIONS``
    Column("reason", String, nullable=False),  # in the words of who opened them
    Column("ends_at", UTC_SECONDS, nullable=False),  # from then on the names are closed
)
"""Sessions in which names are open, at most one row each.

A row goes when the names are closed, at sign-out, and, past its end, when names are opened in any session.
"""
