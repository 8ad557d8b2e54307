"""PostgreSQL: a server that the force runs. Its driver is an optional part, imported when such a database is opened."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from threat.errors import BadInput

_OLDEST: Final = 14
"""Of the server: the first with CREATE OR REPLACE TRIGGER, and the oldest that its makers still mend."""

_WRITERS: Final = 0x746872656174
"""The advisory lock that whoever writes holds until the end of its transaction: ``threat`` in hexadecimal."""

_SESSION: Final = {
    "lock_timeout": "30s",  # far longer than any transaction here takes
    "idle_in_transaction_session_timeout": "60s",  # a process that hangs must not keep all others from writing
}

_READ: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_WRITE: Final = {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}


def open_engine(url: URL, options: dict[str, Any]) -> Engine:
    """Return an engine for a server, which is not asked anything yet. ``options``: of the engine."""
    settings = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    arguments = {
        "application_name": "threat",
        "connect_timeout": 10,
        "client_encoding": "utf8",
        # What the force says in the address comes last, so that it counts.
        "options": f"{settings} {url.query.get('options', '')}".strip(),
    }
    engine = create_engine(
        url.difference_update_query(["options"]),
        connect_args=arguments,
        execution_options=options | _READ,
        pool_pre_ping=True,  # the server may have been started again
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


def for_writing(connection: Connection) -> Connection:
    """Return a connection whose next transaction writes."""
    return connection.execution_options(**_WRITE)


def require_suitable(engine: Engine, where: str) -> None:
    """Raise BadInput for a server that is too old, or a database that cannot hold every letter."""
    with engine.connect() as connection:
        asked = text("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
        version, encoding = connection.execute(asked).one()
    if version < _OLDEST * 10_000:
        raise BadInput(
            f"The PostgreSQL server is too old: version {_OLDEST} is the oldest that is used.",
            value=f"version {version // 10_000}",
            where=where,
            way_out="a server that its makers still mend",
        )
    if encoding != "UTF8":
        raise BadInput(
            "The database on the PostgreSQL server is not in UTF-8.",
            value=encoding,
            where=where,
            way_out="CREATE DATABASE threat ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0",
        )


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writing", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
