"""The audit log: who read or did what, when and why, as a chain of hashes.

``entry_hash = SHA-256(previous_hash || canonical JSON of the entry)``: an entry changed, removed, added or moved breaks
the chain. An entry is written in the transaction of what it records; an answer that can't be logged is not given.
A chain alone does not show that its end was cut off or that all of it was rewritten; therefore each hash also goes
to a *witness* file next to the database, which a force ships to where the database's keeper can't write.
The six operations are those of section 62 of the Data Protection Act 2018.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, desc, insert, select

from serving.audit.database import AUDIT_ENTRIES
from threat.asof import parse_as_of, show
from threat.errors import IntegrityFailure

Operation = Literal["collection", "alteration", "consultation", "disclosure", "combination", "erasure", "access"]
"""The six operations, and ``access`` for signing in and out and for refusals, which touch no personal data."""

START = "0" * 64
"""The previous hash of the first entry."""

_BATCH = 1000
"""Entries read in one transaction. Every transaction holds the one write lock, so a long one would keep readers out."""

_CLOCK_TOLERANCE = 60
"""Seconds that an entry may be dated before the entry ahead of it: a request that waits for the other writer is logged
with the second of its arrival."""

_HASHED = ("sequence", "at", "who", "role", "operation", "action", "subject", "outcome", "detail")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded.

    ``who`` and ``role``: the signed-in user, or ``command line``. ``action``: a short verb phrase, ``view queue``.
    ``subject``: the reference of what was touched (``R-...``, ``L-...``), never a name. ``outcome``: ``done``,
    ``refused``, ``not found`` or ``failed`` (something broke). ``detail``: reasons, list ids, figures; no names and
    nothing free but the justification the user typed.
    """

    who: str
    role: str
    operation: Operation
    action: str
    subject: str = ""
    outcome: str = "done"
    detail: dict[str, object] = field(default_factory=dict)


def hash_entry(previous_hash: str, row: dict[str, object]) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the entry as JSON with sorted keys."""
    body = json.dumps({name: row[name] for name in _HASHED}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous_hash}{body}".encode()).hexdigest()


def append(connection: Connection, entry: Entry, at: int) -> tuple[int, str]:
    """Add an entry inside the caller's transaction and return its sequence number and hash. ``at``: UTC seconds."""
    last = connection.execute(
        select(AUDIT_ENTRIES.c.sequence, AUDIT_ENTRIES.c.entry_hash).order_by(desc(AUDIT_ENTRIES.c.sequence)).limit(1)
    ).first()
    sequence, previous = (last.sequence + 1, last.entry_hash) if last else (1, START)
    row: dict[str, object] = {
        "sequence": sequence,
        "at": show(at),
        "who": entry.who,
        "role": entry.role,
        "operation": entry.operation,
        "action": entry.action,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "detail": json.dumps(entry.detail, sort_keys=True, ensure_ascii=False),
    }
    digest = hash_entry(previous, row)
    connection.execute(insert(AUDIT_ENTRIES).values(**row, previous_hash=previous, entry_hash=digest))
    return sequence, digest


def record(engine: Engine, entry: Entry, at: int) -> None:
    """Add an entry in a transaction of its own, then append its hash to the witness file."""
    with engine.begin() as connection:
        sequence, digest = append(connection, entry, at)
    append_witness(engine, sequence, digest)


def witness_path(engine: Engine) -> Path:
    """Return the witness file of a database: its own name with ``.witness`` added."""
    return Path(f"{engine.url.database}.witness")


def append_witness(engine: Engine, sequence: int, digest: str) -> None:
    """Append the hash of a committed entry to the witness file. Called after the commit: a witness never runs ahead."""
    with witness_path(engine).open("a", encoding="ascii") as file:
        file.write(f"{sequence} {digest}\n")


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that verified: number of entries, hash of the last, and how many the witness also vouches for.

    ``clock_set_back``: entries dated over a minute before the entry ahead of them. The chain holds; the clock did not.
    """

    entries: int
    head: str
    witnessed: int
    clock_set_back: int

    def as_dict(self) -> dict[str, object]:
        """Return the fields as a JSON document."""
        return {
            "verified": True,
            "entries": self.entries,
            "head": self.head,
            "witnessed": self.witnessed,
            "clock_set_back": self.clock_set_back,
        }


def verify(engine: Engine, witness: Path | None = None) -> Verified:
    """Read the whole chain again. Raises IntegrityFailure at the first entry that does not fit.

    ``witness``: another copy of the witness file; by default the file next to the database, if any.
    """
    previous, count = START, 0
    vouched = _read_witness(witness or witness_path(engine), required=witness is not None)
    witnessed = 0
    where = str(engine.url.database)
    last_at, set_back = 0, 0
    for row in _entries(engine):
        count += 1
        if row["sequence"] != count:
            raise _broken(f"entry {count} is missing: the next one is {row['sequence']}", where)
        if row["previous_hash"] != previous:
            raise _broken(f"entry {count} does not follow entry {count - 1}", where)
        if hash_entry(previous, row) != row["entry_hash"]:
            raise _broken(f"entry {count} was changed after it was written", where)
        at = parse_as_of(str(row["at"]))
        set_back += at < last_at - _CLOCK_TOLERANCE
        if count in vouched:
            if vouched.pop(count) != {row["entry_hash"]}:
                raise _broken(f"entry {count} is not the entry that the witness saw: the chain was rewritten", where)
            witnessed += 1
        previous, last_at = row["entry_hash"], at
    if vouched:
        raise _broken(
            f"the log ends at entry {count}, and the witness saw entry {max(vouched)}: its end is gone", where
        )
    return Verified(count, previous, witnessed, set_back)


def _entries(engine: Engine) -> Iterator[dict[str, Any]]:
    """Read all entries in order, some at a time: nobody who reads a case waits until a long log has been read."""
    query = select(AUDIT_ENTRIES).order_by(AUDIT_ENTRIES.c.sequence).limit(_BATCH)
    last: int | None = None
    while True:
        with engine.connect() as connection:
            further = query if last is None else query.where(AUDIT_ENTRIES.c.sequence > last)
            rows = [dict(entry._mapping) for entry in connection.execute(further)]
        yield from rows
        if len(rows) < _BATCH:
            return
        last = rows[-1]["sequence"]


def _read_witness(path: Path, *, required: bool) -> dict[int, set[str]]:
    """Hashes by sequence number; a number seen with two hashes keeps both, and then can't match."""
    if not path.exists():
        if required:
            raise IntegrityFailure("The witness file is missing.", where=str(path), way_out="name the right copy")
        return {}
    seen: dict[int, set[str]] = {}
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), 1):
        sequence, _, digest = line.partition(" ")
        if not sequence.isdigit() or len(digest) != len(START):
            raise IntegrityFailure(
                "The witness file has a line that is not a number and a hash.", value=line, where=f"{path}:{number}"
            )
        seen.setdefault(int(sequence), set()).add(digest)
    return seen


def _broken(what: str, where: str) -> IntegrityFailure:
    return IntegrityFailure(
        "The audit log is broken: it is not the chain that was written.",
        value=what,
        where=where,
        way_out="keep the file as it is, tell the information security officer, and compare it with the last backup",
    )
