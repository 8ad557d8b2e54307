"""``threat doctor``."""

from __future__ import annotations

import typer

from threat.options import STORE, VAR, JsonOption, StoreOption, VarOption

app = typer.Typer()

NEEDS_MENDING_CODE = 3
"""The exit code of bad input: what was examined is not in order."""


@app.command("doctor")
def doctor_command(store: StoreOption = STORE, var: VarOption = VAR, as_json: JsonOption = False) -> None:
    """Say what is installed, where things are, what is stale or missing, and what mends it. Changes nothing.

    Exit 0 when nothing needs mending, 3 otherwise.
    """
    import time

    from threat.doctor.examination import examine, lines
    from threat.doctor.findings import Places
    from threat.terminal import emit

    document = examine(Places(store=store, var=var, now=int(time.time())))
    emit(document, as_json=as_json, lines=lines)
    if document["need_mending"]:
        raise typer.Exit(NEEDS_MENDING_CODE)
