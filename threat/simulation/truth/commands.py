"""``threat truth-oracle``: the latent risk behind a synthetic force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from threat.options import JsonOption, ThreadsOption
from threat.terminal import emit, progress

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("truth-oracle")
def truth_oracle(
    *,
    force: Annotated[Path, typer.Option("--force", help="Folder of a synthetic force.")],
    draws: Annotated[int, typer.Option(help="Runs forward for every relationship and month.")] = 4,
    sample: Annotated[int, typer.Option(help="Relationship-months of the sharper, stratified sample.")] = 3000,
    sample_draws: Annotated[int, typer.Option(help="Runs forward for each of the sample.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the runs forward.")] = 0,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Write the latent risk of severe harm behind a force: every month for all, and a sharper sample."""
    from threat.simulation.force import block_count, read_settings
    from threat.simulation.truth.monthly import write_truth

    with progress("looking ahead", block_count(read_settings(force))) as advance:
        document = write_truth(
            force, draws=draws, sample=sample, sample_draws=sample_draws, seed=seed, threads=threads, advance=advance
        )
    emit(document | {"truth": str(force / "truth")}, as_json=as_json, lines=_lines)


def _lines(document: dict[str, Any]) -> str:
    out = [
        f"{document['rows']:,} relationship-months ({document['draws']} runs each) and a sample of "
        f"{document['sampled']:,} ({document['sample_draws']} runs each) are in {document['truth']}.",
    ]
    for days in (180, 365):
        name = f"latent_risk_{days}d"
        out.append(
            f"Mean latent risk of severe harm in {days} days: {document['mean'][name]:.3%} "
            f"(weighted sample: {document['weighted_sample_mean'][name]:.3%})."
        )
    out += [
        f"  {row['from']:.2%} to {row['to']:.2%}: {row['rows']:>9,} rows, {row['sampled']:>5,} sampled"
        for row in document["strata"]
    ]
    return "\n".join(out)
