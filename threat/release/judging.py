"""Judging records by name: governance vouches for what a key signed that was ended since, or excludes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threat.errors import IntegrityFailure, UsageError
from threat.release import promotions
from threat.release.chains import Chain, Line, chains
from threat.release.key_ends import named_lines, not_believed, said
from threat.trust import belief, key_list
from threat.trust.folder import Trust
from threat.trust.keys import same_person
from threat.trust.signing import Signer


@dataclass(frozen=True, slots=True)
class Judged:
    """The records that were judged. ``still``: in a sentence, what in the chain is not believed yet, or serves not."""

    chain: Chain
    lines: tuple[Line, ...]
    still: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: ``action`` (vouch or exclude), the chain and the records by their first digits, why, and when.

    ``at``: int64 UTC seconds.
    """

    action: str
    chain: str
    records: tuple[str, ...]
    reason: str
    at: int


def judge(trust: Trust, signer: Signer, asked: Asked, store: Path, var: Path) -> Judged:
    """Add a judgement to the key list, signed for governance.

    Raises UsageError for a chain or a record that is not here, a chain whose records are not judged so, and somebody
    who vouches for what they signed themselves.
    """
    assert trust.folder is not None  # Trust.signer raised where no trust folder exists
    chain = _named_chain(chains(store, var, trust), asked)
    lines = named_lines(chain, asked.records)
    if asked.action == "exclude" and chain.name == belief.PROMOTIONS and lines:
        # What follows was built on the first of them: a step from a state that is no more leads nowhere.
        lines = [line for line in chain.lines if line.sequence >= lines[0].sequence]
    for line in lines:
        signers = [trust.keys[key_id].name for key_id in line.key_ids & trust.keys.keys()]
        if any(same_person(name, signer.key.name) for name in signers):
            raise UsageError(
                "Nobody judges a record that they signed themselves.",
                value=f"{signer.key.name}: {said([line])}",
                way_out="have another person of governance judge it",
            )
    key_list.judge(
        trust.folder,
        asked.action,
        chain.name,
        [line.hash for line in lines],
        signer,
        reason=asked.reason,
        at=asked.at,
    )
    return Judged(chain, tuple(lines), _still(Trust.open(trust.folder), chain, store, var))


def _named_chain(signed_chains: Sequence[Chain], asked: Asked) -> Chain:
    named = [chain for chain in signed_chains if asked.chain in (chain.name, chain.name.partition(" ")[0])]
    if len(named) != 1 or not named[0].lines:
        raise UsageError(
            "No chain with a record has this name here.",
            value=asked.chain,
            way_out=f"{', '.join(chain.name for chain in signed_chains if chain.lines)}; --store and --var say where",
        )
    [chain] = named
    if chain.name == belief.AUDIT_LOG:
        raise UsageError(
            "The audit log is not judged by its entries.",
            value=asked.action,
            way_out="read it against its shipped copies and sign it anew: threat audit-log sign",
        )
    if asked.action == "exclude" and chain.name.startswith("history"):
        raise UsageError(
            "The record of a history cannot be excluded: later batches correct its rows, and lists were made of it.",
            value=chain.name,
            way_out="vouch for it where the force's own exports agree, or restore the copy of before and load the rest",
        )
    return chain


def _still(trust: Trust, chain: Chain, store: Path, var: Path) -> str:
    """Return in a sentence what the chain comes to after a judgement."""
    lost = [lines for judged, lines in not_believed(trust, store, var) if judged.name == chain.name]
    if lost:
        return f"Still not believed: {said(lost[0])}: {chain.effect}."
    if chain.name != belief.PROMOTIONS:
        return ""
    try:
        standing = promotions.current(var / promotions.FILE, trust)
    except IntegrityFailure as failure:
        return f"The promotions still do not verify: {failure.problem}"
    state = f"{standing.run_id} is {standing.state}" if standing.run_id else "nothing is promoted to be served"
    return f"{state}; served: {'the model' if standing.served else 'the rule ranking'}."
