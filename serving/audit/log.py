"""The audit log: who read or did what, when and why, as a chain of hashes.

``entry_hash = SHA-256(previous_hash || canonical JSON of the entry)``: an entry changed, removed, added or moved breaks
the chain. An entry is written in the transaction of what it records; an answer that can't be logged is not given.
A chain alone does not show that its end was cut off or that all of it was rewritten; therefore each hash also goes
to a *witness* file next to the database (``serving.audit.witness``), and processes that hold the key for it sign a
*checkpoint* now and then (``serving.audit.checkpoints``).
The six operations are those of section 62 of the Data Protection Act 2018.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, desc, insert, select

from serving.audit.tables import ADDED_COLUMNS, AUDIT_ENTRIES, columns_of
from serving.audit.witness import append_line, line_of, read_witness, witness_path
from serving.storage import reading, shown, writing
from threat.asof import parse_as_of, show
from threat.errors import IntegrityFailure

Operation = Literal["collection", "alteration", "consultation", "disclosure", "combination", "erasure", "access"]
"""The six operations, and ``access`` for signing in and out and for refusals, which touch no personal data."""

START = "0" * 64
"""The previous hash of the first entry."""

_BATCH = 1000
"""Entries read in one transaction: a long one would keep SQLite from emptying its write-ahead log."""

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
    nothing free but the justification the user typed. ``session``: the mark of the session (``session_mark``), empty
    where there is none. The account of the operating system that wrote the entry is added when it is written.
    """

    who: str
    role: str
    operation: Operation
    action: str
    subject: str = ""
    outcome: str = "done"
    detail: dict[str, object] = field(default_factory=dict)
    session: str = ""


def session_mark(session_id: str) -> str:
    """Return what the log says of a session: 16 digits of a hash of its id, the same in each entry of the session.

    The id itself is part of a cookie, and whoever reads the log has no use for it.

    >>> session_mark("0123456789abcdef0123456789abcdef"), session_mark("")
    ('3eb1bd439947eb76', '')
    """
    return hashlib.sha256(session_id.encode()).hexdigest()[:16] if session_id else ""


@cache
def account() -> str:
    """Return the name of the account of the operating system that runs this process, by its user number.

    Never by the environment (``USER``, ``LOGNAME``), which anybody sets for a command of theirs.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run as a number that has no name
        return f"uid {os.getuid()}"


def hash_entry(previous_hash: str, row: dict[str, object]) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the entry as JSON with sorted keys.

    A column of ``ADDED_COLUMNS`` that is null is left out, so that an entry of before that column keeps its hash. It
    can be neither added to such an entry nor taken from a later one: the hash would be another.
    """
    fields = {name: row[name] for name in _HASHED}
    fields |= {name: row[name] for name in ADDED_COLUMNS if row.get(name) is not None}
    body = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous_hash}{body}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: number and hash of its last entry; 0 and START for a log without an entry."""

    sequence: int
    hash: str


def head(connection: Connection) -> Head:
    """Return where the log ends, inside the caller's transaction."""
    last = connection.execute(
        select(AUDIT_ENTRIES.c.sequence, AUDIT_ENTRIES.c.entry_hash).order_by(desc(AUDIT_ENTRIES.c.sequence)).limit(1)
    ).first()
    return Head(last.sequence, last.entry_hash) if last else Head(0, START)


def check_since(connection: Connection, sequence: int, digest: str, where: str) -> Head:
    """Read the entries after entry ``sequence`` of hash ``digest`` again, and return where the log ends.

    Raises IntegrityFailure where that entry is another, or an entry after it does not fit.
    """
    entry = AUDIT_ENTRIES.c
    if sequence:
        present = connection.execute(select(entry.entry_hash).where(entry.sequence == sequence)).scalar()
        if present != digest:
            raise _broken(f"entry {sequence} is not the entry that was signed: the log was rewritten or cut", where)
    count, previous = sequence, digest
    query = select(AUDIT_ENTRIES).where(entry.sequence > sequence).order_by(entry.sequence)
    for row in connection.execute(query):
        count += 1
        _check_place(dict(row._mapping), count, previous, where)
        previous = row.entry_hash
    return Head(count, previous)


def append(connection: Connection, entry: Entry, at: int) -> tuple[int, str]:
    """Add an entry inside the caller's transaction and return its sequence number and hash. ``at``: UTC seconds."""
    last = head(connection)
    sequence, previous = last.sequence + 1, last.hash
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
        "session": entry.session,
        "os_user": account(),
    }
    digest = hash_entry(previous, row)
    connection.execute(insert(AUDIT_ENTRIES).values(**row, previous_hash=previous, entry_hash=digest))
    return sequence, digest


def record(engine: Engine, entry: Entry, at: int) -> int:
    """Add an entry in a transaction of its own, then its hash to the witness file. Returns its sequence number."""
    with writing(engine) as connection:
        sequence, digest = append(connection, entry, at)
    vouch(engine, sequence, digest, at)
    return sequence


def vouch(engine: Engine, sequence: int, digest: str, at: int) -> None:
    """Append the hash of a committed entry to the witness file. Called after the commit: a witness never runs ahead.

    Where the last line was torn, it is completed, and an entry says so.
    """
    mended = append_line(engine, sequence, digest)
    if mended:
        record(engine, Entry("audit log", "operator", "access", "mend witness", detail={"entry": mended}), at)


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that verified: number of entries, hash of the last, and how many the witness also vouches for.

    ``witnessed``: entries up to the last that the witness names, whose hash seals all before it. ``clock_set_back``:
    entries dated over a minute before the entry ahead of them. The chain holds; the clock did not. ``torn``: the last
    line of the witness begins the line of an entry of the chain and has no end; the next entry completes it.
    ``signed``: entries up to the latest signed checkpoint that the chain was compared with. ``lines_missing``: entries
    before the last witnessed that have no line of their own: a crash, or a line taken out. The chain vouches for them.
    """

    entries: int
    head: str
    witnessed: int
    clock_set_back: int
    torn: bool = False
    signed: int = 0
    lines_missing: int = 0

    def as_dict(self) -> dict[str, object]:
        """Return the fields as a JSON document."""
        return {
            "verified": True,
            "entries": self.entries,
            "head": self.head,
            "witnessed": self.witnessed,
            "clock_set_back": self.clock_set_back,
            "torn": self.torn,
            "signed": self.signed,
            "lines_missing": self.lines_missing,
        }


def verify(engine: Engine, witness: Path | None = None, signed: Sequence[tuple[int, str]] = ()) -> Verified:
    """Read the whole chain again. Raises IntegrityFailure at the first entry that does not fit.

    ``witness``: another copy of the witness file; by default the file next to the database, if any. ``signed``: number
    and hash of the entries that signed checkpoints name.
    """
    previous, count, witnessed = START, 0, 0
    seen = read_witness(witness or witness_path(engine), required=witness is not None)
    vouched, torn_is_of_an_entry = dict(seen.vouched), False
    where = shown(engine)
    last_at, set_back = 0, 0
    waiting = set(signed)
    for row in _entries(engine):
        count += 1
        _check_place(row, count, previous, where)
        at = parse_as_of(str(row["at"]))
        set_back += at < last_at - _CLOCK_TOLERANCE
        previous, last_at = row["entry_hash"], at
        waiting.discard((count, previous))
        if count in vouched:
            if vouched.pop(count) != previous:
                raise _broken(f"entry {count} is not the entry that the witness saw: the chain was rewritten", where)
            witnessed = count
        elif seen.torn and line_of(count, previous).startswith(seen.torn):
            torn_is_of_an_entry = True
    if vouched:
        raise _broken(
            f"the log ends at entry {count}, and the witness saw entry {max(vouched)}: its end is gone", where
        )
    if waiting:
        raise _broken(f"entry {min(waiting)[0]} is not the entry that was signed: the log was rewritten or cut", where)
    if seen.torn and not torn_is_of_an_entry:
        raise _broken("the last line of the witness begins the line of no entry that lacks a line", where)
    covered = max((number for number, _ in signed), default=0)
    missing = witnessed - len(seen.vouched)
    return Verified(count, previous, witnessed, set_back, bool(seen.torn), covered, missing)


def _check_place(row: dict[str, Any], count: int, previous: str, where: str) -> None:
    """Raise IntegrityFailure unless an entry is number ``count`` and follows the entry of hash ``previous``."""
    if row["sequence"] != count:
        raise _broken(f"entry {count} is missing: the next one is {row['sequence']}", where)
    if row["previous_hash"] != previous:
        raise _broken(f"entry {count} does not follow entry {count - 1}", where)
    if hash_entry(previous, row) != row["entry_hash"]:
        raise _broken(f"entry {count} was changed after it was written", where)


def _entries(engine: Engine) -> Iterator[dict[str, Any]]:
    """Read all entries in order, some at a time: nobody who reads a case waits until a long log has been read."""
    with reading(engine) as connection:
        present = columns_of(connection)  # a log of before, opened for reading alone, lacks some
    columns = [column for column in AUDIT_ENTRIES.c if column.name in present]
    query = select(*columns).order_by(AUDIT_ENTRIES.c.sequence).limit(_BATCH)
    last: int | None = None
    while True:
        with reading(engine) as connection:
            further = query if last is None else query.where(AUDIT_ENTRIES.c.sequence > last)
            rows = [dict(entry._mapping) for entry in connection.execute(further)]
        yield from rows
        if len(rows) < _BATCH:
            return
        last = rows[-1]["sequence"]


def _broken(what: str, where: str) -> IntegrityFailure:
    return IntegrityFailure(
        "The audit log is broken: it is not the chain that was written.",
        value=what,
        where=where,
        way_out="keep the file as it is, tell the information security officer, and compare it with the last backup",
    )
