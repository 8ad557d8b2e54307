"""Opening the desk's database, and its two kinds of transaction.

Reads never wait for a writer and never keep one waiting: SQLite in its write-ahead log, PostgreSQL in a snapshot. There
is one writer at a time on either database, from the first statement of its transaction to its commit, so that what it
read (the last entry of the chain, the version of a row) is still so when it writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from serving.storage import postgresql, revisions, sqlite
from serving.storage.address import Address, address_of
from serving.storage.turns import Turns
from threat.errors import BadInput


def connect(database: Address | Path) -> Engine:
    """Open a database, making its file when absent, and bring it to the newest revision.

    ``database``: a path is the file of an SQLite database. Raises BadInput for what is no database, a server that does
    not answer or is not suitable, and a database of a later version of the product.
    """
    address = _address(database)
    engine = _engine(address, read_only=False)
    with _failing_in_words(engine):
        if address.is_file:
            sqlite.make_ready(address.base_path)
        else:
            postgresql.require_suitable(engine, str(address))
        _bring_up(engine)
    return engine


def open_read_only(database: Address | Path) -> Engine:
    """Open a database to read it as it is: neither its rows nor its revision change.

    Raises BadInput for a file that is absent, and for a server that does not answer or is not suitable.
    """
    address = _address(database)
    if not address.may_exist:
        raise BadInput("There is no database here.", where=str(address), way_out="name its folder with --var")
    engine = _engine(address, read_only=True)
    if not address.is_file:
        with _failing_in_words(engine):
            postgresql.require_suitable(engine, str(address))
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read in one transaction, which sees the database as it was at its first statement and cannot write."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction: committed at the end, undone by an exception. The only writer while it lasts."""
    with _writing(engine) as connection:
        yield connection


@contextmanager
def _writing(engine: Engine, *, migrating: bool = False) -> Iterator[Connection]:
    turns: Turns = engine.get_execution_options()["turns"]
    with turns.turn(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            postgresql.for_writing(connection)
        with connection.execution_options(writing=True, migrating=migrating).begin():
            yield connection


def base_path(engine: Engine) -> Path:
    """Return the path that names what lies next to the database: witness and checkpoint add an ending to it."""
    return _address_of_engine(engine).base_path


def shown(engine: Engine) -> str:
    """Return which database this is, for a message: never a password."""
    return str(_address_of_engine(engine))


def _address(database: Address | Path) -> Address:
    return database if isinstance(database, Address) else address_of(database.parent, database)


def _engine(address: Address, *, read_only: bool) -> Engine:
    options = {"address": address, "turns": Turns(sqlite.PATIENCE)}
    if address.is_file:
        return sqlite.open_engine(address.base_path, options, read_only=read_only)
    return postgresql.open_engine(address.url, options)


def _address_of_engine(engine: Engine) -> Address:
    address: Address = engine.get_execution_options()["address"]
    return address


def _bring_up(engine: Engine) -> None:
    with reading(engine) as connection:
        settled = revisions.is_settled(connection, shown(engine))
    if not settled:
        # Asked again as the only writer: of two processes that start at once, the second finds it done.
        with _writing(engine, migrating=True) as connection:
            if not revisions.is_settled(connection, shown(engine)):
                revisions.upgrade(connection)
                if engine.dialect.name == "sqlite":
                    sqlite.require_whole_references(connection)
        engine.dispose()  # a connection that migrated does not check references


@contextmanager
def _failing_in_words(engine: Engine) -> Iterator[None]:
    """Turn what a driver says into words, and leave no connection open behind an exception."""
    address = _address_of_engine(engine)
    try:
        yield
    except BaseException as error:
        engine.dispose()
        if not isinstance(error, (DatabaseError, sqlite3.DatabaseError, OSError)):
            raise
        raise _cannot_open(address, error) from None


def _cannot_open(address: Address, error: Exception) -> BadInput:
    if isinstance(error, DatabaseError):
        says = str(error.orig)
    else:
        says = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    password, way_out = address.url.password, "restore it from its backup, or name another folder with --var"
    if not address.is_file:
        way_out = "see that the server runs and lets this user in; the password comes from ~/.pgpass or PGPASSWORD"
    # What a driver says may repeat how it was asked.
    value = says.replace(str(password), "***") if password else says
    return BadInput("The desk's database cannot be opened.", value=value, where=str(address), way_out=way_out)
