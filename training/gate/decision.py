"""The release gate decides, and does nothing more: evidence and policy in, a verdict with its reasons out.

Each check is pass, fail or not enough evidence. Only a pass of every required check releases; what nobody has measured
or nobody has signed is never a pass. The gate reads no file, no clock and no key: signatures are verified before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from threat.measuring.figure import Verdict
from threat.release.documents import gate as documents
from threat.release.documents.gate import Gate, GateCheck
from threat.release.documents.gate_policy import CHECKS, Environment, GatePolicy, State
from threat.release.statements import (
    Approval,
    Dissent,
    PaperDocument,
    Statement,
    Withdrawal,
    withdrawn,
)
from training.gate.rules import RULES
from training.gate.view import FAIL, NOT_ENOUGH, PASS, Evidence, Finding, View


def decide(evidence: Evidence, policy: GatePolicy, *, environment: Environment, to: State, on: date) -> Gate:
    """Return the verdict with every check and its reason, the approvals, and whether probabilities may be shown.

    ``to``: the state asked for. ``on``: the day it is decided, for expiry.
    """
    gone = withdrawn(evidence.statements)
    reasons = [
        (
            statement,
            gone.get((statement.sha256, statement.key_id)) or _why_not(statement, evidence, environment, policy),
        )
        for statement in evidence.statements
        if not isinstance(statement.body, Withdrawal)
    ]
    counted = tuple(statement for statement, why_not in reasons if not why_not)
    view = View(evidence, policy, counted, on, to, environment)
    checks = tuple(_checked(view, name, required=name in policy.required[to]) for name in CHECKS)
    return Gate(
        verdict=Verdict.all_of(check.verdict for check in checks if check.required),
        environment=environment,
        to=to,
        on=on,
        run_id=evidence.run_id,
        release_digest=evidence.digest,
        card_sha256=evidence.card_sha256,
        run_manifest_sha256=evidence.manifest_sha256,
        policy_version=policy.version,
        policy=policy,
        show_probability=any(check.name == "calibration" and check.verdict == PASS for check in checks),
        recomputed=evidence.recomputed,
        signed=evidence.signed,
        checks=checks,
        policies=evidence.policies,
        documents=_documents(view),
        dissents=tuple(
            documents.DissentGiven(
                by=statement.by, role=statement.role, on=statement.body.on, reason=statement.body.reason
            )
            for statement in counted
            if isinstance(statement.body, Dissent)
        ),
        approvals=tuple(
            documents.Approval(
                statement=statement.sha256,
                key_id=statement.key_id,
                by=statement.by,
                role=statement.role,
                on=statement.body.on,
                environment=environment,
                expires=statement.body.expires,
                conditions=statement.body.conditions,
            )
            for statement in counted
            if isinstance(statement.body, Approval)
        ),
        set_aside=tuple(
            f"{statement.body.kind} by {statement.by}: {why_not}" for statement, why_not in reasons if why_not
        ),
    )


def _documents(view: View) -> tuple[documents.DocumentInForce, ...]:
    """Return the documents that the required checks depend on: of each kind, the document that is due last."""
    kinds = [kind for check in view.policy.required[view.to] for kind in view.policy.documents.get(check, ())]
    latest = [provided for kind in dict.fromkeys(kinds) if (provided := _latest(view, kind)) is not None]
    return tuple(
        documents.DocumentInForce(
            statement=statement.sha256,
            key_id=statement.key_id,
            kind=body.document,
            title=body.title,
            version=body.version,
            sha256=body.sha256,
            by=statement.by,
            role=statement.role,
            review_due=body.review_due,
        )
        for statement, body in latest
    )


def _latest(view: View, kind: str) -> tuple[Statement, PaperDocument] | None:
    """Return the statement on a kind of document, by its owner's role, whose review is due last; None without any."""
    owners = view.policy.owners.get(kind, ())
    provided = [
        (statement, statement.body)
        for statement in view.statements
        if isinstance(statement.body, PaperDocument)
        and statement.body.document == kind
        and (not owners or statement.role in owners)
    ]
    return max(provided, key=lambda pair: pair[1].review_due, default=None)


def _checked(view: View, name: str, *, required: bool) -> GateCheck:
    finding = with_documents(view, name, RULES[name](view))
    return GateCheck(
        name=name,
        title=CHECKS[name],
        required=required,
        verdict=finding.verdict,
        reason=finding.reason,
        facts=finding.facts,
        figures=finding.figures,
        accepted=_acceptances(view, name),
    )


def with_documents(view: View, check: str, finding: Finding) -> Finding:
    """Return the finding with the documents and acceptances that the check also needs."""
    if finding.verdict == NOT_ENOUGH and check == "usefulness" and view.accepted(check, check):
        finding = replace(finding, verdict=PASS, reason=f"{finding.reason}; accepted by name, until it expires")
    wanted = view.policy.documents.get(check, ())
    if not wanted or finding.verdict == FAIL:
        return finding
    if problems := [problem for kind in wanted if (problem := _document_problem(view, kind))]:
        said = [finding.reason] if finding.verdict == NOT_ENOUGH else []
        return replace(finding, verdict=NOT_ENOUGH, reason="; ".join([*said, *problems]))
    said = [finding.reason] if finding.reason else []
    return replace(finding, reason="; ".join([*said, f"in date: {', '.join(wanted)}"]))


def _document_problem(view: View, kind: str) -> str:
    latest = _latest(view, kind)
    if latest is None:
        owners = view.policy.owners.get(kind, ())
        return f"{kind}: not provided" + (f" by {' or '.join(owners)}" if owners else "")
    due = latest[1].review_due
    return "" if due >= view.on else f"{kind}: its review was due on {due}"


def _acceptances(view: View, check: str) -> tuple[documents.Acceptance, ...]:
    """Return the acceptances that show wherever the model does, while they last."""
    return tuple(
        documents.Acceptance(
            statement=statement.sha256,
            key_id=statement.key_id,
            by=statement.by,
            role=statement.role,
            about=body.about,
            reason=body.reason,
            controls=body.controls,
            expires=body.expires,
        )
        for statement, body in view.acceptances_of(check)
    )


def _why_not(statement: Statement, evidence: Evidence, environment: str, policy: GatePolicy) -> str:
    """Say why a statement does not count here; empty when it does.

    A DEMONSTRATION signature never counts in a force, nor the other way round.
    """
    if statement.revoked:
        return "signed with a key that was revoked since"
    if statement.environment != environment:
        return f"signed with a key of the environment {statement.environment}"
    body = statement.body
    if isinstance(body, PaperDocument):
        other = body.document in policy.of_the_run and body.run != evidence.manifest_sha256
        return "about another RUN" if other else ""
    if isinstance(body, Withdrawal):
        return ""
    return "" if body.release_digest == evidence.digest else "about another release than this"
