"""What is served, and by whose word: promotions, suspension, roll-back, retirement, revocation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threat.asof import show
from threat.options import VAR, JsonOption, KeyOption, ReasonOption, VarOption
from threat.release.key_commands import app as keys
from threat.terminal import emit

if TYPE_CHECKING:
    from threat.release.ledger import Ledger, Standing

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()
app.registered_commands += keys.registered_commands


@app.command("promotions")
def promotions_command(var: VarOption = VAR, as_json: JsonOption = False) -> None:
    """List every promotion, suspension and roll-back, after verifying all of them, and what is served now."""
    from threat.release import promotions

    ledger = promotions.read(var / promotions.FILE)
    emit(_ledger(ledger), as_json=as_json, lines=_show_ledger)


@app.command("promote")
def promote_command(
    bundle: Annotated[Path, typer.Argument(help="Directory of a bundle that the gate passed.")],
    to: Annotated[str, typer.Option(help="validated, shadow, pilot or live, as far as its gate passed.")],
    reason: ReasonOption,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a bundle on to another state; threat release does so by itself for a RUN that passes."""
    _act("promote", var, key, as_json, built=bundle, to=to, reason=reason)


@app.command("suspend")
def suspend_command(
    reason: ReasonOption, var: VarOption = VAR, key: KeyOption = None, as_json: JsonOption = False
) -> None:
    """Stop serving the model. The rule ranking is served in its place, labelled."""
    _act("suspend", var, key, as_json, reason=reason)


@app.command("resume")
def resume_command(
    reason: ReasonOption, var: VarOption = VAR, key: KeyOption = None, as_json: JsonOption = False
) -> None:
    """Serve the suspended model again."""
    _act("resume", var, key, as_json, reason=reason)


@app.command("roll-back")
def roll_back_command(
    reason: ReasonOption, var: VarOption = VAR, key: KeyOption = None, as_json: JsonOption = False
) -> None:
    """Serve the bundle that was served before this one."""
    _act("roll_back", var, key, as_json, reason=reason)


@app.command("retire")
def retire_command(
    run: Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of the RUN, as listed by: threat promotions")],
    reason: ReasonOption,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a RUN for good: never promoted again. The rule ranking takes over from a RUN that is served."""
    _act("retire", var, key, as_json, run_id=run, reason=reason)


@app.command("revoke")
def revoke_command(
    bundle: Annotated[str, typer.Argument(help="SHA-256 of the bundle, as listed by: threat promotions")],
    reason: ReasonOption,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Never serve this bundle again; it stays readable for replay. Suspends it at once if it is the one served."""
    _act("revoke", var, key, as_json, bundle_sha256=bundle, reason=reason)


def _act(action: str, var: Path, key: Path | None, as_json: bool, **said: Any) -> None:
    from threat.release import promotions
    from threat.release.followers import tell_followers
    from threat.trust.folder import Trust

    at = int(datetime.now(UTC).timestamp())
    decide = getattr(promotions, action)
    standing = decide(var / promotions.FILE, signer=Trust.open().signer("promotion", key), at=at, **said)
    followed = tell_followers(var)
    emit(
        {**_standing(standing), "followed": followed},
        as_json=as_json,
        lines=lambda document: "\n".join([_show_standing(document), *followed]),
    )


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "state": standing.state,
        "served": "model" if standing.served else "rule ranking",
        "run_id": standing.run_id,
        "bundle": None if standing.bundle is None else str(standing.bundle),
        "bundle_sha256": standing.bundle_sha256,
        "environment": standing.environment,
        "reason": standing.reason,
        "by": standing.by,
        "since": show(standing.since) if standing.since else None,
    }


def _ledger(ledger: Ledger) -> dict[str, Any]:
    return {
        "current": _standing(ledger.standing),
        "runs": dict(ledger.states),
        "revoked": sorted(ledger.revoked),
        "records": [{**record, "at": show(record["at"])} for record in ledger.records],
    }


def _show_standing(document: dict[str, Any]) -> str:
    if document["state"] == "none":
        return "Nothing has been promoted. The rule ranking is served, labelled."
    mark = "  DEMONSTRATION: valid nowhere else\n" if document["environment"] == "demonstration" else ""
    return (
        f"{document['run_id']} is {document['state']}. Served: {document['served']}.\n{mark}"
        f"  since {document['since']} by {document['by']}: {document['reason']}\n"
        f"  bundle {document['bundle_sha256']}"
    )


def _show_ledger(document: dict[str, Any]) -> str:
    lines = [
        f"{record['at']}  {record['action']:<9} {record['from']} to {record['to']}, {record['run_id']}, "
        f"{record['by']}: {record['reason']}"
        for record in document["records"]
    ]
    return "\n".join([*lines, "", _show_standing(document["current"])]).lstrip("\n")
