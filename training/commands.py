"""``threat train``, ``threat evaluate``, ``threat compare`` and ``threat mirror``."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from threat.errors import IntegrityFailure, UsageError
from threat.options import (
    RUNS,
    STORE,
    VAR,
    ConfigOption,
    FitThreadsOption,
    JsonOption,
    PolicyOption,
    RunArgument,
    StoreOption,
    VarOption,
)
from threat.terminal import emit
from training.archive.commands import app as archive
from training.verification.commands import app as verification

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()
app.registered_commands += archive.registered_commands + verification.registered_commands


@app.command("train")
def train(
    context: typer.Context,
    config: ConfigOption = "default",
    store: StoreOption = STORE,
    out: Annotated[Path, typer.Option(help="Where RUNs are kept.")] = RUNS,
    run_id: Annotated[
        str | None, typer.Option(help="Name of the RUN; otherwise from the time and what is asked.")
    ] = None,
    policy: PolicyOption = None,
    capacity: Annotated[int | None, typer.Option(help="Relationships the unit can review per list.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw.")] = None,
    threads: FitThreadsOption = None,
    mlflow: Annotated[bool, typer.Option("--mlflow/--no-mlflow", help="Mirror the RUN to MLflow.")] = True,
    resume: Annotated[
        Path | None, typer.Option(help="Finish this partial RUN, with its own settings and snapshot.")
    ] = None,
    discard_partial: Annotated[
        bool, typer.Option("--discard-partial", help="Remove what killed trainings left in --out, then train.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a challenger with its evidence: folds, baselines, calibration, checks. Releases nothing.

    Names the RUNs that a killed training left: finish one with --resume, or remove them with --discard-partial.
    """
    from threat.release.attestations import attest_training, job_trust
    from threat.release.documents.checks import Checks
    from threat.release.documents.choices import Choices
    from threat.release.documents.cohort import CohortAttrition
    from threat.release.documents.evaluation import Evaluation
    from threat.release.documents.provenance import Execution
    from threat.trust.folder import UNSIGNED
    from training.config import load
    from training.evaluation.summary import Remarks, summary_lines
    from training.job import name_run, resume_training, train

    trust = job_trust()
    if not trust.exists:
        typer.echo(UNSIGNED, err=True)
    started_at, began, busy = int(time.time()), time.monotonic(), time.process_time()
    if resume is not None:
        _refuse_with_resume(context)
        out, threads = resume.absolute().parent, threads or 1
        run = resume_training(resume, store, threads=threads, policy=policy)
        partial = []
    else:
        settings = load(config, capacity=capacity, seed=seed, threads=threads)
        partial, threads = _partial_runs(out, discard_partial), settings.threads
        name = run_id or name_run(settings, started_at)
        run = train(store, settings, out=out, run_id=name, started_at=started_at, policy=policy)
    attest_training(run, trust)
    run.write(
        Execution(
            threads=threads,
            seconds=round(time.monotonic() - began, 1),
            cpu_seconds=round(time.process_time() - busy, 1),
            peak_memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),  # kilobytes on Linux
        )
    )
    document: dict[str, Any] = {"run": str(run.directory), "run_id": run.id, "partial_runs": partial, "mlflow": None}
    if mlflow:
        from training.tracking.mirror import mirror

        document["mlflow"] = mirror(run, out.parent)
    evaluation, late_known, cohort = run.read(Evaluation), run.read(Checks).late_known, run.read(CohortAttrition)
    asked_and_measured = {"rung", "horizon_days", "capacity", "cohort", "comparison", "rankings", "warnings"}
    document |= evaluation.model_dump(mode="json", include=asked_and_measured)
    document["late_known"] = late_known.as_json()
    document["in_no_figure"] = cohort.model_dump(mode="json", exclude={"version", "cycles", "fit", "fit_rows", "drift"})
    choices = run.read(Choices)
    prior = None if choices.base is None else choices.base.prior
    document |= {"approach": choices.approach, "choices_on_the_edge": list(choices.warnings)}
    document["prior_weight"] = 0.0 if prior is None else prior.weight
    remarks = Remarks(choices=choices, late_known=late_known, cohort=cohort, mlflow=document["mlflow"])
    text = summary_lines(str(run.directory), evaluation, remarks)
    emit(document, as_json=as_json, lines=lambda _: text)


_OF_A_NEW_RUN = ("config", "out", "run_id", "capacity", "seed", "discard_partial")
"""Options that a RUN to be finished has settled, or that are about others."""


def _refuse_with_resume(context: typer.Context) -> None:
    """Raise UsageError where an option was typed that --resume leaves nothing to decide."""
    # By its name: typer may bring a click of its own, whose sources are other objects.
    sources = {name: context.get_parameter_source(name) for name in _OF_A_NEW_RUN}
    typed = [name for name, source in sources.items() if source is not None and source.name != "DEFAULT"]
    if typed:
        raise UsageError(
            "These options have no place next to --resume: a RUN is finished as it was begun.",
            value=", ".join(f"--{name.replace('_', '-')}" for name in typed),
            way_out="leave them out, or train anew without --resume",
        )


def _partial_runs(folder: Path, discard: bool) -> list[str]:
    """Say on standard error which RUNs a killed training left, after removing them if asked; return those that stay."""
    from threat.release import partial_runs

    for run in partial_runs.discard(folder) if discard else []:
        opened = " Its test may have been opened." if run.chosen else ""
        typer.echo(f"Removed {run.directory}.{opened}", err=True)
    left = partial_runs.partial_runs(folder)
    for run in left:
        finish = "" if run.in_progress else f" Finish it: threat train --resume {run.directory}"
        typer.echo(f"{run.says}{finish}", err=True)
    return [run.directory.name for run in left]


@app.command("evaluate")
def evaluate(
    run: RunArgument,
    capacity: Annotated[int | None, typer.Option(min=1, help="Another length of list than the one sealed.")] = None,
    ablate: Annotated[
        bool,
        typer.Option("--ablate", help="Also fit the model without each group of features and without older records."),
    ] = False,
    store: StoreOption = STORE,
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a RUN's predictions again. Exit 5 when its sealed figures do not come out again.

    With --ablate, what the lists on validation lose without each group of features, and with the last 12, 24 and 36
    months of records alone, goes to ablations.json; --store and --policy are those that the RUN was trained with.
    """
    from threat.release.documents.expected_captures import ExpectedCaptures
    from threat.release.runs import Run
    from training.evaluation.differences import in_words
    from training.evaluation.reproduce import reproduce
    from training.evaluation.summary import Remarks, summary_lines
    from training.truth.summary import captures_lines

    opened = Run.open(run)
    again = reproduce(opened, capacity)
    if again.differences:
        raise IntegrityFailure(
            "Measuring this RUN's predictions again gives other figures than the sealed figures.",
            value=in_words(again.differences),
            where=str(run / "evaluation.json"),
            way_out="do not rely on it; train again",
        )
    document: dict[str, Any] = {"run": str(run), "run_id": opened.id, "reproduced": again.reproduced}
    document |= again.evaluation.model_dump(mode="json", exclude={"version", "replay", "lead_time", "settings"})
    text = summary_lines(str(run), again.evaluation, Remarks(reproduced=again.reproduced))
    # Of a synthetic force: the share of what can be reached.
    captures = opened.find(ExpectedCaptures)
    if captures is not None:
        document["expected_captures"] = captures.as_json()
        text += f"\n\n{captures_lines(captures)}"
    if ablate:
        from threat.release.attestations import attest_annexes, job_trust
        from training.evaluation.summary import ablation_lines
        from training.job import ablate as ablate_run

        trust = job_trust()
        ablated = ablate_run(opened, store, policy)
        attest_annexes(opened, (ablated.FILE,), trust)
        document["ablations"] = ablated.as_json()
        text += "\n\n" + "\n".join(ablation_lines(ablated))
    emit(document, as_json=as_json, lines=lambda _: text)


@app.command("compare")
def compare(
    run: RunArgument,
    champion: Annotated[
        Path | None, typer.Option(help="Otherwise the bundle in service (--var).", metavar="BUNDLE|RUN")
    ] = None,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    as_json: JsonOption = False,
) -> None:
    """Compare a challenger RUN with the champion on the challenger's test: who moves on and off the lists, and why.

    Adds comparison_with_champion.json, examples of who moves, and the champion's scores to the RUN. A bundle's
    signature is checked against the trust folder.
    """
    from threat.release.attestations import attest_annexes, job_trust
    from threat.release.documents.champion import CHAMPION_SCORES, ChampionComparison, MovedRelationships
    from threat.release.runs import Run
    from training.evaluation.champion.comparing import compare_with_champion
    from training.evaluation.champion.models import ScoredModel
    from training.evaluation.champion.summary import champion_lines

    # The RUN first: where both are wrong, the argument that must be there is named before the option.
    opened = Run.open(run)
    trust = job_trust()
    scored = ScoredModel.in_service(var) if champion is None else ScoredModel.read(champion, trust)
    compared = compare_with_champion(opened, scored, store)
    attest_annexes(opened, (CHAMPION_SCORES, MovedRelationships.FILE, ChampionComparison.FILE), trust)
    document = compared.comparison.as_json() | {"examples": compared.examples.as_json()}
    text = "\n".join(champion_lines(compared.comparison, compared.examples))
    emit(document, as_json=as_json, lines=lambda _: text)


@app.command("mirror")
def mirror_command(var: VarOption = VAR, as_json: JsonOption = False) -> None:
    """Mirror every RUN in runs/ of --var that MLflow lacks, and set the aliases as the promotions say."""
    from threat.errors import ThreatError
    from threat.release.runs import Run
    from training.tracking.aliases import follow_promotions
    from training.tracking.mirror import mirror

    if not var.is_dir():
        raise UsageError("There is no such folder.", where=str(var), way_out="name the folder that holds runs: --var")
    runs: dict[str, Any] = {}
    for directory in sorted(path for path in (var / "runs").glob("*") if path.is_dir()):
        try:
            runs[directory.name] = mirror(Run.open(directory), var)
        except ThreatError as error:
            # A RUN of before, a partial RUN or a changed one: the others are mirrored all the same.
            runs[directory.name] = {"note": f"not mirrored: {error.problem}"}
    followed = follow_promotions(var)
    document = {"runs": runs, "aliases": followed.aliases, "promoted_but_absent": list(followed.absent)}
    said = [f"{name}: {entry.get('note') or 'version ' + entry['model_version']}" for name, entry in runs.items()]
    said = said or [f"No RUN is in {var / 'runs'}."]
    emit(document, as_json=as_json, lines=lambda _: "\n".join([*said, str(followed)]))
