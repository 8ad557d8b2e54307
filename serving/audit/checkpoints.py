"""Signed checkpoints of the audit log: which entry was the last, and its hash, signed with a key for ``audit``.

The hash of an entry seals all entries before it, so the latest checkpoint covers the whole log up to its entry, and one
file is enough (``desk.sqlite.checkpoint.json``, replaced in one step). A force ships it with the witness to where the
keeper of the database can't write. The service holds the key; a command that has none adds entries, and the service
signs over them next.

A checkpoint is signed only on top of the one before: the entries since are read again first. A log that has entries and
no checkpoint is never signed by itself, since whoever rewrites a log would only have to remove the checkpoint: a person
signs it, with ``threat audit-log sign``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from sqlalchemy import Connection, Engine

from serving.audit import log
from serving.audit.log import START, Verified
from threat import untrusted
from threat.errors import IntegrityFailure, UsageError
from threat.files import write_whole
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign

PAYLOAD_TYPE: Final = "application/vnd.threat.audit-checkpoint+json"

_SAID: Final = {"sequence": int, "hash": str, "at": int, "environment": str}
"""Fields of what is signed, with their types."""

EVERY_ENTRIES: Final = 100
"""Entries after which the head is signed again: what a rewritten end could hold at most while the desk is in use. A
signature takes under a millisecond, so the number is for the disk, which is asked to keep a file each time."""

EVERY_SECONDS: Final = 600
"""Seconds after which the next entry is signed, however few there were: a quiet morning is signed too."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The entry that was the last when a checkpoint was signed. ``at``: UTC seconds; ``by``: holder of the key."""

    sequence: int
    hash: str
    at: int
    by: str


def checkpoint_path(engine: Engine) -> Path:
    """Return the checkpoint file of a database: its own name with ``.checkpoint.json`` added."""
    name = str(engine.url.database)
    # A database that is opened for reading alone is named by an address, not by a path.
    path = unquote(name.removeprefix("file:")) if name.startswith("file:") else name
    return Path(f"{path}.checkpoint.json")


def read_checkpoint(path: Path, trust: Trust) -> Checkpoint | None:
    """Return the checkpoint in a file; None where there is no file.

    Raises IntegrityFailure for a file that cannot be read, or is not signed by a key for ``audit`` of this place.
    """
    try:
        envelope = untrusted.decode_object(untrusted.read(path))
    except FileNotFoundError:
        return None
    except untrusted.MalformedError as error:
        raise _unreadable(path, error) from None
    try:
        document, key = trust.verify(envelope, PAYLOAD_TYPE, "audit")
    except IntegrityFailure as error:
        raise IntegrityFailure(
            "The checkpoint of the audit log is not signed by a key that counts here.",
            value=error.value if error.value is not None else error.problem,
            where=str(path),
            way_out="restore the file from where it is shipped, and tell the information security officer",
        ) from None
    if document.get("environment") != trust.environment:
        raise IntegrityFailure(
            "The checkpoint of the audit log is of another environment.",
            value=document.get("environment"),
            where=str(path),
        )
    try:
        untrusted.require_fields(document, _SAID)
    except untrusted.MalformedError as error:
        raise _unreadable(path, error) from None
    return Checkpoint(document["sequence"], document["hash"], document["at"], key.name)


def _unreadable(path: Path, error: untrusted.MalformedError) -> IntegrityFailure:
    return IntegrityFailure(
        "The checkpoint of the audit log cannot be read.",
        value=error,
        where=str(path),
        way_out="restore the file from where it is shipped, and tell the information security officer",
    )


def verify_log(engine: Engine, trust: Trust, *, witness: Path | None = None, shipped: Path | None = None) -> Verified:
    """Read the whole chain again, against its witness and its signed checkpoint.

    ``witness``, ``shipped``: copies of the witness and of a checkpoint, kept elsewhere. Without a trust folder no
    signature can be checked, and ``signed`` is 0. Raises IntegrityFailure at the first entry that does not fit, and for
    a log that has entries and no checkpoint where keys count.
    """
    if not trust.exists:
        if shipped is not None:
            raise UsageError("No trust folder: the signature of this checkpoint cannot be checked.", value=shipped)
        return log.verify(engine, witness)
    signed = []
    for path in filter(None, (checkpoint_path(engine), shipped)):
        checkpoint = read_checkpoint(path, trust)
        if checkpoint is None and path == shipped:
            raise IntegrityFailure("The checkpoint file is missing.", where=str(path), way_out="name the right copy")
        if checkpoint is not None:
            signed.append((checkpoint.sequence, checkpoint.hash))
    verified = log.verify(engine, witness, signed)
    if verified.entries and not checkpoint_path(engine).exists():
        raise _unsigned(engine, verified.entries)
    return verified


def _unsigned(engine: Engine, entries: int) -> IntegrityFailure:
    return IntegrityFailure(
        f"The audit log has {entries:,} entries and no signed checkpoint.",
        where=str(checkpoint_path(engine)),
        way_out="restore the checkpoint from where it is shipped; where none was ever signed, sign the first with the "
        "key for audit: threat audit-log sign",
    )


def sign_first(engine: Engine, trust: Trust, signer: Signer, at: int, witness: Path | None = None) -> Checkpoint:
    """Read the whole log again, and sign its head, whether or not there is a checkpoint; for a person to ask.

    ``at``: UTC seconds. Raises UsageError for a log without an entry, IntegrityFailure for a log that does not verify.
    """
    before = read_checkpoint(checkpoint_path(engine), trust)
    verified = log.verify(engine, witness, [(before.sequence, before.hash)] if before else [])
    if not verified.entries:
        raise UsageError("The audit log has no entry to sign.", where=str(engine.url.database))
    with engine.begin() as connection:
        return _sign(engine, connection, Checkpoint(verified.entries, verified.head, at, ""), signer, at)


class Checkpoints:
    """Signs the log of a process as it grows; does nothing in a process without the key for ``audit``.

    ``problem``: why nothing is signed any more; empty while all is well.
    """

    def __init__(self, engine: Engine, trust: Trust) -> None:
        self._engine, self._trust = engine, trust
        self._signer = trust.may_sign("audit")
        self._last: Checkpoint | None = None
        self.problem = ""
        self._broken = False  # a chain that broke once is not read again at every request

    def after(self, sequence: int, at: int) -> None:
        """Sign the head when entry ``sequence``, committed at ``at`` (UTC seconds), makes it due."""
        last = self._last
        due = last is None or sequence - last.sequence >= EVERY_ENTRIES or at - last.at >= EVERY_SECONDS
        if due:
            self.sign(at, wrote_first=sequence == 1)

    def sign(self, at: int, *, wrote_first: bool = False) -> None:
        """Sign the head on top of the last checkpoint. What does not fit is not signed, and ``problem`` says so.

        ``wrote_first``: this process wrote the first entry of the log, so the log needs no checkpoint before; another
        process may have written the second by now.
        """
        if self._signer is None or self._broken:
            return
        try:
            # One transaction holds the write lock: two processes sign one after the other, never an earlier head last.
            with self._engine.begin() as connection:
                last = read_checkpoint(checkpoint_path(self._engine), self._trust)
                entries = log.head(connection).sequence
                if last is None and entries and not wrote_first:
                    # Not for ever: the process that wrote the first entry may be about to sign.
                    self.problem = str(_unsigned(self._engine, entries))
                elif entries:
                    self.problem = ""
                    last = last or Checkpoint(0, START, 0, "")
                    self._last = _sign(self._engine, connection, last, self._signer, at)
        except IntegrityFailure as error:
            # The reader's answer is given all the same: a log that was tampered with must not close the desk. The page
            # of the log and ``threat audit-log verify`` say what is wrong.
            self.problem, self._broken = str(error), True


def _sign(engine: Engine, connection: Connection, last: Checkpoint, signer: Signer, at: int) -> Checkpoint:
    """Check the entries since ``last``, sign the head, and replace the file."""
    head = log.check_since(connection, last.sequence, last.hash, str(engine.url.database))
    payload: dict[str, Any] = {
        "sequence": head.sequence,
        "hash": head.hash,
        "at": at,
        "environment": signer.key.environment,
    }
    write_whole(checkpoint_path(engine), canonical(sign(payload, PAYLOAD_TYPE, signer)))
    return Checkpoint(head.sequence, head.hash, at, signer.key.name)
