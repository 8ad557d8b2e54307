"""``threat release``: compute a RUN again and ask the gate; on a pass build and promote the bundle."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threat.errors import GateRefused, UsageError
from threat.options import VAR, JsonOption, ThreadsOption, VarOption
from threat.terminal import emit, progress
from training.gate.signing_commands import app as signing

if TYPE_CHECKING:  # documents bring pydantic, and `threat --help` imports this module
    from threat.release.documents.gate import Gate

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()
app.registered_commands += signing.registered_commands


@app.command("release")
def release_command(
    run: Annotated[Path, typer.Argument(help="Directory of a RUN, audited: threat audit RUN")],
    approvals: Annotated[
        Path | None,
        typer.Option(help="Signed approvals, documents, acceptances; with all that the gate read of the RUN before."),
    ] = None,
    environment: Annotated[str, typer.Option(help="demonstration or force.")] = "force",
    to: Annotated[str | None, typer.Option(help="shadow, pilot or live; default: what the policy says.")] = None,
    policy: Annotated[Path | None, typer.Option(help="A gate policy; default: the product's own.")] = None,
    fairness_policy: Annotated[
        Path | None, typer.Option(help="The fairness policy set for the audit; default: the product's own.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The release service's private key.")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder of the history.")] = None,
    retrain: Annotated[
        bool, typer.Option(help="Train the RUN again too, if lock and code are the same; leaving out needs the policy.")
    ] = True,
    eligibility_policy: Annotated[
        Path | None, typer.Option(help="The force's own policy.yaml, where the RUN was trained with one.")
    ] = None,
    threads: ThreadsOption = 1,
    var: VarOption = VAR,
    as_json: JsonOption = False,
) -> None:
    """Put a RUN before the gate. On a pass, build the signed bundle and promote it; otherwise exit 4 with every reason.

    In the environment ``demonstration``, without --approvals, DEMONSTRATION signatories sign: they count nowhere else.
    """
    from model_cards.runs import add_card, fill_card_of_demonstration
    from threat.measuring.figure import Verdict
    from threat.release import kept
    from threat.release.envelopes import read_envelopes
    from threat.release.followers import tell_followers
    from threat.release.runs import Run
    from threat.trust.demonstration import signers_by_role
    from threat.trust.folder import FOLDER_VARIABLE, Trust
    from training.gate.asking import ask
    from training.gate.demonstration import demonstration_statements
    from training.gate.release import (
        Checked,
        evidence_of,
        judge,
        release,
        require_earlier_statements,
        with_kept_withdrawals,
    )

    now = datetime.now(UTC)
    asked = ask(environment, to, policy, fairness_policy, now.date())
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
        envelopes = demonstration_statements(evidence_of(opened, asked, trust), asked, signers_by_role(trust))
    else:
        envelopes = []
    # Before the RUN is computed again, which takes as long as its training did.
    statements = var / kept.FILE
    envelopes = with_kept_withdrawals(asked, trust, envelopes, statements)
    require_earlier_statements(opened, asked, trust, envelopes, statements)
    recomputed = None
    if store is not None:
        from training.verification.recompute import Again, recompute

        began = time.monotonic()
        with progress("Computing the RUN again"):
            recomputed = recompute(opened, Again(store, retrain, policy=eligibility_policy, threads=threads))
        typer.echo(f"Computed again in {time.monotonic() - began:.0f} s: {recomputed.says}.", err=True)
    judged = judge(opened, asked, trust, envelopes, Checked(recomputed, store))
    gate = judged.gate
    if environment != "demonstration":  # whose statements are made anew each time
        kept.keep(statements, opened.manifest_sha256, envelopes, signer, trust, at=int(now.timestamp()))
    if gate.verdict != Verdict.PASS:
        add_card(opened)
        if as_json:
            emit({"released": False, "reasons": gate.refusals(), "gate": gate.as_json()}, as_json=True)
            raise typer.Exit(GateRefused.exit_code)
        raise GateRefused(
            f"The gate refused {opened.id}:\n" + "\n".join(f"  - {reason}" for reason in gate.refusals()),
            way_out="bring what is missing (threat approve RUN), or train again; the rule ranking is served meanwhile",
        )
    result = release(opened, judged, signer, var=var, at=int(now.timestamp()))
    followed = tell_followers(var)
    emit(
        {"released": True, **result, "followed": followed, "gate": gate.as_json()},
        as_json=as_json,
        lines=lambda document: "\n".join([_released(gate, str(document["bundle"])), *followed]),
    )


def _released(gate: Gate, bundle: str) -> str:
    mark = "DEMONSTRATION: signed by nobody, valid nowhere else.\n" if gate.environment == "demonstration" else ""
    lines = [f"  {check.name:<17} {check.verdict.value:<20} {check.reason}" for check in gate.checks if check.required]
    shown = "Probabilities are shown." if gate.show_probability else "Rank only: no probability is shown."
    return (
        f"{gate.run_id} passed the gate ({gate.policy_version}) and is {gate.to}.\n{mark}"
        + "\n".join(lines)
        + f"\n{shown}\nBundle {bundle}"
    )


@app.command("refusal-drill")
def refusal_drill_command(
    run: Annotated[Path, typer.Argument(help="Directory of a RUN, audited: threat audit RUN")],
    store: Annotated[Path, typer.Option(help="Folder of the history.")],
    out: Annotated[Path, typer.Option(help="File of what came of each attempt: sign it as a document.")],
    approvals: Annotated[Path | None, typer.Option(help="Signed approvals, documents and acceptances.")] = None,
    to: Annotated[str | None, typer.Option(help="shadow, pilot or live; default: what the policy says.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the gate spoiled copies of a RUN, which it must refuse, and write down what came of each. Exit 5 on a pass.

    Then: threat approve RUN document --document REFUSAL_DRILL --file OUT. Nothing is released or written to the RUN.
    """
    import json
    from dataclasses import asdict

    from threat.errors import IntegrityFailure
    from threat.files import write_whole
    from threat.release.envelopes import read_envelopes
    from threat.release.runs import Run
    from threat.trust.folder import Trust
    from training.gate.asking import ask
    from training.gate.drill import Drill
    from training.verification.recompute import Again, recompute

    trust, now = Trust.open(), datetime.now(UTC)
    asked = ask(trust.environment or "force", to, None, None, now.date())
    envelopes = [] if approvals is None else read_envelopes(approvals)
    opened = Run.open(run)
    with progress("Drill"):
        drill = Drill(opened, asked, trust, envelopes, lambda spoiled: recompute(spoiled, Again(store, retrain=False)))
        attempts = drill.attempts()
    document = {
        "run_id": opened.id,
        "run_manifest_sha256": opened.manifest_sha256,
        "on": now.date().isoformat(),
        "policy_version": asked.policy.version,
        "attempts": [asdict(attempt) for attempt in attempts],
    }
    write_whole(out, json.dumps(document, indent=2) + "\n")
    said = [f"{'refused' if each.refused else 'PASSED':<8} {each.what}: {', '.join(each.by)}" for each in attempts]
    emit(document, as_json=as_json, lines=lambda _: "\n".join(said))
    if passed := [each.what for each in attempts if not each.refused]:
        raise IntegrityFailure("The gate is broken: a spoiled copy passed.", value="; ".join(passed), where=str(out))


@app.command("gate-events")
def gate_events_command(
    policy: Annotated[Path | None, typer.Option(help="A gate policy; default: the product's own.")] = None,
    var: VarOption = VAR,
    as_json: JsonOption = False,
) -> None:
    """Print how many outcome events each statistical check needs, and until when what is in service may be served.

    The second where promotions are in --var: the last day, whose word ends on it, and what has ended or was withdrawn.
    """
    from dataclasses import asdict

    from training.gate.events import needed, table
    from training.gate.policy import load_gate_policy

    rules = load_gate_policy(policy)
    document: dict[str, Any] = {"policy_version": rules.version, "needed": [asdict(row) for row in needed(rules)]}
    said = ""
    if (var / "promotions.jsonl").exists():
        from threat.release.lapses import service_until

        service = service_until(var, int(datetime.now(UTC).timestamp()))
        document["in_service"] = service.as_json()
        said = f"\n\n{service.says}"
    emit(document, as_json=as_json, lines=lambda _: f"{table(rules)}{said}")
