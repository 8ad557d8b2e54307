"""SQLite: a file of this machine, in its write-ahead log, so that a reader and the writer do not meet."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError

PATIENCE: Final = 30
"""Seconds that a writer waits for the one before it: far longer than any transaction here takes."""


def open_engine(path: Path, options: dict[str, Any], *, read_only: bool) -> Engine:
    """Return an engine for a file that is there. ``options``: of the engine. ``read_only``: change nothing in the file.

    Where this user may write, SQLite is told so all the same: it takes the two files of the journal away at the end
    only then. Where not, and nobody has the file open, it is opened as one that does not change: SQLite could not make
    the file in which readers and writers agree.
    """
    url = URL.create("sqlite", database=str(path))
    if read_only:
        mine = os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)
        still = not mine and not Path(f"{path}-wal").exists()
        query = {"mode": "rw" if mine else "ro", "uri": "true"} | ({"immutable": "1"} if still else {})
        url = URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query=query)
    arguments = {"timeout": PATIENCE, "check_same_thread": False}
    options = options | {"read_only": read_only}
    engine = create_engine(url, connect_args=arguments, execution_options=options, hide_parameters=True)
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def make_ready(path: Path) -> None:
    """Make the file when it is absent, and put it into the write-ahead log, where it stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Before SQLite makes the file, which would be readable as the umask of whoever runs the command says. SQLite gives
    # the same mode to the two files that it keeps next to an open database (-wal and -shm).
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    give_up_at = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as raw:
        while True:
            try:
                raw.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                # SQLite does not wait here by itself: two processes that make the file at once meet in this statement.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.01)


def require_whole_references(connection: Connection) -> None:
    """Raise IntegrityError where a row refers to one that is not there, after a migration that could not check it."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        statement, table = "PRAGMA foreign_key_check", broken[0]
        raise IntegrityError(statement, None, sqlite3.IntegrityError(f"a row of {table} refers to one that is gone"))


def _settle(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the transaction is begun below, not by the driver
    connection.execute("PRAGMA synchronous=FULL")  # an entry survives a power cut once it is committed
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA recursive_triggers=ON")  # else INSERT OR REPLACE takes a row away past its trigger


def _begin(connection: Connection) -> None:
    # A read that turned into a write would fail when another wrote in between; so it cannot write at all.
    options = connection.get_execution_options()
    write = options.get("writing", False) and not options["read_only"]
    if options.get("migrating", False):
        # SQLite changes a table by making it anew: taking the old one away must not look like taking its rows away.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if write else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
