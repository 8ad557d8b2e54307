"""Commands ``threat release`` (ask the gate; on a pass build and promote the bundle) and ``threat approve`` (sign a
statement about a RUN)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from threat.errors import GateRefused, ThreatError, UsageError, raise_all
from threat.files import sha256_of, write_whole
from threat.options import VAR, JsonOption, VarOption
from threat.terminal import emit

if TYPE_CHECKING:  # documents bring pydantic, and `threat --help` imports this module
    from threat.release.documents.gate import Gate
    from training.gate.release import Asked, Said

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("release")
def release_command(
    run: Annotated[Path, typer.Argument(help="Directory of a RUN, audited: threat audit RUN")],
    approvals: Annotated[Path | None, typer.Option(help="Signed approvals, documents and acceptances.")] = None,
    environment: Annotated[str, typer.Option(help="demonstration or force.")] = "force",
    to: Annotated[str | None, typer.Option(help="shadow, pilot or live; default: what the policy says.")] = None,
    policy: Annotated[Path | None, typer.Option(help="A gate policy; default: the product's own.")] = None,
    fairness_policy: Annotated[
        Path | None, typer.Option(help="The fairness policy set for the audit; default: the product's own.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The release service's private key.")] = None,
    var: VarOption = VAR,
    as_json: JsonOption = False,
) -> None:
    """Put a RUN before the gate. On a pass, build the signed bundle and promote it; otherwise exit 4 with every reason.

    In the environment ``demonstration``, without --approvals, DEMONSTRATION signatories sign: they count nowhere else.
    """
    from model_cards.runs import add_card, fill_card_of_demonstration
    from threat.measuring.figure import Verdict
    from threat.release.followers import tell_followers
    from threat.release.runs import Run
    from threat.trust.demonstration import signers_by_role
    from threat.trust.folder import FOLDER_VARIABLE, Trust
    from training.gate.release import demonstration_statements, evidence_of, judge, read_envelopes, release

    now = datetime.now(UTC)
    asked = _asked(environment, to, policy, fairness_policy, now.date())
    opened = Run.open(run)
    trust = Trust.open()
    signer = trust.signer("promotion", key)
    if trust.environment != environment:
        raise UsageError(
            "The trust folder belongs to another environment.",
            value=f"trust {trust.environment}, asked {environment}",
            way_out=f"--environment {trust.environment}, or name another trust folder: {FOLDER_VARIABLE}=FOLDER",
        )
    if approvals is not None:
        envelopes = read_envelopes(approvals)
    elif environment == "demonstration":
        fill_card_of_demonstration(opened)
        envelopes = demonstration_statements(evidence_of(opened), asked, signers_by_role(trust))
    else:
        envelopes = []
    gate = judge(opened, asked, trust.keys, envelopes)
    if gate.verdict != Verdict.PASS:
        add_card(opened)
        if as_json:
            emit({"released": False, "reasons": gate.refusals(), "gate": gate.as_json()}, as_json=True)
            raise typer.Exit(GateRefused.exit_code)
        raise GateRefused(
            f"The gate refused {opened.id}:\n" + "\n".join(f"  - {reason}" for reason in gate.refusals()),
            way_out="bring what is missing (threat approve RUN), or train again; the rule ranking is served meanwhile",
        )
    result = release(opened, gate, signer, var=var, at=int(now.timestamp()))
    followed = tell_followers(var)
    emit(
        {"released": True, **result, "followed": followed, "gate": gate.as_json()},
        as_json=as_json,
        lines=lambda document: "\n".join([_released(gate, str(document["bundle"])), *followed]),
    )


def _asked(environment: str, to: str | None, policy: Path | None, fairness_policy: Path | None, on: date) -> Asked:
    """Return what the gate is asked, with every name known. Raises UsageError for an unknown environment or state."""
    from threat.release.documents.gate_policy import Environment
    from training.gate.policy import load_gate_policy
    from training.gate.release import Asked

    if environment not in get_args(Environment):
        raise UsageError(
            "The environment is unknown.", value=environment, way_out="there are two environments: demonstration, force"
        )
    rules = load_gate_policy(policy)
    place = cast(Environment, environment)
    state = to or rules.environments[place].enters
    if state not in rules.required:
        raise UsageError(
            "No release enters this state.",
            value=state,
            way_out=f"one of three states: {', '.join(rules.required)}",
        )
    return Asked(place, state, on, rules, fairness_policy)


def _released(gate: Gate, bundle: str) -> str:
    mark = "DEMONSTRATION: signed by nobody, valid nowhere else.\n" if gate.environment == "demonstration" else ""
    lines = [f"  {check.name:<17} {check.verdict.value:<20} {check.reason}" for check in gate.checks if check.required]
    shown = "Probabilities are shown." if gate.show_probability else "Rank only: no probability is shown."
    return (
        f"{gate.run_id} passed the gate ({gate.policy_version}) and is {gate.to}.\n{mark}"
        + "\n".join(lines)
        + f"\n{shown}\nBundle {bundle}"
    )


@app.command("approve")
def approve_command(
    run: Annotated[Path, typer.Argument(help="Directory of the RUN the statement is about.")],
    kind: Annotated[str, typer.Argument(help="approval, acceptance, document or authorship.")],
    key: Annotated[Path, typer.Option(help="Your private key.")],
    approvals: Annotated[Path, typer.Option(help="File the statement is added to.")],
    expires: Annotated[str | None, typer.Option(help="Approval, acceptance: last day it counts.")] = None,
    to: Annotated[str | None, typer.Option(help="Approval: shadow, pilot or live.")] = None,
    check: Annotated[str | None, typer.Option(help="Acceptance: usefulness or fairness.")] = None,
    about: Annotated[str | None, typer.Option(help="Acceptance: what, such as person_at_risk/ethnicity_group.")] = None,
    reason: Annotated[str | None, typer.Option(help="Acceptance: why.")] = None,
    controls: Annotated[str | None, typer.Option(help="Acceptance: what is done instead.")] = None,
    document: Annotated[str | None, typer.Option(help="Document: its kind, such as DPIA.")] = None,
    title: Annotated[str | None, typer.Option(help="Document: its title and version.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Document: the file; its SHA-256 is kept.")
    ] = None,
    review_due: Annotated[str | None, typer.Option(help="Document: when its review is due.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Authorship: who made the model.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a statement about a RUN and add it to an approvals file. Your name and role come from the key list."""
    from threat.release.documents.approvals import Approvals
    from threat.release.runs import Run
    from threat.trust.folder import Trust
    from training.gate.release import evidence_of, read_envelopes, statement, verified_statements

    said: dict[str, dict[str, Any]] = {
        "approval": {"to": to, "expires": expires},
        "acceptance": {"check": check, "about": about, "reason": reason, "controls": controls, "expires": expires},
        "document": {"document": document, "title": title, "review_due": review_due},
        "authorship": {"authors": author},
    }
    if kind not in said:
        raise UsageError("The kind of statement is unknown.", value=kind, way_out=f"known kinds: {', '.join(said)}")
    raise_all(_missing(kind, said[kind]))
    trust = Trust.open()
    signer = trust.signer("approval", key)
    about_run = {
        "kind": kind,
        "evidence_sha256": evidence_of(Run.open(run)).sha256,
        "on": datetime.now(UTC).date(),
        "sha256": None if file is None else sha256_of(file),
    }
    body = _body(about_run | said[kind])
    envelopes = [*(read_envelopes(approvals) if approvals.exists() else []), statement(body, signer)]
    verified_statements(envelopes, trust.keys)
    write_whole(approvals, Approvals.of(envelopes).encode())
    signed = {"by": signer.key.name, "role": signer.key.role, **body.model_dump(mode="json", exclude_none=True)}
    emit(signed, as_json=as_json, lines=_signed)


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
    from training.gate.statements import BODY

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


def _signed(document: dict[str, Any]) -> str:
    return f"{document['kind']} signed by {document['by']} ({document['role']}) on {document['on']}"
