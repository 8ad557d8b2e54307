"""The signed checkpoint of the audit log: which entry was the last, and its hash, by a key for ``audit``.

Below the log itself, so that governance's witness can hold the head of the log without its database.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from threat import untrusted
from threat.errors import IntegrityFailure
from threat.trust.belief import AUDIT_LOG, covers
from threat.trust.folder import Trust
from threat.trust.keys import PublicKey
from threat.trust.signing import verify

PAYLOAD_TYPE: Final = "application/vnd.threat.audit-checkpoint+json"
ENDING: Final = ".checkpoint.json"

_FILES: Final = (f"desk.postgresql{ENDING}", f"desk.sqlite{ENDING}")
"""Of a database on a server, and of one in a file. A desk that was moved to a server leaves the other behind."""

_SAID: Final = {"sequence": int, "hash": str, "at": int, "environment": str}
"""Fields of what is signed, with their types."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The entry that was the last when a checkpoint was signed. ``at``: UTC seconds; ``by``: holder of the key."""

    sequence: int
    hash: str
    at: int
    by: str


def checkpoint_of(var: Path) -> Path:
    """Return the checkpoint in the folder of a desk: that of its database on a server, if any, else of its file."""
    of_server, of_file = (var / name for name in _FILES)
    return of_server if of_server.exists() else of_file


def read_checkpoint(path: Path, trust: Trust) -> Checkpoint | None:
    """Return the checkpoint in a file; None where there is no file.

    A checkpoint by a key that was ended is believed up to the entry that governance's witness held before. Raises
    IntegrityFailure for a file that cannot be read, or is not signed by a key for ``audit`` that is believed there.
    """
    signed = read_signed(path, trust)
    if signed is None:
        return None
    checkpoint, key = signed
    if not covers(key, AUDIT_LOG, checkpoint.sequence - 1):
        raise IntegrityFailure(
            f"The checkpoint of the audit log is not believed: its key was {key.state}.",
            value=f"{key.name}, entry {checkpoint.sequence}",
            where=str(path),
            way_out="sign the log anew with a key in force, next to a copy of its witness: threat audit-log sign",
        )
    return checkpoint


def read_signed(path: Path, trust: Trust) -> tuple[Checkpoint, PublicKey] | None:
    """Return the checkpoint in a file and the key that signed it, believed or not; None where there is no file.

    Raises IntegrityFailure for a file that cannot be read, or that no key for ``audit`` of this place signed.
    """
    try:
        envelope = untrusted.decode_object(untrusted.read(path))
    except FileNotFoundError:
        return None
    except untrusted.MalformedError as error:
        raise _unreadable(path, error) from None
    document, key = _verified(envelope, trust, path)
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
    return Checkpoint(document["sequence"], document["hash"], document["at"], key.name), key


def _unreadable(path: Path, error: untrusted.MalformedError) -> IntegrityFailure:
    return IntegrityFailure(
        "The checkpoint of the audit log cannot be read.",
        value=error,
        where=str(path),
        way_out="restore the file from where it is shipped, and tell the information security officer",
    )


def _verified(envelope: Any, trust: Trust, path: Path) -> tuple[dict[str, Any], PublicKey]:
    try:
        return verify(envelope, PAYLOAD_TYPE, trust.keys, verb="audit", ended=True)
    except IntegrityFailure as error:
        raise IntegrityFailure(
            "The checkpoint of the audit log is not signed by a key that counts here.",
            value=error.value if error.value is not None else error.problem,
            where=str(path),
            way_out="restore the file from where it is shipped, and tell the information security officer",
        ) from None
