"""What a rule of the gate reads (the evidence in view) and what it returns (a finding)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from threat.measuring.figure import Figure, Verdict
from threat.release.documents.attestations import SignedEvidence
from threat.release.documents.fairness_policy import FairnessPolicy
from threat.release.documents.gate import Fact, PolicyInForce
from threat.release.documents.gate_policy import Environment, GatePolicy, State
from threat.release.documents.recomputation import Recomputation
from threat.release.evidence import RunDocuments
from training.gate.statements import Statement, acceptances, matched

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate reads.

    ``documents``: of the RUN. ``verified``: the RUN's manifest and hashes agreed, also after all was read. ``digest``:
    of the release, what approvals, acceptances, dissent and authorship must be about. ``fairness_policy``: the policy
    the audit must have been made under, whole. ``recomputed``: what came of computing the RUN again; None where no
    history was given. ``signed``: what came of verifying the signatures on its files; None where nobody looked.
    ``openings``: models seen on the test up to now, by the ledger of the history; None where no history was given.
    ``policies``: what decided, and who put it in force. ``card_lacks``: mandatory fields of the card that are empty.
    ``audit_sha256``: of the fairness report that was read; None where there is none.
    """

    run_id: str
    digest: str
    manifest_sha256: str
    verified: bool
    model_sha256: str
    documents: RunDocuments
    fairness_policy: FairnessPolicy
    recomputed: Recomputation | None = None
    signed: SignedEvidence | None = None
    openings: int | None = None
    policies: tuple[PolicyInForce, ...] = ()
    card_lacks: tuple[str, ...] = ()
    audit_sha256: str | None = None
    statements: tuple[Statement, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class View:
    """The evidence with the statements that count, for one state (``to``) in one environment on one day (``on``)."""

    evidence: Evidence
    policy: GatePolicy
    statements: tuple[Statement, ...]
    on: date
    to: State
    environment: Environment

    @property
    def documents(self) -> RunDocuments:
        """The documents of the RUN."""
        return self.evidence.documents

    def accepted(self, check: str, about: str) -> bool:
        """Tell whether every role the policy names has accepted ``about``, each by another person."""
        roles, most = self.policy.acceptances.get(check, ()), self.policy.numbers.acceptance_days
        given = [
            statement
            for statement, body in acceptances(self.statements, check, roles, self.on, most)
            if body.about == about
        ]
        return bool(roles) and matched(given, roles)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the verdict, why, and the facts and figures it was decided on."""

    verdict: Verdict
    reason: str
    facts: dict[str, Fact] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
