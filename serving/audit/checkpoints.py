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

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine

from serving.audit import log
from serving.audit.log import START, Verified
from serving.storage import base_path, shown, writing
from threat.errors import IntegrityFailure, UsageError
from threat.files import write_whole
from threat.trust.audit_checkpoint import ENDING, PAYLOAD_TYPE, Checkpoint, read_checkpoint, read_signed
from threat.trust.belief import AUDIT_LOG, covers
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign

EVERY_ENTRIES: Final = 100
"""Entries after which the head is signed again: what a rewritten end could hold at most while the desk is in use. A
signature takes under a millisecond, so the number is for the disk, which is asked to keep a file each time."""

EVERY_SECONDS: Final = 600
"""Seconds after which the next entry is signed, however few there were: a quiet morning is signed too."""


def checkpoint_path(engine: Engine) -> Path:
    """Return the checkpoint file of a database: its own name with ``.checkpoint.json`` added."""
    return Path(f"{base_path(engine)}{ENDING}")


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
    signed = _witnessed(trust)
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

    Where the checkpoint is by a key that is no longer believed there, it stays next to the log, which is held to the
    head that governance's witness kept. ``at``: UTC seconds. Raises UsageError for a log without an entry,
    IntegrityFailure for a log that does not verify.
    """
    path = checkpoint_path(engine)
    before = read_signed(path, trust)
    heads = _witnessed(trust)
    if before is not None and covers(before[1], AUDIT_LOG, before[0].sequence - 1):
        heads.append((before[0].sequence, before[0].hash))
        before = None
    verified = log.verify(engine, witness, heads)
    if not verified.entries:
        raise UsageError("The audit log has no entry to sign.", where=shown(engine))
    if before is not None:
        # By a key that is not believed there: it stays next to the log, for whoever looks into the theft.
        path.rename(path.with_name(f"{path.name}.not-believed-{before[0].sequence}"))
    with writing(engine) as connection:
        return _sign(engine, connection, Checkpoint(verified.entries, verified.head, at, ""), signer, at)


def _witnessed(trust: Trust) -> list[tuple[int, str]]:
    """Return the entries of the log, number and hash, that governance's witness held."""
    return [(head.count, head.hash) for head in trust.belief(AUDIT_LOG).heads if head.count]


class Checkpoints:
    """Signs the log of a process as it grows; does nothing in a process without the key for ``audit``.

    ``trust``: whose keys count; None asks the trust folder each time. ``problem``: why nothing is signed any more;
    empty while all is well.
    """

    def __init__(self, engine: Engine, trust: Trust | None) -> None:
        self._engine, self._given_trust = engine, trust
        self._trust.may_sign("audit")  # a key that is there and cannot be used is said at the start
        self._last: Checkpoint | None = None
        self.problem = ""
        self._broken = False  # a chain that broke once is not read again at every request

    @property
    def _trust(self) -> Trust:
        """Return the keys that count now: a desk runs on while its key is revoked, and signs nothing with it."""
        return Trust.open() if self._given_trust is None else self._given_trust

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
        if self._broken:
            return
        try:
            trust = self._trust
            signer = trust.may_sign("audit")
            if signer is None:
                return
            # One transaction holds the write lock: two processes sign one after the other, never an earlier head last.
            with writing(self._engine) as connection:
                last = read_checkpoint(checkpoint_path(self._engine), trust)
                entries = log.head(connection).sequence
                if last is None and entries and not wrote_first:
                    # Not for ever: the process that wrote the first entry may be about to sign.
                    self.problem = str(_unsigned(self._engine, entries))
                elif entries:
                    self.problem = ""
                    last = last or Checkpoint(0, START, 0, "")
                    self._last = self._signed_on(connection, last, signer, at)
        except (IntegrityFailure, UsageError) as error:
            # The reader's answer is given all the same: a log that was tampered with, or a key that was revoked, must
            # not close the desk. The page of the log and ``threat audit-log verify`` say what is wrong.
            self.problem = str(error)

    def _signed_on(self, connection: Connection, last: Checkpoint, signer: Signer, at: int) -> Checkpoint:
        try:
            return _sign(self._engine, connection, last, signer, at)
        except IntegrityFailure:
            self._broken = True
            raise


def _sign(engine: Engine, connection: Connection, last: Checkpoint, signer: Signer, at: int) -> Checkpoint:
    """Check the entries since ``last``, sign the head, and replace the file."""
    head = log.check_since(connection, last.sequence, last.hash, shown(engine))
    payload: dict[str, Any] = {
        "sequence": head.sequence,
        "hash": head.hash,
        "at": at,
        "environment": signer.key.environment,
    }
    write_whole(checkpoint_path(engine), canonical(sign(payload, PAYLOAD_TYPE, signer)))
    return Checkpoint(head.sequence, head.hash, at, signer.key.name)
