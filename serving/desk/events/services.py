"""The systems that may send records: each with a secret of its own, of which the desk keeps the hash alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Engine, Index, Row, String, Table, insert, select, update

from serving.audit.log import Entry, append, vouch
from serving.storage import METADATA, UTC_SECONDS, reading, writing
from threat.errors import UsageError

SERVICES = Table(
    "services",
    METADATA,
    Column("id", String, primary_key=True, comment="V- and 16 hexadecimal digits, random."),
    Column("name", String, nullable=False, comment="What people call the system."),
    Column("profile", String, nullable=False, comment="The intake profile that its rows are read by."),
    Column("secret_sha256", String, nullable=False, unique=True, comment="Hash of its secret; the secret is not kept."),
    Column("made_at", UTC_SECONDS, nullable=False, comment="When it was let in, UTC seconds."),
    Column("made_by", String, nullable=False, comment="Who let it in: an account of the operating system."),
    Column("ended_at", UTC_SECONDS, comment="From when on it is refused, UTC seconds; null while it is let in."),
    Index(None, "name"),
)

_PREFIX = "threat-"
"""Secrets begin with it, so that a scanner of files for secrets finds one that was left lying about."""


@dataclass(frozen=True, slots=True)
class Service:
    """A system that may send records."""

    id: str
    name: str
    profile: str

    @property
    def who(self) -> str:
        """The system as the audit log shows it."""
        return f"{self.name}, {self.id}"


def let_in(engine: Engine, name: str, profile: str, *, by: str, at: int) -> tuple[Service, str]:
    """Let a system in; return it with its secret, which is shown this once.

    ``by``: account of the operating system. ``at``: UTC seconds. Raises UsageError for a name that is in use.
    """
    secret = f"{_PREFIX}{secrets.token_urlsafe(32)}"
    service = Service(f"V-{secrets.token_hex(8)}", name, profile)
    with writing(engine) as connection:
        if _in_use(connection, name) is not None:
            raise UsageError(
                "This name is of a system that is let in already.",
                value=name,
                where="--name",
                way_out="end it first (threat services end NAME), or choose another name",
            )
        connection.execute(
            insert(SERVICES).values(
                id=service.id,
                name=name,
                profile=profile,
                secret_sha256=_sha256(secret),
                made_at=at,
                made_by=by,
            )
        )
        entry = Entry(by, "operator", "access", "let a system in", service.id, detail={"profile": profile})
        sequence, digest = append(connection, entry, at)
    vouch(engine, sequence, digest, at)
    return service, secret


def end(engine: Engine, name: str, *, by: str, at: int) -> Service:
    """Refuse a system from ``at`` on (UTC seconds). Raises UsageError where none of that name is let in."""
    with writing(engine) as connection:
        row = _in_use(connection, name)
        if row is None:
            raise UsageError("No system of this name is let in.", value=name, way_out="threat services lists them")
        connection.execute(update(SERVICES).where(SERVICES.c.id == row.id).values(ended_at=at))
        sequence, digest = append(connection, Entry(by, "operator", "access", "end a system", row.id), at)
    vouch(engine, sequence, digest, at)
    return _service(row)


def all_of(engine: Engine) -> list[Row[tuple[object, ...]]]:
    """Return every system that was ever let in, the latest last, without its secret."""
    columns = [column for column in SERVICES.c if column.name != "secret_sha256"]
    with reading(engine) as connection:
        return list(connection.execute(select(*columns).order_by(SERVICES.c.made_at, SERVICES.c.id)))


def of_secret(connection: Connection, secret: str) -> Service | None:
    """Return the system that a secret is of; None where it is of none, or of one that was ended."""
    given = _sha256(secret)
    row = connection.execute(
        select(SERVICES).where(SERVICES.c.secret_sha256 == given, SERVICES.c.ended_at.is_(None))
    ).first()
    # The database compared them already; a comparison of constant time costs nothing and asks no trust in that one.
    return _service(row) if row is not None and hmac.compare_digest(row.secret_sha256, given) else None


def _in_use(connection: Connection, name: str) -> Row[tuple[object, ...]] | None:
    return connection.execute(select(SERVICES).where(SERVICES.c.name == name, SERVICES.c.ended_at.is_(None))).first()


def _service(row: Row[tuple[object, ...]]) -> Service:
    return Service(row.id, row.name, row.profile)


def _sha256(secret: str) -> str:
    # A random secret of 256 bits needs no salt and no slow hash: nobody guesses it from its hash.
    return hashlib.sha256(secret.encode()).hexdigest()
