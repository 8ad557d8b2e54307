"""Opening the desk's database, and its two kinds of transaction.

Reads never wait for a writer and never keep one waiting: SQLite in its write-ahead log, PostgreSQL in a snapshot. There
is one writer at a time on either database, from the first statement of its transaction to its commit, so that what it
read (the last entry of the chain, the version of a row) is still so when it writes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from serving.storage import revisions
from threat.errors import BadInput

_PATIENCE = 30
"""Seconds that a writer waits for the one before it: far longer than any transaction here takes."""

_BASE_PATH = "base_path"
_WRITING = "writing"


def connect(path: str | Path) -> Engine:
    """Open a database, making it when absent, and bring it to the newest revision.

    ``path``: the file of an SQLite database. Raises BadInput for what is no database, or one of a later version of the
    product.
    """
    path = Path(path)
    engine = _sqlite(URL.create("sqlite", database=str(path)), path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Before SQLite makes the file, which would be readable as the umask of whoever runs the command says. SQLite
        # gives the same mode to the two files that it keeps beside an open database (-wal and -shm).
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        _keep_write_ahead_log(path)
        _bring_up(engine)
    except (DatabaseError, sqlite3.DatabaseError, OSError) as error:
        engine.dispose()
        raise _cannot_open(engine, error) from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_read_only(path: Path) -> Engine:
    """Open a database file without changing it: neither its rows nor its revision. Raises BadInput when it is absent.

    An SQLite database whose folder this user may not write, and that nobody has open, is opened as one that does not
    change: SQLite could not make the file in which readers and writers agree.
    """
    if not path.is_file():
        raise BadInput("There is no database here.", where=str(path), way_out="name its folder with --var")
    still = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
    query = {"mode": "ro", "uri": "true"} | ({"immutable": "1"} if still else {})
    return _sqlite(URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query=query), path)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read in one transaction, which sees the database as it was at its first statement and cannot write."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction: committed at the end, undone by an exception. The only writer while it lasts."""
    with engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
        yield connection


def base_path(engine: Engine) -> Path:
    """Return the path that names what lies beside the database: its witness and its checkpoint add an ending to it."""
    path: Path = engine.get_execution_options()[_BASE_PATH]
    return path


def shown(engine: Engine) -> str:
    """Return which database this is, for a message: never a password."""
    return str(base_path(engine))


def _sqlite(url: URL, path: Path) -> Engine:
    arguments = {"timeout": _PATIENCE, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, execution_options={_BASE_PATH: path})

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the transaction is begun below, not by the driver
        connection.execute("PRAGMA synchronous=FULL")  # an entry survives a power cut once it is committed
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A read that turned into a write would fail when another wrote in between; so it cannot write at all.
        write = connection.get_execution_options().get(_WRITING, False)
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if write else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _keep_write_ahead_log(path: Path) -> None:
    """Put the file into SQLite's write-ahead log, where it stays. Waits for others who have the file open."""
    until = time.monotonic() + _PATIENCE
    with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as raw:
        while True:
            try:
                raw.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                # SQLite does not wait here by itself: two processes that make the file at once meet in this statement.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)


def _bring_up(engine: Engine) -> None:
    with reading(engine) as connection:
        settled = revisions.is_settled(connection, shown(engine))
    if not settled:
        # Asked again as the only writer: of two processes that start at once, the second finds it done.
        with writing(engine) as connection:
            if not revisions.is_settled(connection, shown(engine)):
                revisions.upgrade(connection)


def _cannot_open(engine: Engine, error: Exception) -> BadInput:
    if isinstance(error, DatabaseError):
        says: object = error.orig
    else:
        says = error.strerror if isinstance(error, OSError) else error
    return BadInput(
        "The desk's database cannot be opened.",
        value=says,
        where=shown(engine),
        way_out="restore it from its backup, or name another folder with --var",
    )
