"""``threat archive`` and ``threat verify-release``: a release handed to an outsider, and checked by the outsider."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from threat.errors import IntegrityFailure, UsageError
from threat.options import VAR, JsonOption, KeyOption, RunArgument, VarOption
from threat.terminal import emit

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("archive")
def archive_command(
    run: RunArgument,
    out: Annotated[Path, typer.Option(help="The new folder of the archive.")],
    kind: Annotated[
        str, typer.Option(help="governance: rows and groups, everything recomputed; public: no row, no small count.")
    ] = "public",
    store: Annotated[Path | None, typer.Option(help="Folder of the history.")] = None,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an archive of a RUN that was before the gate, signed as a whole, for an outsider to check."""
    from threat.release.runs import Run
    from threat.trust.folder import Trust
    from training.archive.build import Kind, Places, write_archive

    if kind not in {"governance", "public"}:
        raise UsageError("The kind of archive is unknown.", value=kind, way_out="governance or public")
    trust = Trust.open()
    signer = trust.signer("promotion", key)
    opened = Run.open(run)
    written = write_archive(opened, out, cast(Kind, kind), trust, signer, Places(store, var / "promotions.jsonl"))
    document = {"archive": str(written), "kind": kind, "run_id": opened.id, "signed_by": signer.key.name}
    emit(document, as_json=as_json, lines=lambda d: f"{d['archive']}: {d['kind']} archive of {d['run_id']}")


@app.command("verify-release")
def verify_release_command(
    archive: Annotated[Path, typer.Argument(help="Folder of an archive: threat archive RUN")],
    trust: Annotated[
        Path | None, typer.Option(help="A trust folder to go by; otherwise the key list in the archive.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check an archive of a release with nothing else at hand: a red or green line for each check. Exit 5 on red."""
    from training.archive.checks import verify

    lines = verify(archive, trust)
    red = [line.check for line in lines if line.colour == "red"]
    document: dict[str, Any] = {
        "archive": str(archive),
        "holds": not red,
        "checks": [{"check": line.check, "colour": line.colour, "says": line.says} for line in lines],
    }
    emit(
        document,
        as_json=as_json,
        lines=lambda d: "\n".join(
            f"{item['colour'].upper():<12} {item['check']:<10} {item['says']}" for item in d["checks"]
        ),
    )
    if red and as_json:
        raise typer.Exit(IntegrityFailure.exit_code)
    if red:
        raise IntegrityFailure("The archive does not hold.", value=", ".join(red), where=str(archive))
