"""From a RUN to a served bundle: gather evidence, verify statements, ask the gate; build and promote only on a pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model_cards.card import build
from model_cards.outline import missing_mandatory
from model_cards.runs import add_card
from threat.errors import GateRefused, IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.release import bundle, kept, promotions
from threat.release.attestations import signed_evidence
from threat.release.bundle import Judged
from threat.release.digest import ReleaseParts
from threat.release.documents.approvals import Approvals
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import PolicyInForce
from threat.release.documents.provenance import Provenance
from threat.release.documents.recomputation import Recomputation
from threat.release.envelopes import Envelopes, lost_statements, verified_statements
from threat.release.evidence import RunDocuments
from threat.release.model_files import TREES, model_sha256, ranking_files
from threat.release.openings import times_opened
from threat.release.policies import deciding, in_force
from threat.release.runs import Run
from threat.trust.folder import Trust
from threat.trust.signing import Signer
from training.gate.asking import Asked
from training.gate.decision import decide
from training.gate.view import Evidence


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked up or computed for the gate. ``store``: the history, None where none was given."""

    recomputed: Recomputation | None = None
    store: Path | None = None


def evidence_of(run: Run, asked: Asked, trust: Trust, checked: Checked | None = None) -> Evidence:
    """Return what the gate reads of an opened (so verified) RUN.

    Raises IntegrityFailure where the ledger of openings or the policies in force do not verify, UsageError for a gate
    policy that was put in force before governance signed what it asks for.
    """
    report, model = run.path(Fairness.FILE), ranking_files(run)
    audit = report.read_bytes() if report.is_file() else None
    documents = RunDocuments.of(run, gate=False)
    if audit is not None:
        # From the bytes that are hashed: a report that is swapped between two readings is judged as it is hashed.
        documents = replace(documents, fairness=Fairness.parse(audit, str(report)))
    manifest_sha256 = run.manifest_sha256
    card = build(documents, run_id=run.id, manifest_sha256=manifest_sha256)
    policies = _policies(run, asked, trust)
    parts = ReleaseParts(
        run=manifest_sha256,
        fairness=None if audit is None else sha256_of(audit),
        policies={policy.kind: policy.sha256 for policy in policies},
        card=sha256_of(card.encode()),
        environment=asked.environment,
        state=asked.to,
    )
    looked = Checked() if checked is None else checked
    return Evidence(
        run_id=run.id,
        digest=parts.digest,
        manifest_sha256=manifest_sha256,
        model_sha256=model_sha256(model) if TREES in model else "",
        documents=documents,
        fairness_policy=asked.fairness,
        recomputed=looked.recomputed,
        signed=signed_evidence(run, trust),
        openings=None if looked.store is None else times_opened(run, looked.store, trust),
        policies=policies,
        card_lacks=missing_mandatory(card, asked.to),
        audit_sha256=parts.fairness,
        card_sha256=parts.card,
        verified=_is_unchanged(run),  # last: after everything above was read
    )


def _is_unchanged(run: Run) -> bool:
    """Verify every file again, after all of them were read: computing a RUN again takes as long as its training."""
    try:
        run.verify_again()
    except IntegrityFailure:
        return False
    return True


def _policies(run: Run, asked: Asked, trust: Trust) -> tuple[PolicyInForce, ...]:
    """Return the policies that decide, each with who put it in force: the gate's, the audit's and the training's.

    Raises UsageError where the gate's was put in force before governance signed what it asks for.
    """
    signed = in_force(trust)
    gate = signed.get("gate")
    if gate is not None and gate.asks is None:
        # Here, and not when the bundle is opened: before anybody approves, and before the RUN is computed again.
        raise UsageError(
            "The gate policy was put in force before governance signed whose approval it asks for.",
            value=f"{gate.version}, by {gate.by} on {gate.since}",
            way_out="put the same file in force again: threat put-in-force gate",
        )
    policies = [deciding(kind, file.version, file.sha256, signed) for kind, file in asked.files.items()]
    provenance = run.find(Provenance)
    if provenance is not None:
        eligibility = provenance.policies.eligibility
        policies.append(deciding("eligibility", eligibility.version, eligibility.sha256, signed))
    return tuple(policies)


def judge(run: Run, asked: Asked, trust: Trust, envelopes: Envelopes, checked: Checked | None = None) -> Judged:
    """Ask the gate, and keep its answer and the statements it read in the RUN (``gate.json``, ``approvals.json``).

    ``checked``: what came of computing the RUN again, and its history; None where nothing was computed. Raises
    GateRefused where a statement that the gate read of this RUN before is left out.
    """
    require_earlier_statements(run, asked, trust, envelopes)
    statements = tuple(verified_statements(envelopes, trust))
    evidence = replace(evidence_of(run, asked, trust, checked), statements=statements)
    gate = decide(evidence, asked.policy, environment=asked.environment, to=asked.to, on=asked.on)
    run.write(Approvals.of(envelopes))
    run.write(gate)
    return Judged(gate, evidence.audit_sha256)


def require_earlier_statements(
    run: Run, asked: Asked, trust: Trust, envelopes: Envelopes, kept_at: Path | None = None
) -> None:
    """Refuse statements among which a statement is missing that the gate read of this RUN before.

    By the RUN's own ``approvals.json``, and by the chain ``kept_at``, which outlasts the RUN's folder: dissent and
    withdrawals stay. The demonstration signs its statements anew each time, and loses nothing by that.
    Raises GateRefused naming each statement that is missing.
    """
    if asked.environment == "demonstration":
        return
    earlier = run.find(Approvals)
    before = [] if earlier is None else earlier.envelopes()
    if kept_at is not None:
        read = kept.of_run(kept.read(kept_at, trust), run.manifest_sha256)
        before += [envelope for envelope in read if envelope not in before]
    if lost := lost_statements(before, envelopes, trust):
        raise GateRefused(
            f"The approvals leave out statements that the gate read of this RUN before: {len(lost)}.",
            value="; ".join(f"{gone.body.kind} by {gone.by} ({gone.sha256[:12]})" for gone in lost),
            where=str(run.path(Approvals.FILE) if kept_at is None else kept_at),
            way_out="add to the file instead of leaving out: threat withdraw takes a statement back, and says so",
        )


def with_kept_withdrawals(asked: Asked, trust: Trust, envelopes: Envelopes, kept_at: Path) -> Envelopes:
    """Return the statements with every withdrawal of one of them that the chain ``kept_at`` holds and they do not.

    Whoever withdraws does so in a copy of their own: an older copy releases nothing that was taken back. Raises
    IntegrityFailure for a chain that does not verify.
    """
    if asked.environment == "demonstration":
        return envelopes  # whose statements are made anew each time
    return [*envelopes, *kept.left_out_withdrawals(kept.read(kept_at, trust), envelopes, trust)]


def release(run: Run, judged: Judged, signer: Signer, *, var: Path, at: int) -> dict[str, Any]:
    """Make card, bundle and promotion of a RUN whose gate passed.

    Raises GateRefused when it did not, IntegrityFailure where the RUN holds other bytes than were judged.
    """
    gate = judged.gate
    add_card(run)
    run.verify_again()  # what the card was made from is still what was judged
    built = bundle.build(run, var / "bundles", signer, judged)
    reason = f"gate {gate.policy_version} passed on {gate.on.isoformat()}"
    standing = promotions.promote(var / "promotions.jsonl", built, gate.to, signer, at=at, reason=reason)
    return {"bundle": str(built), "bundle_sha256": bundle.hash_of(built), "state": standing.state}
