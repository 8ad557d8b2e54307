"""From a RUN to a served bundle: gather evidence, verify statements, ask the gate; build and promote only on a pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairness.policy import load_policy
from model_cards.runs import add_card
from threat.errors import BadInput, ThreatError, UsageError
from threat.files import sha256_of
from threat.release import bundle, promotions
from threat.release.documents.approvals import Approvals
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.release.documents.gate import Gate
from threat.release.documents.gate_policy import Environment, GatePolicy, State
from threat.release.evidence import RunDocuments
from threat.release.model_files import TREES, model_sha256, ranking_files
from threat.release.runs import Run
from threat.trust.chain import canonical
from threat.trust.keys import Keys
from threat.trust.signing import Signer, sign, verify
from training.gate.decision import decide
from training.gate.rules import Evidence
from training.gate.statements import (
    BODY,
    Acceptance,
    Approval,
    Authorship,
    PaperDocument,
    Statement,
)

STATEMENT_TYPE = "application/vnd.threat.statement+json"

Envelopes = list[dict[str, Any]]
Said = Approval | Acceptance | PaperDocument | Authorship


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate is asked: for which environment and state, on which day, under which policies.

    ``fairness_policy``: file of the policy set for the audit; None: the product's own.
    """

    environment: Environment
    to: State
    on: date
    policy: GatePolicy
    fairness_policy: Path | None = None


def evidence_of(run: Run, fairness_policy: Path | None = None) -> Evidence:
    """Return what the gate reads of an opened (so verified) RUN. ``fairness_policy``: as in ``Asked``."""
    report, model = run.path(Fairness.FILE), ranking_files(run)
    # What statements are about: the training's evidence and the audit, whichever was made when.
    seal = {"manifest": run.manifest_sha256, "fairness": sha256_of(report) if report.is_file() else None}
    return Evidence(
        run_id=run.id,
        sha256=sha256_of(canonical(seal)),
        manifest_sha256=run.manifest_sha256,
        verified=True,
        model_sha256=model_sha256(model) if TREES in model else "",
        documents=RunDocuments.of(run, gate=False),
        fairness_policy=load_policy(fairness_policy),
    )


def read_envelopes(path: Path) -> Envelopes:
    """Read the signed statements of an approvals file.

    Raises UsageError when the file is missing, BadInput when it is malformed.
    """
    if not path.is_file():
        raise UsageError("The approvals file is missing.", where=str(path), way_out="make it: threat approve RUN")
    try:
        return Approvals.parse(path.read_bytes(), str(path)).envelopes()
    except ThreatError as error:
        raise BadInput(
            "The approvals file cannot be read.",
            value=error.value or error.problem,
            where=str(path),
            way_out="make it with: threat approve RUN",
        ) from None


def verified_statements(envelopes: Iterable[Any], keys: Keys) -> list[Statement]:
    """Return each statement with the name and role its *key* has.

    Raises IntegrityFailure when a signature does not hold, BadInput for a statement of another form, such as an
    acceptance of a check by the number it had before checks had names.
    """
    statements = []
    for envelope in envelopes:
        said, key = verify(envelope, STATEMENT_TYPE, keys, verb="approval")
        try:
            body = BODY.validate_python(said)
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_url=False)
            ]
            raise BadInput(
                f"The statement signed by {key.name} has not the form of a statement.",
                value="; ".join(problems),
                way_out="take the statement out of the approvals file and sign again: threat approve RUN",
            ) from None
        statements.append(Statement(key.name, key.role, key.environment, body))
    return statements


def statement(body: Said, signer: Signer) -> dict[str, Any]:
    """Return a signed statement (a DSSE envelope)."""
    return sign(body.model_dump(mode="json", exclude_none=True), STATEMENT_TYPE, signer)


def demonstration_statements(evidence: Evidence, asked: Asked, signers: Mapping[str, Signer]) -> Envelopes:
    """Return what DEMONSTRATION signatories say, so that a demonstration shows a whole release.

    ``signers``: the invented signatories by role. They approve, hand in documents that do not exist, and accept what
    the *fairness* audit had too few events to tell; they never accept a missing proof of usefulness, and nothing that
    fails.
    """
    policy = asked.policy
    about: dict[str, Any] = {"evidence_sha256": evidence.sha256, "on": asked.on}
    expires = asked.on + timedelta(days=policy.numbers.acceptance_days)
    said: list[tuple[Said, str]] = [(Authorship(authors=("DEMONSTRATION developer",), **about), "validator")]
    said += [(Approval(to=asked.to, expires=expires, **about), role) for role in policy.approvals.roles]
    title = "DEMONSTRATION: no such document exists"
    said += [
        (PaperDocument(document=kind, title=title, review_due=expires, **about), "SRO")
        for kinds in policy.documents.values()
        for kind in kinds
    ]
    report = evidence.documents.fairness
    said += [
        (
            Acceptance(
                check="fairness",
                about=characteristic.name,
                reason="DEMONSTRATION: shows what a named acceptance looks like",
                controls="none: nothing depends on this model",
                expires=expires,
                **about,
            ),
            role,
        )
        for characteristic in (() if report is None else report.gated)
        if characteristic.verdict in {FairnessVerdict.ALERT, FairnessVerdict.NOT_ENOUGH}
        for role in policy.acceptances.get("fairness", ())
    ]
    return [statement(body, signers[role]) for body, role in said]


def judge(run: Run, asked: Asked, keys: Keys, envelopes: Envelopes) -> Gate:
    """Ask the gate, and keep its answer and the statements it read in the RUN (``gate.json``, ``approvals.json``)."""
    statements = tuple(verified_statements(envelopes, keys))
    evidence = replace(evidence_of(run, asked.fairness_policy), statements=statements)
    gate = decide(evidence, asked.policy, environment=asked.environment, to=asked.to, on=asked.on)
    run.write(Approvals.of(envelopes))
    run.write(gate)
    return gate


def release(run: Run, gate: Gate, signer: Signer, *, var: Path, at: int) -> dict[str, Any]:
    """Make card, bundle and promotion of a RUN whose gate passed. Raises GateRefused when it did not."""
    add_card(run)
    built = bundle.build(run, var / "bundles", signer)
    reason = f"gate {gate.policy_version} passed on {gate.on.isoformat()}"
    standing = promotions.promote(var / "promotions.jsonl", built, gate.to, signer, at=at, reason=reason)
    return {"bundle": str(built), "bundle_sha256": bundle.hash_of(built), "state": standing.state}
