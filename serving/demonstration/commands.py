"""``threat demo``: a synthetic force, end to end; and the step of it in which made-up people work at its desk."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from threat.options import STORE, VAR, JsonOption, PortOption, StoreOption, VarOption
from threat.terminal import emit

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("demo")
def demo(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop before serving.")] = False,
    port: PortOption = 8000,
    var: VarOption = VAR / "demo",
    seed: Annotated[int, typer.Option(help="Of the synthetic force; the gate refuses the model of most.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over; otherwise what is there is used.")] = False,
    as_json: JsonOption = False,
) -> None:
    """A synthetic force, end to end: records, ranking, model, audit, gate, card, and the desk."""
    from serving.demonstration.run import run

    run(var, port=port, serve=not no_serve, seed=seed, fresh=fresh, as_json=as_json)


@app.command("demo-week", hidden=True)
def demo_week(store: StoreOption = STORE, var: VarOption = VAR, as_json: JsonOption = False) -> None:
    """Have the made-up people of a demonstration work half a week at its desk; a step of ``threat demo``."""
    from serving.demonstration.week import work_half_a_week

    said = "The people of the demonstration have worked half a week: sign in as one of them."
    emit({"week": work_half_a_week(store, var, int(time.time()))}, as_json=as_json, lines=lambda _: said)
