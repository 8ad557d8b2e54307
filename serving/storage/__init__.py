"""The desk's one database: SQLite by default, PostgreSQL by one setting. No room of serving lies below it.

A room declares its tables on ``METADATA`` in a ``tables.py`` of its own, and every change of a table is a migration in
``migrations/versions``. ``connect`` opens the database; ``reading`` and ``writing`` are the only ways to talk to it.
"""

from __future__ import annotations

from serving.storage.address import address_of
from serving.storage.engine import base_path, connect, open_read_only, reading, shown, writing
from serving.storage.metadata import METADATA, UTC_SECONDS, append_only

__all__ = [
    "METADATA",
    "UTC_SECONDS",
    "address_of",
    "append_only",
    "base_path",
    "connect",
    "open_read_only",
    "reading",
    "shown",
    "writing",
]
