"""Statements that the gate has read, and what people withdrew, kept next to the promotions in a signed chain.

An approvals file is in somebody's hands, and a statement may be left out of it later. What the gate read of a RUN is a
record here, with every statement as it was signed; a withdrawal is a record as soon as it is signed. Each record is
signed for its place. That the end was cut off is shown by governance's witness, which signs the head of this chain too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from threat import untrusted
from threat.errors import BadInput, IntegrityFailure
from threat.release.envelopes import Envelopes, verified_statements
from threat.release.statements import Statement, takes_back
from threat.trust import chain, records
from threat.trust.folder import Trust
from threat.trust.signing import Signer

FILE: Final = "statements.jsonl"
"""Name of the chain, in the folder of the promotions."""

WITNESSED: Final = "statements"
"""Name by which the witness of governance knows the chain."""

_READ: Final = "application/vnd.threat.statements-read+json"
_WITHDRAWN: Final = "application/vnd.threat.statement-withdrawn+json"
_VERBS: Final = {_READ: "promotion", _WITHDRAWN: "approval"}
"""What the gate read is signed by who releases, a withdrawal by the person who withdraws."""


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record of the chain. ``run``: hash of the manifest of the RUN whose statements the gate read; or empty."""

    run: str
    at: int
    envelopes: Envelopes


def read(path: Path, trust: Trust) -> list[KeptRecord]:
    """Return the records of the chain at ``path``, each verified; none where nothing was kept yet.

    A record stays although its key was revoked since: what people said is in envelopes of their own. Raises
    IntegrityFailure naming the first line that does not verify, and for a chain shorter than governance witnessed.
    """
    vouched, hashes, kept = trust.with_revoked_keys(), list[str](), []
    for line in chain.entries(path):
        kind = str(line["entry"].get("payloadType"))
        if kind not in _VERBS:
            raise IntegrityFailure(
                "The chain of statements has a record of another kind.",
                value=kind,
                where=f"{path}, line {line['sequence'] + 1}",
            )
        record = records.check(line, kind, vouched.keys, verb=_VERBS[kind], path=path).record
        try:
            kept.append(KeptRecord(str(record["run"]), int(record["at"]), list(record["statements"])))
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityFailure("The record of statements lacks a field.", value=error, where=str(path)) from None
        hashes.append(line["hash"])
    trust.belief(WITNESSED).require_heads(path, hashes)
    return kept


def keep(path: Path, run: str, envelopes: Envelopes, signer: Signer, trust: Trust, *, at: int) -> int:
    """Add what the gate read of a RUN and the chain does not hold yet; return how many statements that were.

    ``run``: hash of the RUN's manifest. ``at``: UTC seconds. Raises what ``read`` raises.
    """
    earlier = of_run(read(path, trust), run)
    new = [envelope for envelope in envelopes if envelope not in earlier]
    if new:
        records.append(path, {"run": run, "at": at, "statements": new}, _READ, signer)
    return len(new)


def keep_withdrawal(path: Path, envelope: dict[str, Any], signer: Signer, trust: Trust, *, at: int) -> None:
    """Add a withdrawal, signed by the person who withdraws. Raises what ``read`` raises, and adds nothing then."""
    read(path, trust)
    records.append(path, {"run": "", "at": at, "statements": [envelope]}, _WITHDRAWN, signer)


def of_run(kept: list[KeptRecord], run: str) -> Envelopes:
    """Return every statement that the gate read of a RUN, as signed, in order."""
    return [envelope for record in kept if record.run == run for envelope in record.envelopes]


def left_out_withdrawals(kept: list[KeptRecord], given: Envelopes, trust: Trust) -> Envelopes:
    """Return the withdrawals in the chain, as signed, that take back one of the given statements and are not given.

    A person takes a statement back in a copy of their own, and whoever releases may have another. Raises what
    ``verified_statements`` raises for the given; what no key on the list ever signed is nobody's word.
    """
    statements, left_out = verified_statements(given, trust), Envelopes()
    for envelope in _withdrawals(kept):
        if envelope in [*given, *left_out]:
            continue
        try:
            [withdrawal] = verified_statements([envelope], trust)
        except (BadInput, IntegrityFailure):
            continue
        if any(takes_back(withdrawal, statement) for statement in statements):
            left_out.append(envelope)
    return left_out


def withdrawals(kept: list[KeptRecord], trust: Trust) -> list[Statement]:
    """Return every withdrawal in the chain, its own signature verified; of whichever RUN it was read.

    What no key on the list ever signed is nobody's word, and takes nothing back: a thief of a key that adds to the
    chain closes no desk by it. Raises BadInput for a withdrawal that a key did sign and that has another form.
    """
    taken_back = []
    for envelope in _withdrawals(kept):
        try:
            taken_back += verified_statements([envelope], trust)
        except IntegrityFailure:
            continue
    return taken_back


def _withdrawals(kept: list[KeptRecord]) -> Iterator[dict[str, Any]]:
    for record in kept:
        for envelope in record.envelopes:
            # Looked into before it is verified: the desk asks at every request, and most statements are none.
            try:
                kind = untrusted.decode_object(base64.b64decode(envelope["payload"])).get("kind")
            except (KeyError, TypeError, ValueError):
                continue  # no statement, so no withdrawal
            if kind == "withdrawal":
                yield envelope
