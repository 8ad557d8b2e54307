"""The witness of governance: how far signed chains had come, and when, signed with governance's own key.

A chain cannot say by itself that its last records were cut off. ``witness.jsonl`` lies in the trust folder, where no
service writes, and is a signed chain itself: each record holds the heads of the promotions and of the key list on a
day. Dates that a wait is counted by are those of the witness, and not of whoever promotes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from threat.errors import IntegrityFailure, UsageError
from threat.trust import chain, records
from threat.trust.chain import Head
from threat.trust.keys import Keys
from threat.trust.signing import Signer

FILE: Final = "witness.jsonl"
PAYLOAD_TYPE: Final = "application/vnd.threat.witness+json"
PROMOTIONS: Final = "promotions"
KEY_LIST: Final = "keys"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A record of the witness: the heads of chains by name, at ``at`` (int64 UTC seconds), signed by ``by``."""

    at: int
    heads: Mapping[str, Head]
    by: str


def read(folder: Path, keys: Keys) -> tuple[Witnessed, ...]:
    """Return the records of the witness in a trust folder, each verified; none where nothing was witnessed yet.

    Raises IntegrityFailure naming the first line that does not verify, goes back in time, or shortens a chain.
    """
    path = folder / FILE
    witnessed: list[Witnessed] = []
    for signed in records.read(path, PAYLOAD_TYPE, keys, verb="governance"):
        where = f"{path}, line {signed.sequence + 1}"
        try:
            heads = {
                str(name): Head(int(head["count"]), str(head["hash"])) for name, head in signed.record["heads"].items()
            }
            record = Witnessed(int(signed.record["at"]), heads, signed.key.name)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise IntegrityFailure("The line of the witness names no heads.", value=error, where=where) from None
        if problem := _goes_back(record, witnessed):
            raise IntegrityFailure(problem, where=where)
        witnessed.append(record)
    return tuple(witnessed)


def add(folder: Path, keys: Keys, heads: Mapping[str, Head], signer: Signer, *, at: int) -> dict[str, Any]:
    """Sign the heads of chains as they are at ``at`` (int64 UTC seconds); return the signed line, to be shipped.

    Raises UsageError for a time before the last witness or a chain that is shorter than witnessed.
    """
    if problem := _goes_back(Witnessed(at, heads, signer.key.name), read(folder, keys)):
        raise UsageError(problem, way_out="check the clock, and that the chain is whole: threat promotions")
    named = {name: {"count": head.count, "hash": head.hash} for name, head in sorted(heads.items())}
    records.append(folder / FILE, {"at": at, "heads": named}, PAYLOAD_TYPE, signer)
    (folder / FILE).chmod(0o644)  # read by services of other users, as the key list is
    *_, line = chain.entries(folder / FILE)
    return line


def latest(witnessed: tuple[Witnessed, ...], name: str) -> Head | None:
    """Return the latest witnessed head of a chain; None where the chain was never witnessed."""
    return next((record.heads[name] for record in reversed(witnessed) if name in record.heads), None)


def require_head(path: Path, hashes: list[str], head: Head | None) -> None:
    """Raise IntegrityFailure unless the chain at ``path`` holds the witnessed head.

    ``hashes``: of the chain's lines, in order. A chain may have grown since.
    """
    if head is None or head.count == 0:
        return
    if len(hashes) < head.count:
        raise IntegrityFailure(
            "The chain is shorter than governance witnessed: records were cut off.",
            value=f"{len(hashes)} records, the witness names {head.count}",
            where=str(path),
            way_out="restore the chain from a copy, and tell the person responsible for security",
        )
    if hashes[head.count - 1] != head.hash:
        raise IntegrityFailure(
            "The chain holds other records than governance witnessed.",
            where=f"{path}, line {head.count}",
            way_out="restore the chain from a copy, and tell the person responsible for security",
        )


def _goes_back(record: Witnessed, before: list[Witnessed] | tuple[Witnessed, ...]) -> str:
    """Return in a sentence how a record goes back behind the records before; empty when the record does not."""
    if before and record.at < before[-1].at:
        return "The witness goes back in time."
    for name, head in record.heads.items():
        last = latest(tuple(before), name)
        if last is not None and head.count < last.count:
            return f"The chain of {name} is shorter than governance witnessed before."
    return ""
