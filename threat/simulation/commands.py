"""``threat simulate``: a synthetic force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("simulate")
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for history/ and truth/.")],
    relationships: Annotated[int, typer.Option(help="Relationships the records hold, about.")] = 65_000,
    years: Annotated[float, typer.Option(help="Years of records.")] = 8.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows on any machine.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Make a synthetic force: a history to work on, and the truth about it kept apart."""
    from threat.simulation.force import Settings, block_count, write
    from threat.terminal import emit, progress

    settings = Settings(relationships=relationships, years=years, seed=seed)
    with progress("simulating", block_count(settings)) as advance:
        document = write(settings, out, advance)
    emit(document, as_json=as_json, lines=_sentence)


def _sentence(document: dict[str, object]) -> str:
    rows = document["rows"]
    assert isinstance(rows, dict)
    return (
        f"A synthetic force of {rows['relationships']:,} relationships and {rows['events']:,} events is in "
        f"{document['history']}.\nThe truth about it is apart, in {document['truth']}. No person in it lives."
    )
