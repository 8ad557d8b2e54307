"""Commands ``threat expected-captures`` and ``threat show-leak``: rankings judged by the truth of a synthetic force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from threat.options import ConfigOption, FitThreadsOption, JsonOption, ThreadsOption
from threat.terminal import emit, progress

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("expected-captures")
def expected_captures(
    run: Annotated[Path, typer.Argument(help="Directory of a RUN trained on a synthetic force.")],
    force: Annotated[Path, typer.Option("--force", help="Folder of that force.")],
    reference: Annotated[
        Path | None, typer.Option(help="An independent force, ten times larger: fit the records-only ceiling on it.")
    ] = None,
    capacity: Annotated[int | None, typer.Option(min=1, help="Relationships on a list; otherwise the RUN's.")] = None,
    draws: Annotated[int, typer.Option(help="Runs forward per row.")] = 32,
    rows: Annotated[int, typer.Option(help="Rows of the reference force that the ceiling is fitted on.")] = 150_000,
    particles: Annotated[
        int, typer.Option(help="Rows to filter by particles, a check of the ceiling that takes a while; 0: none.")
    ] = 0,
    replicates: Annotated[int, typer.Option(help="Bootstrap replicates over subjects.")] = 300,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 7,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Count the outcomes each ranking's lists would meet on average, and the share of what can be reached.

    Written into the RUN as an annex. Needs the truth of a synthetic force; a real force has none.
    """
    from threat.measuring.resampling import Resampling
    from threat.release.attestations import attest_annexes, job_trust
    from threat.release.documents.snapshot import SnapshotRead
    from threat.release.runs import Run
    from threat.simulation.force import block_count, read_settings
    from training.evaluation.table import Ranking
    from training.truth import ceiling, particle_check
    from training.truth.expected_captures import CEILING, compare
    from training.truth.judged_lists import Lookahead, read_lists
    from training.truth.summary import captures_lines

    opened, trust = Run.open(run), job_trust()
    fitted, extra = None, []
    # The force twice: severe harm, then the deadly part of it.
    parts = 2 * block_count(read_settings(force)) + (block_count(read_settings(reference)) if reference else 0)
    with progress("looking ahead", parts) as advance:
        how = Lookahead(draws=draws, seed=seed, threads=threads, advance=advance)
        lists = read_lists(opened, force, how)
        if reference is not None:
            fitted = ceiling.fit(opened, force, reference, rows=rows, how=replace(how, draws=ceiling.DRAWS))
            score = fitted.score(force / "history", lists.rows, opened.read(SnapshotRead).id, threads=threads)
            extra = [Ranking(CEILING, "Records-only ceiling (reference model, a lower bound of it)", score)]
    resampling = Resampling(replicates=replicates, seed=seed)
    compared = compare(lists, extra, capacity=capacity, resampling=resampling)
    check = None
    if particles:
        filtering = particle_check.Filtering(rows=particles, threads=threads)
        check = particle_check.check(lists, extra, force, filtering, resampling)
    captures = compared.document(opened.id, how, fitted.fit if fitted else None, check)
    opened.write(captures)
    attest_annexes(opened, (captures.FILE,), trust)
    emit(captures.as_json() | {"run": str(run)}, as_json=as_json, lines=lambda _: captures_lines(captures))


@app.command("show-leak")
def show_leak(
    out: Annotated[Path, typer.Option("--out", help="Where the two forces are kept.")] = Path("var/leak"),
    config: ConfigOption = "demo",
    relationships: Annotated[int, typer.Option(help="Relationships of each force.")] = 16_000,
    years: Annotated[float, typer.Option(help="Years of records.")] = 6.0,
    seed: Annotated[int, typer.Option(help="Seed of both forces.")] = 7,
    leak: Annotated[float, typer.Option(help="Share of severe incidents that leave a row dated before them.")] = 1.0,
    threads: FitThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train through ``features`` and by a builder that filters on when things happened, and compare the two."""
    from threat.simulation.force import Settings
    from training.config import load
    from training.truth.planted_leak import demonstrate
    from training.truth.summary import leak_lines

    settings = load(config, threads=threads)
    force = Settings(relationships=relationships, years=years, seed=seed)
    with progress("showing a leak", 6) as advance:
        shown = demonstrate(out, settings, force, leak=leak, advance=advance)
    emit(shown.model_dump(mode="json"), as_json=as_json, lines=lambda _: leak_lines(shown))
