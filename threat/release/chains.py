"""Every signed chain of an installation, by name: where it ends, who signed which record, and who is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from threat.history import manifest, retention_decisions
from threat.release import kept, openings, policies, promotions
from threat.trust import belief, chain, key_list, witness
from threat.trust.audit_checkpoint import checkpoint_of, read_checkpoint, read_signed
from threat.trust.belief import ChainBelief
from threat.trust.chain import Head
from threat.trust.folder import Trust

EFFECTS: Final = {
    belief.PROMOTIONS: "no model is served, the rule ranks",
    belief.POLICIES: "they decide nothing, the policy before is in force, and no bundle that they let pass is served",
    belief.WITNESS: "they say nothing, neither their heads nor their dates count",
    belief.AUDIT_LOG: "the log does not verify until it is signed anew (threat audit-log sign)",
    "history": "the history does not open",
    "retention": "holds in them stay, reviews and lifted holds count no more",
    "openings": "they count as openings by nobody, and nothing stops",
}
"""What follows from records that are not believed, by the first word or the whole of a chain's name."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record of a chain: its number from 0, the hash of its line, and the ids of the keys that signed it."""

    sequence: int
    hash: str
    key_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chain:
    """A signed chain. ``lines``: of the audit log the one that its checkpoint names."""

    name: str
    path: Path
    head: Head
    lines: tuple[Line, ...]

    @property
    def effect(self) -> str:
        """Return what follows from records of the chain that are not believed."""
        return EFFECTS.get(self.name) or EFFECTS[self.name.partition(" ")[0]]

    def not_believed(self, judged: ChainBelief) -> list[Line]:
        """Return the records that one of their keys does not make believed, by ``judged``."""
        return [
            line
            for line in self.lines
            if any(
                judged.of(line.sequence, line.hash, judged.keys[key_id]) == "not believed"
                for key_id in line.key_ids & judged.keys.keys()
            )
        ]


def chains(store: Path, var: Path, trust: Trust) -> list[Chain]:
    """Return the chains that are here, as they are: links are verified, signatures are not.

    The key list is none of them: its lines are judged by who was in force when each was written. Raises
    IntegrityFailure for a chain that is broken.
    """
    assert trust.folder is not None
    present = [
        _of_lines(belief.WITNESS, trust.folder / witness.FILE),
        _of_lines(belief.POLICIES, trust.folder / policies.FILE),
        _of_lines(belief.PROMOTIONS, var / promotions.FILE),
        # Its records stay whoever signed them: what people said is in envelopes of their own.
        Chain(kept.WITNESSED, var / kept.FILE, chain.head(var / kept.FILE), ()),
    ]
    if (store / manifest.FILE).is_file():
        present += [
            _history(store),
            _of_lines(openings.chain_name(store), store / openings.LEDGER),
            _of_lines(retention_decisions.chain_name(store), store / retention_decisions.FILE),
        ]
    signed = read_signed(checkpoint_of(var), trust)
    if signed is not None:
        checkpoint, key = signed
        head = Head(checkpoint.sequence, checkpoint.hash)
        lines = (Line(head.count - 1, head.hash, frozenset({key.key_id})),)
        present.append(Chain(belief.AUDIT_LOG, checkpoint_of(var), head, lines))
    return present


def heads_to_witness(store: Path, var: Path, trust: Trust) -> dict[str, Head]:
    """Return the head of every chain that is here, each verified whole. Raises IntegrityFailure for one that is not."""
    assert trust.folder is not None
    promotions.read(var / promotions.FILE, trust)
    policies.in_force(trust)
    kept.read(var / kept.FILE, trust)
    read_checkpoint(checkpoint_of(var), trust)
    if (store / manifest.FILE).is_file():
        manifest.read(store / manifest.FILE, trust)
        list(openings.openings(store, trust))
        retention_decisions.decisions(store, trust)
    heads = {signed.name: signed.head for signed in chains(store, var, trust) if signed.name != belief.WITNESS}
    return heads | {belief.KEY_LIST: chain.head(trust.folder / key_list.KEY_LIST)}


def _of_lines(name: str, path: Path) -> Chain:
    lines = [Line(line["sequence"], line["hash"], _signers(line["entry"])) for line in chain.entries(path)]
    return Chain(name, path, Head(len(lines), lines[-1].hash if lines else chain.START), tuple(lines))


def _history(store: Path) -> Chain:
    read = manifest.read(store / manifest.FILE, Trust.none())
    lines = tuple(
        Line(
            number,
            digest,
            _key_ids(record.signatures).union(*map(_signers, record.document.get("statements", ()))),
        )
        for number, (record, digest) in enumerate(zip(read.records, read.hashes, strict=True))
    )
    return Chain(manifest.chain_name(read.history), store / manifest.FILE, Head(len(lines), read.head), lines)


def _signers(envelope: Mapping[str, Any]) -> frozenset[str]:
    return _key_ids(envelope.get("signatures", ()))


def _key_ids(signatures: Any) -> frozenset[str]:
    """Return the ids that signatures name; of anything else, which no reader believes, none."""
    named = signatures if isinstance(signatures, list | tuple) else ()
    return frozenset(str(signature.get("keyid")) for signature in named if isinstance(signature, Mapping))
