"""From a RUN to a served bundle: gather evidence, verify statements, ask the gate; build and promote only on a pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fairness.policy import load_policy
from model_cards.runs import add_card
from threat.errors import BadInput, UsageError
from threat.files import sha256_of
from threat.release import bundle, promotions
from threat.release.chain import canonical
from threat.release.runs import Run
from threat.release.signing import Keys, Signer, demonstration_signer, sign, verify
from training.gate.decision import Evidence, decide
from training.gate.policy import Environment, GatePolicy
from training.gate.statements import Statement

STATEMENT_TYPE = "application/vnd.threat.statement+json"
KINDS = ("approval", "acceptance", "document", "authorship")
DOCUMENTS = (
    "evaluation.json",
    "checks.json",
    "choices.json",
    "folds.json",
    "snapshot.json",
    "config.json",
    "cohort.json",
    "fairness.json",
)

_ROLES = ("validator", "SRO", "equality_lead")


def evidence_of(run: Run, fairness_policy: Path | None = None) -> Evidence:
    """What the gate reads of an opened (so verified) RUN. ``fairness_policy``: the force's; None: the product's own."""
    fairness = run.path("fairness.json")
    seal = {
        "manifest": run.manifest_sha256,
        "fairness": sha256_of(fairness) if fairness.is_file() else None,
    }
    model = run.path("model/model.txt")
    return Evidence(
        run_id=run.id,
        sha256=sha256_of(canonical(seal)),
        manifest_sha256=run.manifest_sha256,
        verified=True,
        model_sha256=sha256_of(model) if model.is_file() else "",
        documents={name: run.read_json(name) for name in DOCUMENTS if run.has(name)},
        fairness_policy=load_policy(fairness_policy).model_dump(mode="json"),
    )


def read_envelopes(path: Path) -> list[dict[str, Any]]:
    """The signed statements of an approvals file (``{"statements": [envelope, ...]}``). Raises BadInput, UsageError."""
    if not path.is_file():
        raise UsageError("There is no such approvals file.", where=str(path), way_out="make it: threat approve RUN")
    try:
        envelopes = json.loads(path.read_text(encoding="utf-8"))["statements"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("The approvals file cannot be read.", value=error, where=str(path)) from None
    if not isinstance(envelopes, list):
        raise BadInput("The approvals file holds a list of statements.", where=str(path))
    return envelopes


def verified_statements(envelopes: Iterable[Any], keys: Keys) -> list[Statement]:
    """Each statement with the name and role its *key* has. Raises IntegrityFailure when any signature does not hold."""
    out = []
    for envelope in envelopes:
        body, key = verify(envelope, STATEMENT_TYPE, keys, purpose="approval")
        if body.get("kind") not in KINDS:
            raise BadInput("A statement is of a known kind.", value=body.get("kind"), way_out=", ".join(KINDS))
        out.append(Statement(str(body["kind"]), key.name, key.role, key.environment, body))
    return out


def statement(body: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """A signed statement (a DSSE envelope). Raises UsageError for a kind there is not."""
    if body.get("kind") not in KINDS:
        raise UsageError("A statement is of a known kind.", value=body.get("kind"), way_out=", ".join(KINDS))
    return sign(body, STATEMENT_TYPE, signer)


def demonstration_statements(
    evidence: Evidence, policy: GatePolicy, keys: Path, *, to: str, on: date
) -> list[dict[str, Any]]:
    """What DEMONSTRATION signatories say, so that a demonstration can show a whole release. Nobody stands behind it.

    They approve, hand in documents that do not exist, and accept what the *fairness* audit had too few events to tell;
    they never accept a missing proof of usefulness, and nothing can be accepted that fails.
    """
    signers = {
        role: demonstration_signer(keys, role.replace("_", " "), role=role, purposes=("approval",)) for role in _ROLES
    }
    about = {"evidence_sha256": evidence.sha256, "on": on.isoformat()}
    expires = (on + timedelta(days=policy.numbers.acceptance_days)).isoformat()
    said = [({"kind": "authorship", "authors": ["DEMONSTRATION developer"], **about}, "validator")]
    said += [({"kind": "approval", "to": to, "expires": expires, **about}, role) for role in policy.approvals.roles]
    said += [
        (
            {
                "kind": "document",
                "document": kind,
                "title": "DEMONSTRATION: no such document exists",
                "review_due": expires,
                **about,
            },
            "SRO",
        )
        for kinds in policy.documents.values()
        for kind in kinds
    ]
    report = evidence.documents.get("fairness.json") or {}
    open_ = [
        one for one in report.get("characteristics", []) if one["gate"] and one["verdict"] == "not_enough_evidence"
    ]
    said += [
        (
            {
                "kind": "acceptance",
                "check": "G7",
                "about": f"{one['party']}/{one['characteristic']}",
                "reason": "DEMONSTRATION: shows what a named acceptance looks like",
                "controls": "none: nothing depends on this model",
                "expires": expires,
                **about,
            },
            role,
        )
        for one in open_
        for role in policy.acceptances.get("G7", ())
    ]
    return [statement(body, signers[role]) for body, role in said]


def judge(
    run: Run,
    policy: GatePolicy,
    keys: Keys,
    *,
    environment: Environment,
    to: str,
    on: date,
    envelopes: list[dict[str, Any]],
    fairness_policy: Path | None = None,
) -> dict[str, Any]:
    """Ask the gate, and keep its answer and the statements it read in the RUN (``gate.json``, ``approvals.json``)."""
    evidence = replace(evidence_of(run, fairness_policy), statements=tuple(verified_statements(envelopes, keys)))
    gate = decide(evidence, policy, environment=environment, to=to, on=on)
    run.add("approvals.json", {"statements": envelopes})
    run.add("gate.json", gate)
    return gate


def release(run: Run, gate: Mapping[str, Any], signer: Signer, *, var: Path, at: int, on: date) -> dict[str, Any]:
    """Card, bundle and promotion of a RUN whose gate passed. Raises GateRefused when it did not."""
    add_card(run, on=on)
    built = bundle.build(run, var / "bundles", signer)
    standing = promotions.promote(
        var / "promotions.jsonl",
        built,
        str(gate["to"]),
        signer,
        at=at,
        reason=f"gate {gate['policy_version']} passed on {gate['on']}",
    )
    return {"bundle": str(built), "bundle_sha256": bundle.hash_of(built), "state": standing.state}
