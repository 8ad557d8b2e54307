"""From a RUN to a served bundle: gather evidence, verify statements, ask the gate; build and promote only on a pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairness.policy import load_policy
from model_cards.card import build
from model_cards.outline import missing_mandatory
from model_cards.runs import add_card
from threat.files import sha256_of
from threat.release import bundle, promotions
from threat.release.attestations import signed_evidence
from threat.release.digest import ReleaseParts
from threat.release.documents.approvals import Approvals
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate, PolicyInForce
from threat.release.documents.provenance import Provenance
from threat.release.documents.recomputation import Recomputation
from threat.release.evidence import RunDocuments
from threat.release.ledger import LEAST_SHADOW_DAYS
from threat.release.model_files import TREES, model_sha256, ranking_files
from threat.release.openings import times_opened
from threat.release.policies import deciding, in_force
from threat.release.runs import Run
from threat.trust.folder import Trust
from threat.trust.signing import Signer
from training.gate.asking import Asked
from training.gate.decision import decide
from training.gate.envelopes import Envelopes, verified_statements
from training.gate.policy import version_of
from training.gate.view import Evidence


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked up or computed for the gate. ``store``: the history, None where none was given."""

    recomputed: Recomputation | None = None
    store: Path | None = None


def evidence_of(run: Run, asked: Asked, trust: Trust, checked: Checked | None = None) -> Evidence:
    """Return what the gate reads of an opened (so verified) RUN.

    Raises IntegrityFailure where the ledger of openings or the policies in force do not verify.
    """
    report, model = run.path(Fairness.FILE), ranking_files(run)
    documents = RunDocuments.of(run, gate=False)
    card = build(documents, run_id=run.id, manifest_sha256=run.manifest_sha256)
    policies = _policies(run, asked, trust)
    parts = ReleaseParts(
        run=run.manifest_sha256,
        fairness=sha256_of(report) if report.is_file() else None,
        policies={policy.kind: policy.sha256 for policy in policies},
        card=sha256_of(card.encode()),
        environment=asked.environment,
        state=asked.to,
    )
    looked = Checked() if checked is None else checked
    return Evidence(
        run_id=run.id,
        digest=parts.digest,
        manifest_sha256=run.manifest_sha256,
        verified=True,
        model_sha256=model_sha256(model) if TREES in model else "",
        documents=documents,
        fairness_policy=load_policy(asked.fairness_policy),
        recomputed=looked.recomputed,
        signed=signed_evidence(run, trust),
        openings=None if looked.store is None else times_opened(run, looked.store, trust),
        policies=policies,
        card_lacks=missing_mandatory(card, asked.to),
    )


def _policies(run: Run, asked: Asked, trust: Trust) -> tuple[PolicyInForce, ...]:
    """Return the policies that decide, each with who put it in force: the gate's, the audit's and the training's."""
    signed = in_force(trust)
    given = {"gate": asked.policy_file, "fairness": asked.fairness_policy}
    policies = [deciding(kind, *version_of(kind, path), signed) for kind, path in given.items()]
    provenance = run.find(Provenance)
    if provenance is not None:
        eligibility = provenance.policies.eligibility
        policies.append(deciding("eligibility", eligibility.version, eligibility.sha256, signed))
    return tuple(policies)


def judge(run: Run, asked: Asked, trust: Trust, envelopes: Envelopes, checked: Checked | None = None) -> Gate:
    """Ask the gate, and keep its answer and the statements it read in the RUN (``gate.json``, ``approvals.json``).

    ``checked``: what came of computing the RUN again, and its history; None where nothing was computed.
    """
    statements = tuple(verified_statements(envelopes, trust.keys))
    evidence = replace(evidence_of(run, asked, trust, checked), statements=statements)
    gate = decide(evidence, asked.policy, environment=asked.environment, to=asked.to, on=asked.on)
    run.write(Approvals.of(envelopes))
    run.write(gate)
    return gate


def release(run: Run, gate: Gate, signer: Signer, *, var: Path, at: int) -> dict[str, Any]:
    """Make card, bundle and promotion of a RUN whose gate passed. Raises GateRefused when it did not."""
    add_card(run)
    built = bundle.build(run, var / "bundles", signer)
    reason = f"gate {gate.policy_version} passed on {gate.on.isoformat()}"
    least = gate.policy.numbers.shadow_days or LEAST_SHADOW_DAYS
    chain = var / "promotions.jsonl"
    standing = promotions.promote(chain, built, gate.to, signer, at=at, reason=reason, shadow_days=least)
    return {"bundle": str(built), "bundle_sha256": bundle.hash_of(built), "state": standing.state}
