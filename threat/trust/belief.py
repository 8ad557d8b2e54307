"""Whether a record of a signed chain is believed: one rule for every chain, by the place of the record.

A key in force is believed everywhere. The line of the key list that ends a key (retired or revoked) names a head of
each chain, as a witness of governance held it: what the key signed up to there stays believed, and what it signed
beyond is not, whenever that was written. So a thief gains nothing by the dates in a record, and what governance saw
before the theft stands. A record beyond can be judged by name: another person of governance vouches for it, or sets it
aside, in a line of the key list. Nothing is deleted.

What is not in a chain (a bundle, a list, a statement on a RUN) has no place: ``threat.trust.signing.verify`` believes
a retired key there, and a revoked key nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from threat.errors import IntegrityFailure
from threat.trust.chain import Head
from threat.trust.keys import Keys, PublicKey, same_person

KEY_LIST: Final = "keys"
WITNESS: Final = "witness"
POLICIES: Final = "policies"
PROMOTIONS: Final = "promotions"
AUDIT_LOG: Final = "audit log"
"""Names of chains that a trust folder has one of. A history and its opened tests are named with the history's id."""

Belief = Literal["believed", "excluded", "not believed"]

Heads = Mapping[str, Head]
"""Heads of chains by the name of the chain."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person of governance said of records by name, in line ``sequence`` of the key list.

    ``action``: ``vouch`` or ``exclude``. ``records``: the hashes of their lines. ``at``: int64 UTC seconds.
    """

    action: Literal["vouch", "exclude"]
    chain: str
    records: tuple[str, ...]
    reason: str
    at: int
    by: PublicKey
    sequence: int


@dataclass(frozen=True, slots=True)
class ChainBelief:
    """Whose word counts in one chain. ``heads``: what the chain must hold. ``judgements``: by the hash of a record."""

    chain: str
    keys: Keys
    heads: tuple[Head, ...] = ()
    judgements: Mapping[str, Judgement] = field(default_factory=dict)

    def of(self, sequence: int, record_hash: str, key: PublicKey) -> Belief:
        """Return whether record ``sequence`` of the chain, signed by ``key``, is believed."""
        judgement = self.judgements.get(record_hash)
        if judgement is not None and not same_person(judgement.by.name, key.name):
            return "believed" if judgement.action == "vouch" else "excluded"
        return "believed" if covers(key, self.chain, sequence) else "not believed"

    def require_heads(self, path: Path, hashes: Sequence[str]) -> None:
        """Raise IntegrityFailure unless the chain at ``path`` holds every head that governance kept.

        ``hashes``: of the chain's lines, in order.
        """
        for head in self.heads:
            require_head(path, hashes, head)

    def require(self, sequence: int, record_hash: str, key: PublicKey, where: str) -> bool:
        """Return True for a record that is believed, and False for a record that was excluded.

        For chains that cannot be read without each record. Raises IntegrityFailure for a record that is not believed.
        """
        belief = self.of(sequence, record_hash, key)
        if belief == "not believed":
            raise IntegrityFailure(
                f"The record is not believed: its key was {key.state}, and no witness of before covers it.",
                value=f"{key.name}, record {record_hash[:16]}",
                where=where,
                way_out="see: threat chains; governance judges the record: threat vouch, threat exclude",
            )
        return belief == "believed"


def covers(key: PublicKey, chain: str, sequence: int) -> bool:
    """Return True where a key's own state lets record ``sequence`` (from 0) of a chain be believed."""
    if key.until is None:
        return key.state != "revoked"
    head = key.until.get(chain)
    return head is not None and sequence < head.count


def belief_in(chain: str, keys: Keys, judgements: Sequence[Judgement], witnessed: Head | None) -> ChainBelief:
    """Return whose word counts in a chain.

    ``witnessed``: the latest head of the chain that governance witnessed. A judgement counts where its own line of the
    key list is believed; of two on one record the later counts.
    """
    heads = [key.until[chain] for key in keys.values() if key.until is not None and chain in key.until]
    if witnessed is not None:
        heads.append(witnessed)
    said = {
        record: judgement
        for judgement in judgements
        if judgement.chain == chain and covers(keys[judgement.by.key_id], KEY_LIST, judgement.sequence)
        for record in judgement.records
    }
    return ChainBelief(chain, keys, tuple(dict.fromkeys(heads)), said)


def earlier_of(first: Heads | None, second: Heads) -> dict[str, Head]:
    """Return, of each chain in both, the head that comes first: a second end of a key never widens what is believed."""
    if first is None:
        return dict(second)
    return {name: min(first[name], second[name], key=lambda head: head.count) for name in first if name in second}


def require_head(path: Path, hashes: Sequence[str], head: Head | None) -> None:
    """Raise IntegrityFailure unless the chain at ``path`` holds a head that governance kept; it may have grown since.

    ``hashes``: of the chain's lines, in order.
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
