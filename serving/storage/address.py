"""Where the desk's database is: a file of its own, or a PostgreSQL server that the force runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from threat.errors import UsageError

FILE: Final = "desk.sqlite"
"""Name of the database file in the folder of the desk, where no other database is set."""

_FORMS = "sqlite:///FILE or postgresql://USER@HOST/DATABASE"


@dataclass(frozen=True, slots=True)
class Address:
    """A database. ``base_path``: the path that witness and checkpoint add an ending to; an SQLite file's own path.

    ``str(address)`` is for a message, and never holds a user, a password or an option.

    >>> str(address_of(Path("var"), "postgresql://desk:secret@db.example/threat?password=secret"))
    'postgresql at db.example, database threat'
    """

    url: URL
    base_path: Path

    @property
    def is_file(self) -> bool:
        """True for a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def may_exist(self) -> bool:
        """True for a file that is there, and for a server, which alone can say."""
        return self.base_path.is_file() if self.is_file else True

    def __str__(self) -> str:
        if self.is_file:
            return str(self.base_path)
        port = f":{self.url.port}" if self.url.port else ""
        host = f" at {self.url.host}{port}" if self.url.host else ""
        return f"postgresql{host}, database {self.url.database or 'of its user'}"


def address_of(var: Path, database: str | Path = "") -> Address:
    """Return the address of the desk's database.

    ``var``: the folder of the desk, which also holds witness and checkpoint of a database on a server. ``database``:
    what ``--database`` says, a URL or a file; empty for the file of that folder. Raises UsageError for another kind of
    database, and for what is no URL; the message does not repeat it, since it may hold a password.
    """
    if not database:
        return _file(var / FILE)
    if isinstance(database, Path) or "://" not in database:
        return _file(Path(database))
    try:
        url = make_url(database)
        name = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise UsageError("The address of the database cannot be read.", where="--database", way_out=_FORMS) from None
    if name == "sqlite":
        if not url.database or url.database == ":memory:":
            raise UsageError(
                "The SQLite database has no file: one in memory would be another at each connection.",
                where="--database",
                way_out="sqlite:///FILE",
            )
        return _file(Path(url.database))
    if name not in {"postgresql", "postgres"}:
        raise UsageError(
            "The desk cannot keep its database there: it uses SQLite or PostgreSQL.",
            value=name,
            where="--database",
            way_out=_FORMS,
        )
    # Two databases never share a witness: that of the file of before stays what it was.
    return Address(url.set(drivername="postgresql+psycopg"), var / "desk.postgresql")


def _file(path: Path) -> Address:
    return Address(URL.create("sqlite", database=str(path)), path)
