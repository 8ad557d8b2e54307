"""``threat expected-captures``: what a RUN's lists would meet by the truth of a synthetic force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from threat.options import ConfigOption, FitThreadsOption, JsonOption, ThreadsOption

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
    """How many outcomes each ranking's lists would meet on average, and the share of what can be reached.

    Written into the RUN as an annex. Needs the truth of a synthetic force; a real force has none.
    """
    from threat.release.documents.expected_captures import ExpectedCaptures
    from threat.release.documents.snapshot import SnapshotRead
    from threat.release.runs import Run
    from threat.simulation.force import block_count, read_settings
    from threat.terminal import emit, progress
    from training.truth import ceiling, particle_check
    from training.truth.expected_captures import CEILING, compare, read_lists
    from training.truth.summary import captures_lines

    opened = Run.open(run)
    extra: list[tuple[str, str, Any]] = []
    document: dict[str, Any] = {}
    parts = block_count(read_settings(force)) + (block_count(read_settings(reference)) if reference else 0)
    with progress("looking ahead", parts) as advance:
        lists = read_lists(opened, force, draws=draws, seed=seed, threads=threads, advance=advance)
        if reference is not None:
            fitted = ceiling.fit(opened, force, reference, rows=rows, seed=seed, threads=threads, advance=advance)
            score = fitted.score(force / "history", lists.rows, opened.read(SnapshotRead).id, threads=threads)
            extra = [(CEILING, "Records-only ceiling (reference model, a lower bound of it)", score)]
            document["ceiling"] = fitted.as_dict()
    document |= compare(lists, extra, capacity=capacity, replicates=replicates, seed=seed)
    if particles:
        document["particle_check"] = particle_check.check(
            lists, extra, force, rows=particles, replicates=replicates, seed=seed, threads=threads
        )
    document |= {"run_id": opened.id, "draws": draws, "seed": seed}
    captures = ExpectedCaptures.model_validate(document)
    opened.write(captures)
    emit(captures.as_json() | {"run": str(run)}, as_json=as_json, lines=captures_lines)


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
    """The same training through ``features`` and by a builder that filters on when things happened, side by side."""
    from threat.terminal import emit, progress
    from training.config import load
    from training.truth.planted_leak import demonstrate
    from training.truth.summary import leak_lines

    settings = load(config, threads=threads)
    with progress("showing a leak", 6) as advance:
        document = demonstrate(
            out, settings, relationships=relationships, years=years, seed=seed, leak=leak, advance=advance
        )
    emit(document, as_json=as_json, lines=leak_lines)
