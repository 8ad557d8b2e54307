"""``threat doctor``."""

from __future__ import annotations

import time

import typer

from threat.options import STORE, VAR, DatabaseOption, JsonOption, StoreOption, VarOption
from threat.terminal import emit

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()

NEEDS_MENDING_CODE = 3
"""The exit code of bad input: what was examined is not in order."""


@app.command("doctor")
def doctor_command(
    store: StoreOption = STORE, var: VarOption = VAR, database: DatabaseOption = "", as_json: JsonOption = False
) -> None:
    """Say what is installed, where things are, what is stale or missing, and what mends it. Changes nothing.

    Exit 0 when nothing needs mending, 3 otherwise.
    """
    from threat.doctor.examination import examine, lines
    from threat.doctor.findings import Places

    document = examine(Places(store=store, var=var, now=int(time.time()), database=database))
    emit(document, as_json=as_json, lines=lines)
    if document["need_mending"]:
        raise typer.Exit(NEEDS_MENDING_CODE)
