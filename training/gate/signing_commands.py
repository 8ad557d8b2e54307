"""What people sign: ``threat approve``, ``withdraw``, ``statements`` and ``put-in-force``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threat.errors import ThreatError, UsageError, raise_all
from threat.files import sha256_of, write_whole
from threat.options import VAR, JsonOption, VarOption
from threat.terminal import emit

if TYPE_CHECKING:  # documents bring pydantic, and `threat --help` imports this module
    from threat.release.statements import Said, Statement
    from threat.trust.folder import Trust
    from threat.trust.signing import Signer

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()

ApprovalsOption = Annotated[Path, typer.Option(help="File the statement is added to.")]
PersonOption = Annotated[Path, typer.Option(help="Your private key.")]


@app.command("approve")
def approve_command(
    run: Annotated[Path, typer.Argument(help="Directory of the RUN the statement is about.")],
    kind: Annotated[str, typer.Argument(help="approval, acceptance, document, authorship or dissent.")],
    key: PersonOption,
    approvals: ApprovalsOption,
    expires: Annotated[str | None, typer.Option(help="Approval, acceptance: last day it counts.")] = None,
    to: Annotated[str | None, typer.Option(help="State of the release: shadow, pilot or live.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="Approval: on which condition; may be repeated.")] = None,
    check: Annotated[str | None, typer.Option(help="Acceptance: usefulness or fairness.")] = None,
    about: Annotated[str | None, typer.Option(help="Acceptance: what, such as person_at_risk/ethnicity_group.")] = None,
    reason: Annotated[str | None, typer.Option(help="Acceptance, dissent: why.")] = None,
    controls: Annotated[str | None, typer.Option(help="Acceptance: what is done instead.")] = None,
    document: Annotated[str | None, typer.Option(help="Document: its kind, such as DPIA.")] = None,
    title: Annotated[str | None, typer.Option(help="Document: its title.")] = None,
    version: Annotated[str | None, typer.Option(help="Document: its version.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Document: the file; its SHA-256 is signed.")
    ] = None,
    review_due: Annotated[str | None, typer.Option(help="Document: when its review is due.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Authorship: who made the model.")] = None,
    author_key: Annotated[list[str] | None, typer.Option(help="Authorship: key id of an author, if any.")] = None,
    policy: Annotated[Path | None, typer.Option(help="The gate policy of the release; default: the product's.")] = None,
    fairness_policy: Annotated[
        Path | None, typer.Option(help="The fairness policy of the release; default: the product's.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a statement about a release of a RUN and add it to an approvals file.

    Your name and role come from the key list. All but documents bind the digest of the release: RUN, audit, policies,
    card, environment and state. A change of any of them voids what was signed.
    """
    from threat.release.runs import Run
    from threat.trust.folder import Trust
    from training.gate.asking import ask
    from training.gate.release import evidence_of

    said: dict[str, dict[str, Any]] = {
        "approval": {"to": to, "expires": expires},
        "acceptance": {"check": check, "about": about, "reason": reason, "controls": controls, "expires": expires},
        "document": {"document": document, "title": title, "version": version, "file": file, "review_due": review_due},
        "authorship": {"authors": author},
        "dissent": {"reason": reason},
    }
    if kind not in said:
        raise UsageError("The kind of statement is unknown.", value=kind, way_out=f"known kinds: {', '.join(said)}")
    raise_all(_missing(kind, said[kind]))
    trust = Trust.open()
    # Before anything is computed: a key that may not sign is the commonest mistake.
    signer = trust.signer("approval", key)
    on = datetime.now(UTC).date()
    opened = Run.open(run)
    body: dict[str, Any] = {"kind": kind, "on": on, **said[kind]}
    if kind == "document":
        given = body.pop("file")
        body |= {"sha256": sha256_of(Path(given)), "run": opened.manifest_sha256}
    else:
        asked = ask(trust.environment, to, policy, fairness_policy, on)
        body["release_digest"] = evidence_of(opened, asked, trust).digest
    more = {"approval": {"conditions": condition or ()}, "authorship": {"keys": author_key or ()}}
    added = _signed(_body(body | more.get(kind, {})), approvals, signer, trust)
    write_whole(approvals, added.file)
    emit(_listed(added.statement), as_json=as_json, lines=_line)


@app.command("withdraw")
def withdraw_command(
    statement: Annotated[str, typer.Argument(help="The statement's hash, or how it begins: threat statements FILE")],
    key: PersonOption,
    approvals: ApprovalsOption,
    reason: Annotated[str, typer.Option(help="Why the statement no longer counts.")],
    var: VarOption = VAR,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a statement that you, or somebody in your role, signed. It stays in the file, and no longer counts.

    Where promotions are in --var, the withdrawal is kept next to them, before the file is written: a model in service
    by the statement gives way to the rule ranking at the desk's next request. Where there are none, the command says
    that nothing in service is stopped.
    """
    from threat.release import kept
    from threat.release.envelopes import read_envelopes, verified_statements
    from threat.release.statements import Withdrawal, person
    from threat.trust.folder import Trust

    trust = Trust.open()
    signer = trust.signer("approval", key)
    holder = signer.key
    present = verified_statements(read_envelopes(approvals), trust)
    matching = [signed for signed in present if signed.sha256.startswith(statement)]
    withdrawable = [
        signed for signed in matching if person(signed.by) == person(holder.name) or signed.role == holder.role
    ]
    matching = withdrawable or matching  # two people who sign the same words sign one hash
    if len({signed.sha256 for signed in matching}) != 1:
        raise UsageError(
            f"The hash does not name one statement: {len(matching)} begin with these digits.",
            value=statement,
            where=str(approvals),
            way_out=f"give more digits; list them: threat statements {approvals}",
        )
    signed = matching[0]
    if not withdrawable:
        raise UsageError(
            "The statement was signed by another person in another role.",
            value=f"{signed.by} ({signed.role}), you: {holder.name} ({holder.role})",
            way_out="have its signer, or somebody in that role, withdraw it; to disagree: threat approve RUN dissent",
        )
    now = datetime.now(UTC)
    added = _signed(Withdrawal(on=now.date(), statement=signed.sha256, reason=reason), approvals, signer, trust)
    chain = var / kept.FILE
    is_kept = chain.exists() or (var / "promotions.jsonl").exists()
    if is_kept:
        # Before the file: whoever reads there that it is withdrawn may rely on it that the desk was told.
        kept.keep_withdrawal(chain, added.envelope, signer, trust, at=int(now.timestamp()))
    write_whole(approvals, added.file)
    document = _listed(added.statement) | {"kept": str(chain) if is_kept else None, "var": str(var)}
    emit(document, as_json=as_json, lines=lambda d: f"{_line(d)}\n{_what_stops(d)}")


@app.command("statements")
def statements_command(
    approvals: Annotated[Path, typer.Argument(help="An approvals file.")], as_json: JsonOption = False
) -> None:
    """List the signed statements of an approvals file, each with the hash by which it is withdrawn."""
    from threat.release.envelopes import read_envelopes, verified_statements
    from threat.trust.folder import Trust

    present = verified_statements(read_envelopes(approvals), Trust.open())
    document = {"statements": [_listed(signed) for signed in present]}
    emit(document, as_json=as_json, lines=lambda listed: "\n".join(map(_line, listed["statements"])))


@app.command("put-in-force")
def put_in_force_command(
    kind: Annotated[str, typer.Argument(help="gate, fairness or eligibility.")],
    owner: Annotated[str, typer.Option(help="Who answers for the policy.")],
    key: Annotated[Path, typer.Option(help="Your private key, with the verb governance.")],
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The policy; default: the product's own.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Put a policy in force, signed, with owner, version and day: a force's gate refuses any other of its kind."""
    from threat.release.policies import LEAST_SHADOW_DAYS, PolicyAsks, SignedPolicy, put_in_force
    from threat.trust.folder import Trust
    from training.gate.policy import parse_gate_policy, read_policy

    trust = Trust.open()
    signer = trust.signer("governance", key)
    # Parsed as the gate's alone, and from the very bytes whose hash is signed.
    policy, read = read_policy(kind, file, parse_gate_policy if kind == "gate" else lambda *_: None)
    since: date = datetime.now(UTC).date()
    asks = None
    if policy is not None:
        wanted, numbers = policy.approvals, policy.numbers
        shadow = numbers.shadow_days or LEAST_SHADOW_DAYS
        asks = PolicyAsks(shadow, wanted.persons, wanted.roles, numbers.acceptance_days)
    put_in_force(SignedPolicy(kind, read.version, read.sha256, owner, since, signer.key.name, asks), trust, signer)
    document = {"kind": kind, "version": read.version, "sha256": read.sha256, "owner": owner, "by": signer.key.name}
    emit(
        document | {"since": since.isoformat()},
        as_json=as_json,
        lines=lambda d: (
            f"In force from {d['since']}: {d['kind']} {d['version']} ({d['sha256'][:12]}), owner {d['owner']}"
        ),
    )


@app.command("withdraw-policy")
def withdraw_policy_command(
    kind: Annotated[str, typer.Argument(help="gate, fairness or eligibility.")],
    reason: Annotated[str, typer.Option(help="Why the policy no longer holds.")],
    key: Annotated[Path, typer.Option(help="Your private key, with the verb governance.")],
    as_json: JsonOption = False,
) -> None:
    """Withdraw the policy in force of a kind. What was released under it gives way to the rule ranking by itself."""
    from threat.release.policies import withdraw
    from threat.trust.folder import Trust

    trust, on = Trust.open(), datetime.now(UTC).date()
    signer = trust.signer("governance", key)
    policy = withdraw(kind, reason, on, trust, signer)
    document = {"kind": kind, "version": policy.version, "sha256": policy.sha256, "by": signer.key.name}
    emit(
        document | {"withdrawn": reason, "on": on.isoformat()},
        as_json=as_json,
        lines=lambda d: f"Withdrawn on {d['on']}: {d['kind']} {d['version']} ({d['sha256'][:12]}): {d['withdrawn']}",
    )


@dataclass(frozen=True, slots=True)
class _Added:
    """A statement that was signed. ``file``: the approvals file with it in, not written yet."""

    statement: Statement
    envelope: dict[str, Any]
    file: bytes


def _signed(body: Said, approvals: Path, signer: Signer, trust: Trust) -> _Added:
    """Sign a statement for an approvals file whose every other statement verifies; the same one is not in it twice."""
    from threat.release.documents.approvals import Approvals
    from threat.release.envelopes import read_envelopes, statement, verified_statements

    present, envelope = read_envelopes(approvals) if approvals.exists() else [], statement(body, signer)
    signed = verified_statements([*present, envelope], trust)[-1]
    together = present if envelope in present else [*present, envelope]
    return _Added(signed, envelope, Approvals.of(together).encode())


def _what_stops(document: dict[str, Any]) -> str:
    """Say whether a withdrawal reaches what is in service."""
    if document["kept"] is None:
        return (
            f"NOT kept: there are no promotions in {document['var']}. A model in service by the statement goes on. "
            "Withdraw it again with --var, the folder that the desk serves from."
        )
    return (
        f"Kept next to the promotions, in {document['kept']}: a model in service by the statement gives way to the "
        "rule ranking at the desk's next request."
    )


def _listed(signed: Statement) -> dict[str, Any]:
    body = signed.body.model_dump(mode="json", exclude_none=True)
    # The hash of a document's file has the name that the statement's own hash has here.
    said = {"by": signed.by, "role": signed.role, "statement_sha256": signed.sha256, "key_revoked": signed.revoked}
    return {**body, **said}


def _line(document: dict[str, Any]) -> str:
    about = document.get("document") or document.get("about") or document.get("to") or document.get("reason") or ""
    return (
        f"{document['statement_sha256'][:12]}  {document['kind']} signed by {document['by']} ({document['role']}) on "
        f"{document['on']}{f': {about}' if about else ''}"
        f"{'; the key was revoked since, so it does not count' if document['key_revoked'] else ''}"
    )


_FLAGS = {"authors": "author", "review_due": "review-due"}
"""Flags that are not called as the field they fill."""


def _missing(kind: str, said: dict[str, Any]) -> list[ThreatError]:
    return [
        UsageError(f"The statement, of the kind {kind}, lacks --{_FLAGS.get(name, name)}.")
        for name, value in said.items()
        if not value
    ]


def _body(said: dict[str, Any]) -> Said:
    """Return the body of a statement. Raises UsageError, naming the flags, for values that cannot be."""
    from pydantic import ValidationError

    from threat.release.documents.gate_policy import CHECKS
    from threat.release.statements import BODY

    try:
        return BODY.validate_python(said)
    except ValidationError as error:
        raise_all(
            [
                UsageError(
                    f"{problem['msg'].removeprefix('Value error, ')}.",
                    value=problem["input"] if len(problem["loc"]) > 1 else said.get("check"),
                    where=f"--{_FLAGS.get(str(problem['loc'][-1]), str(problem['loc'][-1]))}",
                    way_out=_WAYS_OUT.get(str(problem["loc"][-1]), f"checks: {', '.join(CHECKS)}"),
                )
                for problem in error.errors(include_url=False)
            ]
        )
        raise


_WAYS_OUT = {
    "expires": "write a date as 2026-01-31",
    "review_due": "write a date as 2026-01-31",
    "to": "one of shadow, pilot, live",
}
"""The way out of a value that cannot be, by field."""
