"""``threat expected-captures``: what a RUN's lists would meet by the truth of a synthetic force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer()


@app.command("expected-captures")
def expected_captures(
    run: Annotated[Path, typer.Argument(help="Directory of a RUN trained on a synthetic force.")],
    force: Annotated[Path, typer.Option("--force", help="Folder of that force.")],
    reference: Annotated[
        Path | None, typer.Option(help="An independent force, ten times larger: fit the records-only ceiling on it.")
    ] = None,
    capacity: Annotated[int | None, typer.Option(help="Relationships on a list; otherwise the RUN's.")] = None,
    draws: Annotated[int, typer.Option(help="Runs forward per row.")] = 32,
    rows: Annotated[int, typer.Option(help="Rows of the reference force that the ceiling is fitted on.")] = 150_000,
    particles: Annotated[
        int, typer.Option(help="Rows to filter by particles, a check of the ceiling that takes a while; 0: none.")
    ] = 0,
    replicates: Annotated[int, typer.Option(help="Bootstrap replicates over subjects.")] = 300,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 7,
    threads: Annotated[int, typer.Option(help="Threads; the numbers do not depend on it.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """How many outcomes each ranking's lists would meet on average, and the share of what can be reached.

    Written into the RUN as an annex. Needs the truth of a synthetic force; a real force has none.
    """
    from threat.release.evidence import Run
    from threat.simulation.force import block_count, read_settings
    from threat.terminal import emit, progress
    from training import ceiling, particle_check
    from training.expected_captures import ANNEX, CEILING, compare, read_lists

    opened = Run.open(run)
    extra: list[tuple[str, str, Any]] = []
    document: dict[str, Any] = {}
    parts = block_count(read_settings(force)) + (block_count(read_settings(reference)) if reference else 0)
    with progress("looking ahead", parts) as advance:
        lists = read_lists(opened, force, draws=draws, seed=seed, threads=threads, advance=advance)
        if reference is not None:
            fitted = ceiling.fit(opened, force, reference, rows=rows, seed=seed, threads=threads, advance=advance)
            score = fitted.score(
                force / "history", lists.rows, opened.read_json("snapshot.json")["id"], threads=threads
            )
            extra = [(CEILING, "Records-only ceiling (reference model, a lower bound of it)", score)]
            document["ceiling"] = fitted.as_dict()
    document |= compare(lists, extra, capacity=capacity, replicates=replicates, seed=seed)
    if particles:
        document["particle_check"] = particle_check.check(
            lists, extra, force, rows=particles, replicates=replicates, seed=seed, threads=threads
        )
    document |= {"run_id": opened.id, "draws": draws, "seed": seed}
    opened.add(ANNEX, document)
    emit(document | {"run": str(run)}, as_json=as_json, lines=_lines)


def _lines(document: dict[str, Any]) -> str:
    out = [
        f"RUN {document['run_id']}: {document['n']:,} rows, {document['relations']:,} relationships, lists of "
        f"{document['capacity']}, {document['horizon_days']} days.",
        f"By the truth a list's cohort holds {document['expected_outcomes_per_list']:.1f} expected outcomes "
        f"(mean risk {document['mean_risk']:.3%}); {document['realised_rows']} rows saw one.",
        "",
        f"{'ranking':<28}{'captures a list':>24}{'of the oracle':>24}{'AUC, realised':>22}",
    ]
    for one in document["rankings"]:
        by = {figure["name"]: figure for figure in one["figures"]}
        out.append(
            f"{one['name'][:27]:<28}{_with(by['expected_captures'], '.2f'):>24}"
            f"{_with(by['share_of_oracle'], '.0%'):>24}{_with(by['auc'], '.3f'):>22}"
        )
        if "share_of_ceiling" in by and one["name"] == "score":
            out.append(f"{'  of the ceiling':<28}{_with(by['share_of_ceiling'], '.0%'):>24}")
    if "ceiling" in document:
        fit = document["ceiling"]
        out += [
            "",
            f"Ceiling: {fit['rows']:,} rows of the reference force, {fit['rounds']} trees; it explains "
            f"{fit['deviance_explained']:.0%} of the deviance of the latent risk on held-out subjects.",
        ]
    if "particle_check" in document:
        one = document["particle_check"]
        out += [
            "",
            f"Particle filter: {one['rows']} rows ({sum(one['left_out'].values())} left out); mean risk "
            f"{one['mean_risk']['filter']:.3%} by the filter, {one['mean_risk']['oracle']:.3%} by the oracle.",
            f"{'ranking':<28}{'AUC by the true risk':>24}{'risk in the top 5%':>24}",
        ]
        for ranking in one["rankings"]:
            by = {figure["name"]: figure for figure in ranking["figures"]}
            row = f"{_with(by['soft_auc'], '.3f'):>24}{_with(by['top_share'], '.0%'):>24}"
            out.append(f"{ranking['name'][:27]:<28}{row}")
    return "\n".join(out)


def _with(figure: dict[str, Any], form: str) -> str:
    if figure["value"] is None:
        return "not defined"
    text = format(figure["value"], form)
    if figure["interval"]:
        text += f" [{format(figure['interval'][0], form)}, {format(figure['interval'][1], form)}]"
    return text


@app.command("show-leak")
def show_leak(
    out: Annotated[Path, typer.Option("--out", help="Where the two forces are kept.")] = Path("var/leak"),
    config: Annotated[str, typer.Option(help="A preset by name, or a YAML file.")] = "demo",
    relationships: Annotated[int, typer.Option(help="Relationships of each force.")] = 12_000,
    years: Annotated[float, typer.Option(help="Years of records.")] = 5.0,
    seed: Annotated[int, typer.Option(help="Seed of both forces.")] = 7,
    leak: Annotated[float, typer.Option(help="Share of severe incidents that leave a row dated before them.")] = 0.6,
    threads: Annotated[int | None, typer.Option(help="Threads of the fit.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """The same training through ``features`` and by a builder that filters on when things happened, side by side."""
    from threat.terminal import emit, progress
    from training.config import load
    from training.leak import demonstrate

    settings = load(config, threads=threads)
    with progress("showing a leak", 6) as advance:
        document = demonstrate(
            out, settings, relationships=relationships, years=years, seed=seed, leak=leak, advance=advance
        )
    emit(document, as_json=as_json, lines=_leak_lines)


def _leak_lines(document: dict[str, Any]) -> str:
    out = [
        f"Severe harm within {document['settings']['horizon_days']} days, LightGBM. To the naive builder an event "
        "counts from when it happened; by `features` from when it was recorded.",
        "",
        f"{'force':<18}{'builder':<12}{'AUC':>22}{'recall at capacity':>24}{'expected captures':>24}",
    ]
    for row in document["rows"]:
        by = row["figures"]
        out.append(
            f"{row['force']:<18}{row['builder']:<12}{_with(by['auc'], '.3f'):>22}"
            f"{_with(by['recall_at_capacity'], '.1%'):>24}{_with(by['expected_captures'], '.2f'):>24}"
        )
    first = document["rows"][0]
    out.append(f"\n{first['n']:,} rows, {first['events']} outcome events on the force without the leak.")
    return "\n".join(out)
