"""Signed chains: logs whose every record is signed for its own place, so that no record can be moved or repeated.

A line of the chain (:mod:`threat.trust.chain`) holds a DSSE envelope. Inside what is signed are the environment, the
sequence number and the hash of the line before: a record that was signed for one place of one chain fits nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from threat.errors import BadInput, IntegrityFailure
from threat.trust import chain
from threat.trust.belief import Belief, ChainBelief
from threat.trust.keys import Keys, PublicKey
from threat.trust.signing import Signer, sign, verify

PLACE: Final = frozenset({"environment", "sequence", "previous"})
"""Fields of a record that say its place; ``append`` fills the three, and a record may not bring them."""


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A verified record of a chain.

    ``record``: without its place. ``hash``: of the line, the ``previous`` of the next. ``key``: the key that signed.
    ``belief``: whether the record is believed where it stands; who reads the chain decides what follows from that.
    """

    sequence: int
    hash: str
    environment: str
    record: dict[str, Any]
    key: PublicKey
    belief: Belief = "believed"


def placed(record: Mapping[str, Any], head: chain.Head, environment: str) -> dict[str, Any]:
    """Return a record with its place: what is signed of the next record after ``head``.

    Raises BadInput for a record that names a place already.
    """
    if overlap := sorted(PLACE & record.keys()):
        raise BadInput("The place of the record is named already.", value=", ".join(overlap))
    return {**record, "environment": environment, "sequence": head.count, "previous": head.hash}


def append(path: Path, record: Mapping[str, Any], payload_type: str, signer: Signer) -> str:
    """Sign a record for the next place of the chain at ``path``, add the record, and return the hash of its line.

    Raises IntegrityFailure for a chain whose last line is damaged, BadInput for a record that is not JSON or brings a
    place of its own.
    """
    place = signer.key.environment
    placed(record, chain.Head(0, chain.START), place)
    return chain.append(path, lambda head: sign(placed(record, head, place), payload_type, signer))


def read(path: Path, payload_type: str, belief: ChainBelief, *, verb: str) -> Iterator[SignedRecord]:
    """Yield the records of a chain in order, each verified: links, signature, verb, environment and place.

    A record by a key that was ended is yielded too, with whether it is believed. An absent chain has no records. Raises
    IntegrityFailure naming the first bad line, or a head that governance kept and the chain lacks.
    """
    hashes: list[str] = []
    for line in chain.entries(path):
        signed = check(line, payload_type, belief.keys, verb=verb, path=path, ended=True)
        hashes.append(signed.hash)
        yield replace(signed, belief=belief.of(signed.sequence, signed.hash, signed.key))
    belief.require_heads(path, hashes)


def check(
    line: Mapping[str, Any], payload_type: str, keys: Keys, *, verb: str, path: Path, ended: bool = False
) -> SignedRecord:
    """Return the verified record of a line that ``chain.entries`` gave. Raises IntegrityFailure naming the line.

    ``ended``: a record by a revoked key verifies too, for whoever asks next whether it is believed where it stands.
    """
    where = f"{path}, line {line['sequence'] + 1}"
    try:
        document, key = verify(line["entry"], payload_type, keys, verb=verb, ended=ended)
    except IntegrityFailure as failure:
        raise IntegrityFailure(failure.problem, value=failure.value, where=where, way_out=failure.way_out) from None
    place = (document.get("sequence"), document.get("previous"))
    if place != (line["sequence"], line["previous"]):
        raise IntegrityFailure(
            "The record was signed for another place: a record was moved, repeated or taken from another chain.",
            value=f"signed for line {place[0] + 1}" if type(place[0]) is int else "signed for no place",
            where=where,
            way_out="stop using this file; restore the file from a copy and tell the person responsible for security",
        )
    if document.get("environment") != key.environment:
        raise IntegrityFailure(
            "The record names another environment than the key that signed the record.",
            value=document.get("environment"),
            where=where,
        )
    record = {name: value for name, value in document.items() if name not in PLACE}
    return SignedRecord(line["sequence"], line["hash"], key.environment, record, key)
