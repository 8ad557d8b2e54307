"""Which revision a database is at, and bringing it to the newest by Alembic.

Alembic takes a third of a second to load, so it is imported only when there is something to migrate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from serving.storage.metadata import install_triggers, without_triggers
from threat.errors import BadInput

MIGRATIONS: Final = Path(__file__).parent / "migrations"

HEAD: Final = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
"""The newest revision. A revision is a number of four digits, with which the name of its file begins."""


def revision_of(connection: Connection) -> str:
    """Return the revision of a database; empty for one without: a new one, or one of before there were revisions."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def is_settled(connection: Connection, where: str) -> bool:
    """Return whether a database is at the newest revision, with all its triggers.

    Raises BadInput for a database of a revision that this version of the product does not know.
    """
    revision = revision_of(connection)
    if revision > HEAD:
        raise BadInput(
            "The desk's database was made by a later version of the product.",
            value=f"revision {revision}; this version knows revisions up to {HEAD}",
            where=where,
            way_out="install that version again, or restore the backup from before it",
        )
    return revision == HEAD and not without_triggers(connection)


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest revision and put back its triggers, in the caller's transaction."""
    if revision_of(connection) != HEAD:
        _migrate(connection, HEAD)
    for table in without_triggers(connection):
        install_triggers(connection, table)


def _migrate(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
