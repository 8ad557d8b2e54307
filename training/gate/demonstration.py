"""What DEMONSTRATION signatories say, so that a demonstration shows a whole release: they count nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from threat.errors import UsageError
from threat.files import sha256_of
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.release.envelopes import Envelopes, statement
from threat.release.statements import Acceptance, Approval, Authorship, PaperDocument, Said
from threat.trust.signing import Signer
from training.gate.asking import Asked
from training.gate.view import Evidence

TITLE = "DEMONSTRATION: no such document exists"


def demonstration_statements(evidence: Evidence, asked: Asked, signers: Mapping[str, Signer]) -> Envelopes:
    """Return the statements of a demonstration. ``signers``: the invented signatories by role.

    They approve, hand in documents that do not exist, and accept what the *fairness* audit had too few events to tell;
    they never accept a missing proof of usefulness, and nothing that fails. Raises UsageError where the demonstration
    was made before a role existed.
    """
    policy = asked.policy
    expires = asked.on + timedelta(days=policy.numbers.acceptance_days)
    about: dict[str, Any] = {"release_digest": evidence.digest, "on": asked.on}
    said: list[tuple[Said, str]] = [(Authorship(authors=("DEMONSTRATION developer",), **about), "validator")]
    said += [(Approval(to=asked.to, expires=expires, **about), role) for role in policy.approvals.roles]
    kinds = [kind for named in policy.documents.values() for kind in named]
    said += [
        (
            PaperDocument(
                document=kind,
                title=TITLE,
                version="0",
                sha256=sha256_of(TITLE.encode()),
                run=evidence.manifest_sha256,
                review_due=expires,
                on=asked.on,
            ),
            policy.owners.get(kind, ("SRO",))[0],
        )
        for kind in kinds
    ]
    said += [
        (
            Acceptance(
                check="fairness",
                about=name,
                reason="DEMONSTRATION: shows what a named acceptance looks like",
                controls="none: nothing depends on this model",
                expires=expires,
                **about,
            ),
            role,
        )
        for name in _undecided(evidence)
        for role in policy.acceptances.get("fairness", ())
    ]
    if lacking := sorted({role for _, role in said} - signers.keys()):
        raise UsageError(
            "The demonstration has no signatory of this role: its keys are of an earlier version.",
            value=", ".join(lacking),
            way_out="start over: threat demo --fresh",
        )
    return [statement(body, signers[role]) for body, role in said]


def _undecided(evidence: Evidence) -> list[str]:
    """Return the gated characteristics that the audit could not decide on, or does not report, by name."""
    report = evidence.documents.fairness
    if report is None:
        return []
    decided = {FairnessVerdict.PASS, FairnessVerdict.FAIL}
    asked = [f"{gate.party}/{gate.characteristic}" for gate in evidence.fairness_policy.gate]
    reported = {item.name: item.verdict for item in report.gated}
    return [name for name in dict.fromkeys([*asked, *reported]) if reported.get(name) not in decided]
