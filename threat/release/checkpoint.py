"""The checkpoint next to the promotions: their head, signed by who promotes, which finds a chain that broke off."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from threat import untrusted
from threat.errors import IntegrityFailure
from threat.files import write_whole
from threat.trust import chain
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign

PAYLOAD_TYPE: Final = "application/vnd.threat.checkpoint+json"


def keep(path: Path, signer: Signer, at: int) -> None:
    """Replace the checkpoint. A process killed before this leaves an earlier one, which the chain still holds."""
    head = chain.head(path)
    envelope = sign({"count": head.count, "hash": head.hash, "at": at}, PAYLOAD_TYPE, signer)
    write_whole(path_of(path), chain.canonical(envelope))


def path_of(path: Path) -> Path:
    """Return where the checkpoint of the promotions at ``path`` is."""
    return path.with_suffix(".checkpoint.json")


def require(path: Path, hashes: list[str], trust: Trust) -> None:
    """Raise IntegrityFailure unless the checkpoint next to the chain verifies and the chain holds its record."""
    file = path_of(path)
    if not file.exists():
        if hashes:
            raise IntegrityFailure("The promotions have no checkpoint next to them.", where=str(file))
        return
    try:
        envelope = untrusted.decode_object(untrusted.read(file))
        document, _ = trust.verify(envelope, PAYLOAD_TYPE, "promotion")
        untrusted.require_fields({"at": 0} | document, {"count": int, "hash": str, "at": int})
    except untrusted.MalformedError as error:
        raise IntegrityFailure(
            "The checkpoint of the promotions cannot be read.", value=error, where=str(file)
        ) from None
    count = document["count"]
    at_checkpoint = chain.START if count == 0 else hashes[count - 1] if count <= len(hashes) else None
    if at_checkpoint != document["hash"]:
        raise IntegrityFailure(
            "The promotions no longer hold the record their checkpoint names: records were removed.",
            value=f"{len(hashes)} records, the checkpoint names {count}",
            where=str(path),
        )
