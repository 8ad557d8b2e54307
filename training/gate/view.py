"""What a rule of the gate reads (the evidence in view) and what it returns (a finding)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from threat.measuring.figure import Figure, Verdict
from threat.release.documents.attestations import SignedEvidence
from threat.release.documents.fairness_policy import FairnessPolicy
from threat.release.documents.gate import Fact, PolicyInForce
from threat.release.documents.gate_policy import Environment, GatePolicy, State
from threat.release.documents.recomputation import Recomputation
from threat.release.evidence import RunDocuments
from threat.release.statements import Acceptance, Statement, acceptances, matched, person

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH

POLICY_OWNER = "policy_owner"
"""In the policy's acceptances: whoever answers for the gate's policy, as governance put it in force."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate reads.

    ``documents``: of the RUN. ``verified``: the RUN's manifest and hashes agreed, also after all was read. ``digest``:
    of the release, what approvals, acceptances, dissent and authorship must be about. ``fairness_policy``: the policy
    the audit must have been made under, whole. ``recomputed``: what came of computing the RUN again; None where no
    history was given. ``signed``: what came of verifying the signatures on its files; None where nobody looked.
    ``openings``: models seen on the test up to now, by the ledger of the history; None where no history was given.
    ``policies``: what decided, and who put it in force. ``card_lacks``: mandatory fields of the card that are empty.
    ``audit_sha256``: of the fairness report that was read; None where there is none. ``card_sha256``: of the card as it
    was before the verdict.
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
    card_sha256: str = ""
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

    def acceptances_of(self, check: str) -> list[tuple[Statement, Acceptance]]:
        """Return the acceptances of a check that count: by whom the policy names, and in date.

        Where the policy names its own owner, whoever holds the name or the role of that owner speaks as the owner.
        """
        roles, most = self.policy.acceptances.get(check, ()), self.policy.numbers.acceptance_days
        statements = self.statements
        if POLICY_OWNER in roles:
            # Not by a key whose role only says so: the owner is whom governance named.
            statements = tuple(
                replace(given, role=POLICY_OWNER) for given in statements if self._owns_the_policy(given)
            )
        return acceptances(statements, check, roles, self.on, most)

    def _owns_the_policy(self, given: Statement) -> bool:
        owners = {person(policy.owner) for policy in self.evidence.policies if policy.kind == "gate" and policy.owner}
        return bool(owners & {person(given.by), person(given.role)})

    def accepted(self, check: str, about: str) -> bool:
        """Tell whether every role the policy names has accepted ``about``, each by another person."""
        roles = self.policy.acceptances.get(check, ())
        given = [statement for statement, body in self.acceptances_of(check) if body.about == about]
        return bool(roles) and matched(given, roles)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the verdict, why, and the facts and figures it was decided on."""

    verdict: Verdict
    reason: str
    facts: dict[str, Fact] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
