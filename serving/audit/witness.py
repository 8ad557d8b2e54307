"""The witness file of an audit log: the hash of each entry, a line an entry, next to the database.

A force ships the file to where the database's keeper can't write. A process that is killed between the commit of an
entry and the end of its line leaves the line out or leaves a torn last line. Neither is an alarm: a later line vouches
for all entries before its own, and a torn last line that begins the line of an entry of the chain is completed when
the next entry is written. Any other line that is no number and hash stays an alarm.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine, select

from serving.audit.tables import AUDIT_ENTRIES
from serving.storage import base_path, reading
from threat.errors import IntegrityFailure

HASH_DIGITS = 64

_LONGEST_LINE = 20 + 1 + HASH_DIGITS + 1
"""Bytes: the digits of the largest sequence number, a space, the hash, the end of the line."""

_TAIL_LINES = 128
"""Lines read back from the end to mend a torn one. Writers wait for each other here, but not between commit and line,
so lines can be out of order by as many as there are writers; 128 is far more than a desk and its commands."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What a witness file says: hashes by sequence number, and the bytes of a torn last line, if any."""

    vouched: dict[int, str] = field(default_factory=dict)
    torn: str = ""


def line_of(sequence: int, digest: str) -> str:
    """Return the line of an entry.

    >>> line_of(7, "ab")
    '7 ab\\n'
    """
    return f"{sequence} {digest}\n"


def witness_path(engine: Engine) -> Path:
    """Return the witness file of a database: its own name with ``.witness`` added."""
    return Path(f"{base_path(engine)}.witness")


def read_witness(path: Path, *, required: bool) -> Witness:
    """Read a witness file; an absent file vouches for nothing.

    Raises IntegrityFailure for a whole line that is not a number and a hash, an entry that is named twice, or an absent
    file that is ``required``.
    """
    if not path.exists():
        if required:
            raise IntegrityFailure("The witness file is missing.", where=str(path), way_out="name the right copy")
        return Witness()
    text = path.read_text(encoding="ascii", errors="replace")
    whole, _, torn = text.rpartition("\n")
    vouched: dict[int, str] = {}
    # Split at the line feed alone: splitlines also breaks at characters that a line of a witness never has.
    for number, line in enumerate(whole.split("\n") if whole else [], 1):
        sequence, _, digest = line.partition(" ")
        if not (sequence.isascii() and sequence.isdigit()) or len(digest) != HASH_DIGITS:
            raise IntegrityFailure(
                "The witness file has a line that is not a number and a hash.", value=line, where=f"{path}:{number}"
            )
        if int(sequence) in vouched:
            raise IntegrityFailure("The witness file names an entry twice.", value=sequence, where=f"{path}:{number}")
        vouched[int(sequence)] = digest
    return Witness(vouched, torn)


def append_line(engine: Engine, sequence: int, digest: str) -> int:
    """Append the line of a committed entry, and complete a torn last line before it.

    Returns the number of the entry whose torn line was completed; 0 where no line was torn, or where the torn line
    begins the line of no entry: it then stays as it is, on a line of its own, for ``verify`` to find.
    """
    mended = 0
    with _locked(witness_path(engine)) as file:
        tail = _tail(file)
        torn = tail.rpartition(b"\n")[2].decode("ascii", errors="replace")
        if torn:
            mended, rest = _rest_of(engine, torn, tail, sequence)
            file.write(rest.encode("ascii"))
        file.write(line_of(sequence, digest).encode("ascii"))
    return mended


def _rest_of(engine: Engine, torn: str, tail: bytes, before: int) -> tuple[int, str]:
    """The entry below ``before`` whose line ``torn`` begins, and the rest of its line; 0 and a line end for none."""
    lines = tail.decode("ascii", errors="replace").split("\n")[:-1]
    # The first piece of a tail may be the end of a line that begins before the tail.
    present = {int(number) for number in (line.partition(" ")[0] for line in lines) if number.isdigit()}
    entry = AUDIT_ENTRIES.c
    # Below the entry that is being written: a few bytes that begin its line were there before it.
    query = select(entry.sequence, entry.entry_hash).where(entry.sequence < before)
    query = query.order_by(entry.sequence.desc()).limit(_TAIL_LINES)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    # The earliest entry without a line: a few bytes may begin the lines of several, and it was written first.
    for row in reversed(rows):
        line = line_of(row.sequence, row.entry_hash)
        if row.sequence not in present and line.startswith(torn):
            return int(row.sequence), line[len(torn) :]
    return 0, "\n"


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_LINES * _LONGEST_LINE))
    return file.read()


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    # Opened for appending, so no write lands on what is there; 0600, since who reads it sees how busy the desk is.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield file
