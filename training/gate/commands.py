"""``threat release`` and ``threat approve``: the gate's door, and the signatures it asks for."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from threat.errors import GateRefused, UsageError, raise_all
from threat.options import VAR, JsonOption, VarOption
from threat.terminal import emit

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
    from model_cards.runs import add_card
    from threat.release.runs import Run
    from threat.release.signing import load_keys, operator
    from training.gate.decision import reasons
    from training.gate.policy import load_gate_policy
    from training.gate.release import demonstration_statements, evidence_of, judge, read_envelopes, release

    if environment not in {"demonstration", "force"}:
        raise UsageError("There are two environments.", value=environment, way_out="demonstration or force")
    rules = load_gate_policy(policy)
    place: Any = environment
    state = to or rules.environments[place].enters
    if state not in rules.required:
        raise UsageError("A release enters one of three states.", value=state, way_out=", ".join(rules.required))
    now = datetime.now(UTC)
    opened = Run.open(run)
    signer = operator(var / "keys", key)
    if signer.key.environment != environment:
        raise UsageError(
            "The release service's key belongs to another environment.",
            value=f"key {signer.key.environment}, asked {environment}",
            way_out="--environment demonstration, or --key FILE.pem of the force",
        )
    if approvals is not None:
        envelopes = read_envelopes(approvals)
    elif environment == "demonstration":
        envelopes = demonstration_statements(evidence_of(opened), rules, var / "keys", to=state, on=now.date())
    else:
        envelopes = []
    gate = judge(
        opened,
        rules,
        load_keys(var / "keys"),
        environment=place,
        to=state,
        on=now.date(),
        envelopes=envelopes,
        fairness_policy=fairness_policy,
    )
    if gate["verdict"] != "pass":
        add_card(opened, on=now.date())
        why = reasons(gate)
        if as_json:
            emit({"released": False, "reasons": why, "gate": gate}, as_json=True)
            raise typer.Exit(GateRefused.exit_code)
        raise GateRefused(
            f"The gate refused {opened.id}:\n" + "\n".join(f"  - {one}" for one in why),
            way_out="bring what is missing (threat approve RUN), or train again; the rule ranking is served meanwhile",
        )
    result = release(opened, gate, signer, var=var, at=int(now.timestamp()), on=now.date())
    emit({"released": True, **result, "gate": gate}, as_json=as_json, lines=_released)


def _released(document: dict[str, Any]) -> str:
    gate = document["gate"]
    mark = "DEMONSTRATION: signed by nobody, valid nowhere else.\n" if gate["environment"] == "demonstration" else ""
    lines = [f"  {one['id']:<9} {one['verdict']:<20} {one['reason']}" for one in gate["checks"] if one["required"]]
    shown = "Probabilities are shown." if gate["show_probability"] else "Rank only: no probability is shown."
    return (
        f"{gate['run_id']} passed the gate ({gate['policy_version']}) and is {gate['to']}.\n{mark}"
        + "\n".join(lines)
        + f"\n{shown}\nBundle {document['bundle']}"
    )


@app.command("approve")
def approve_command(
    run: Annotated[Path, typer.Argument(help="Directory of the RUN the statement is about.")],
    kind: Annotated[str, typer.Argument(help="approval, acceptance, document or authorship.")],
    key: Annotated[Path, typer.Option(help="Your private key.")],
    approvals: Annotated[Path, typer.Option(help="File the statement is added to.")],
    expires: Annotated[str | None, typer.Option(help="Approval, acceptance: last day it counts.")] = None,
    to: Annotated[str | None, typer.Option(help="Approval: shadow, pilot or live.")] = None,
    check: Annotated[str | None, typer.Option(help="Acceptance: G5 or G7.")] = None,
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
    var: VarOption = VAR,
    as_json: JsonOption = False,
) -> None:
    """Sign a statement about a RUN and add it to an approvals file. Your name and role come from the key list."""
    from threat.files import sha256_of, write_whole
    from threat.release.runs import Run
    from threat.release.signing import load_keys, load_signer
    from training.gate.release import evidence_of, read_envelopes, statement, verified_statements

    needed: dict[str, dict[str, Any]] = {
        "approval": {"to": to, "expires": expires},
        "acceptance": {"check": check, "about": about, "reason": reason, "controls": controls, "expires": expires},
        "document": {"document": document, "title": title, "review_due": review_due},
        "authorship": {"authors": author},
    }
    if kind not in needed:
        raise UsageError("A statement is of a known kind.", value=kind, way_out=", ".join(needed))
    flags = {"authors": "author", "review_due": "review-due"}
    problems: list[Any] = [
        UsageError(f"A statement of the kind {kind} needs --{flags.get(name, name)}.")
        for name, value in needed[kind].items()
        if not value
    ]
    problems += [
        UsageError("A date is written 2026-01-31.", value=value, where=f"--{flags.get(name, name)}")
        for name, value in (("expires", needed[kind].get("expires")), ("review_due", needed[kind].get("review_due")))
        if value and not _is_day(value)
    ]
    raise_all(problems)
    keys = load_keys(var / "keys")
    signer = load_signer(key, keys)
    body = {
        "kind": kind,
        "evidence_sha256": evidence_of(Run.open(run)).sha256,
        "on": datetime.now(UTC).date().isoformat(),
        **needed[kind],
    }
    if file is not None:
        body["sha256"] = sha256_of(file)
    envelopes = read_envelopes(approvals) if approvals.exists() else []
    envelopes.append(statement(body, signer))
    verified_statements(envelopes, keys)
    write_whole(approvals, json.dumps({"statements": envelopes}, indent=2) + "\n")
    emit({"by": signer.key.name, "role": signer.key.role, **body}, as_json=as_json, lines=_signed)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _signed(document: dict[str, Any]) -> str:
    return f"{document['kind']} signed by {document['by']} ({document['role']}) on {document['on']}"
