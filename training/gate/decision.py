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
from training.gate.rules import FAIL, NOT_ENOUGH, PASS, RULES, Evidence, Finding, View
from training.gate.statements import Approval, PaperDocument, Statement, acceptances


def decide(evidence: Evidence, policy: GatePolicy, *, environment: Environment, to: State, on: date) -> Gate:
    """Return the verdict with every check and its reason, the approvals, and whether probabilities may be shown.

    ``to``: the state asked for. ``on``: the day it is decided, for expiry.
    """
    said = [(statement, _why_not(statement, evidence, environment, policy)) for statement in evidence.statements]
    counted = tuple(statement for statement, why_not in said if not why_not)
    view = View(evidence, policy, counted, on, to)
    checks = tuple(_checked(view, name, required=name in policy.required[to]) for name in CHECKS)
    return Gate(
        verdict=Verdict.all_of(check.verdict for check in checks if check.required),
        environment=environment,
        to=to,
        on=on,
        run_id=evidence.run_id,
        evidence_sha256=evidence.sha256,
        run_manifest_sha256=evidence.manifest_sha256,
        policy_version=policy.version,
        policy=policy,
        show_probability=any(check.name == "calibration" and check.verdict == PASS for check in checks),
        checks=checks,
        approvals=tuple(
            documents.Approval(
                by=statement.by,
                role=statement.role,
                on=statement.body.on,
                environment=environment,
            )
            for statement in counted
            if isinstance(statement.body, Approval)
        ),
        set_aside=tuple(
            f"{statement.body.kind} by {statement.by}: {why_not}" for statement, why_not in said if why_not
        ),
    )


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
    due = [
        statement.body.review_due
        for statement in view.statements
        if isinstance(statement.body, PaperDocument) and statement.body.document == kind
    ]
    if not due:
        return f"{kind}: not provided"
    return "" if max(due) >= view.on else f"{kind}: its review was due on {max(due)}"


def _acceptances(view: View, check: str) -> tuple[documents.Acceptance, ...]:
    """Return the acceptances that show wherever the model does, while they last."""
    roles, most = view.policy.acceptances.get(check, ()), view.policy.numbers.acceptance_days
    return tuple(
        documents.Acceptance(
            by=statement.by,
            role=statement.role,
            about=body.about,
            reason=body.reason,
            controls=body.controls,
            expires=body.expires,
        )
        for statement, body in acceptances(view.statements, check, roles, view.on, most)
    )


def _why_not(statement: Statement, evidence: Evidence, environment: str, policy: GatePolicy) -> str:
    """Say why a statement does not count here; empty when it does.

    A DEMONSTRATION signature never counts in a force, nor the other way round.
    """
    body = statement.body
    if statement.environment != environment:
        return f"signed with a key of the environment {statement.environment}"
    general = isinstance(body, PaperDocument) and body.document not in policy.of_the_run
    if not general and body.evidence_sha256 != evidence.sha256:
        return "about other evidence than this"
    return ""
