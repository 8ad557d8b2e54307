"""The tables of sessions: those signed out of before their end, and those in which names are open."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from serving.storage import METADATA, UTC_SECONDS

ENDED_SESSIONS = Table(
    "ended_sessions",
    METADATA,
    Column("session_id", String, primary_key=True),
    Column("ends_at", UTC_SECONDS, nullable=False),  # after it the cookie is refused by itself
)

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
