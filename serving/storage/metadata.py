"""What all tables of the desk's database have in common: one ``METADATA``, one type for times, append-only triggers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Integer, MetaData, Table, inspect, text

METADATA = MetaData(
    # A migration can only name a constraint that has a name. Unique constraints keep the database's own: that of
    # ``audit_entries`` was made before there were migrations, and SQLite cannot rename it in place.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""The tables of every room."""

UTC_SECONDS = Integer().with_variant(BigInteger(), "postgresql")
"""A time in whole UTC seconds, or another count that may outgrow 32 bits: SQLite's integers have 64 anyway."""

_MARK = "append_only"

_SQLITE = """CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""

_POSTGRESQL_FUNCTION = """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"""

# For each statement, not each row: a change of no row is refused too, and TRUNCATE has no rows.
_POSTGRESQL = """CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""

_VERBS = {"sqlite": ("update", "delete"), "postgresql": ("update", "delete", "truncate")}


def append_only(table: Table) -> Table:
    """Declare that the rows of a table are never changed or removed: triggers in the database refuse it.

    The migration that makes the table calls ``install_triggers``; ``connect`` puts back a trigger that is gone.
    """
    table.info[_MARK] = True
    return table


def install_triggers(connection: Connection, table: str) -> None:
    """Make the triggers of an append-only table, those that are not there, in the caller's transaction."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text(_POSTGRESQL_FUNCTION))
    statement = _POSTGRESQL if dialect == "postgresql" else _SQLITE
    for verb in _VERBS[dialect]:
        connection.execute(text(statement.format(table=table, verb=verb, VERB=verb.upper())))


def without_triggers(connection: Connection) -> list[str]:
    """Return the append-only tables of ``METADATA`` that are in the database and lack one of their triggers."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        # A disabled trigger (``ALTER TABLE ... DISABLE TRIGGER``) is there and refuses nothing.
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    present = set(connection.execute(text(query)).scalars())
    lacking = [
        table.name
        for table in METADATA.tables.values()
        if table.info.get(_MARK) and not {f"{table.name}_no_{verb}" for verb in _VERBS[dialect]} <= present
    ]
    tables = set(inspect(connection).get_table_names()) if lacking else set()
    return [name for name in lacking if name in tables]
