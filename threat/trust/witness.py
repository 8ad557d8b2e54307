"""The witness of governance: how far signed chains had come, and when, signed with governance's own key.

A chain cannot say by itself that its last records were cut off. ``witness.jsonl`` lies in the trust folder, where no
service writes, and is a signed chain itself: each record holds the heads of the chains on a day. Dates that a wait is
counted by are those of the witness, and not of whoever promotes. A head that was witnessed is also how far a key that
is ended later stays believed (``threat.trust.belief``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from threat.errors import IntegrityFailure, UsageError
from threat.trust import chain, records
from threat.trust.belief import WITNESS, ChainBelief
from threat.trust.chain import Head
from threat.trust.signing import Signer

FILE: Final = "witness.jsonl"
PAYLOAD_TYPE: Final = "application/vnd.threat.witness+json"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A record of the witness: the heads of chains by name, at ``at`` (int64 UTC seconds), signed by ``by``.

    ``place``: the head of the witness itself with this record as its last. ``key_id``: of the key that signed.
    """

    at: int
    heads: Mapping[str, Head]
    by: str
    place: Head
    key_id: str


def read(folder: Path, belief: ChainBelief) -> tuple[Witnessed, ...]:
    """Return the records of the witness that are believed; none where nothing was witnessed yet.

    A record that is not believed says nothing: neither its heads nor its date count, and the later ones stand without
    it. Raises IntegrityFailure naming the first line that does not verify, goes back in time, or shortens a chain.
    """
    path = folder / FILE
    witnessed: list[Witnessed] = []
    for signed in records.read(path, PAYLOAD_TYPE, belief, verb="governance"):
        if signed.belief != "believed":
            continue
        where = f"{path}, line {signed.sequence + 1}"
        try:
            heads = {
                str(name): Head(int(head["count"]), str(head["hash"])) for name, head in signed.record["heads"].items()
            }
            place = Head(signed.sequence + 1, signed.hash)
            record = Witnessed(int(signed.record["at"]), heads, signed.key.name, place, signed.key.key_id)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise IntegrityFailure("The line of the witness names no heads.", value=error, where=where) from None
        if problem := _goes_back(record.at, record.heads, witnessed):
            raise IntegrityFailure(problem, where=where)
        witnessed.append(record)
    return tuple(witnessed)


def add(folder: Path, belief: ChainBelief, heads: Mapping[str, Head], signer: Signer, *, at: int) -> dict[str, Any]:
    """Sign the heads of chains as they are at ``at`` (int64 UTC seconds); return the signed line, to be shipped.

    Raises UsageError for a time before the last witness or a chain that is shorter than witnessed.
    """
    if problem := _goes_back(at, heads, read(folder, belief)):
        raise UsageError(problem, way_out="check the clock, and that the chain is whole: threat chains")
    named = {name: {"count": head.count, "hash": head.hash} for name, head in sorted(heads.items())}
    records.append(folder / FILE, {"at": at, "heads": named}, PAYLOAD_TYPE, signer)
    (folder / FILE).chmod(0o644)  # read by services of other users, as the key list is
    *_, line = chain.entries(folder / FILE)
    return line


def latest(witnessed: Sequence[Witnessed], name: str) -> Head | None:
    """Return the latest witnessed head of a chain; None where the chain was never witnessed."""
    return next((record.heads[name] for record in reversed(witnessed) if name in record.heads), None)


def heads_until(witnessed: Sequence[Witnessed], last: Witnessed | None) -> dict[str, Head]:
    """Return the heads that the witness held with its record ``last``, of the witness itself too; none without one."""
    if last is None:
        return {}
    heads: dict[str, Head] = {}
    for record in witnessed:
        heads |= record.heads if record.place.count <= last.place.count else {}
    return heads | {WITNESS: last.place}


def _goes_back(at: int, heads: Mapping[str, Head], before: Sequence[Witnessed]) -> str:
    """Return in a sentence how heads go back behind the records before; empty when they do not."""
    if before and at < before[-1].at:
        return "The witness goes back in time."
    for name, head in heads.items():
        last = latest(before, name)
        if last is not None and head.count < last.count:
            return f"The chain of {name} is shorter than governance witnessed before."
    return ""
