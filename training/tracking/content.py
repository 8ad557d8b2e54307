"""What the mirror says of a RUN: tags, parameters and figures of the RUN, and of each fold and candidate below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from threat.release.documents.choices import ApproachChoice, Choices, TriedTrees
from threat.release.documents.chosen import ComparedOption, OptionChoice
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.config import Config
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.folds import Folds
from threat.release.documents.provenance import Execution, Provenance
from threat.release.documents.settings import APPROACH_TITLES
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run

_LONGEST = 6_000
"""Characters of a parameter's value that MLflow keeps."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One MLflow run's content: name, tags, parameters (all text) and figures."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)


def entry_of(run: Run) -> Entry:
    """Return what the parent says: settings as parameters, every figure with a value, where the RUN comes from."""
    config = run.read(Config)
    settled = {"capacity": config.capacity, "policy_version": config.policy_version}
    return Entry(
        name=run.id,
        tags=tags_of(run),
        parameters=_flat(config.settings.as_json() | settled),
        figures=_figures(run.read(Evaluation)),
    )


def tags_of(run: Run) -> dict[str, str]:
    """Return where a RUN comes from: its directory and seal, snapshot, catalogue, policies, code and machine."""
    snapshot = run.read(SnapshotRead)
    tags = {
        "run_id": run.id,
        "run_directory": str(run.directory),
        "manifest_sha256": run.manifest_sha256,
        "snapshot": snapshot.id,
        "catalogue": snapshot.catalogue_version,
        "policy.eligibility": run.read(Config).policy_version,
    }
    made_with = run.find(Provenance)
    if made_with is not None:
        tags |= {
            "product": made_with.product_version,
            "checkout": made_with.checkout,
            "commit": made_with.commit or "none",
            "lock_sha256": made_with.lock_sha256 or "none",
            "python": made_with.python,
            "platform": made_with.platform,
            "policy.fairness": made_with.policies.fairness.version,
            "policy.gate": made_with.policies.gate.version,
        }
        tags |= {f"library.{name}": number for name, number in made_with.libraries.items()}
    execution = run.find(Execution)
    if execution is not None:
        tags["threads"] = str(execution.threads)
    return tags


def children_of(run: Run) -> Iterator[Entry]:
    """Return an entry for each fold, each approach to the model, and each candidate that was tried for any choice."""
    choices = run.read(Choices)
    yield from _folds(run, choices)
    for approach in choices.approaches:
        yield _approach(approach, choices)
        for number, tried in enumerate(approach.tried, 1):
            asked = tried.model_dump(exclude={"rounds", "log_loss", "by_fold"})
            figures = {"rounds": float(tried.rounds), "log_loss": tried.log_loss} | _by_fold(tried.by_fold)
            chosen = approach == choices.model and _is_chosen(tried, approach)
            title = APPROACH_TITLES[approach.approach]
            yield _candidate(f"{title}, {number}", {"approach": approach.approach} | asked, figures, chosen=chosen)
    for penalty in choices.elastic_net.tried:
        yield _candidate(
            f"elastic net, penalty {penalty.penalty:g}",
            {"penalty": penalty.penalty},
            {"log_loss": penalty.log_loss} | _by_fold(penalty.by_fold),
            chosen=penalty.penalty == choices.elastic_net.chosen,
        )
    for multiple in () if choices.base is None else choices.base.tried:
        yield _candidate(
            f"base, penalty {multiple.multiple:g} per outcome row",
            {"multiple": multiple.multiple},
            multiple.model_dump(exclude={"multiple"}),
            chosen=choices.base is not None and multiple.multiple == choices.base.chosen,
        )
    prior = None if choices.base is None or choices.base.prior is None else choices.base.prior.compared
    yield from _options("prior_weight", prior)
    yield from _options("fit_rows", choices.fit_rows)


def _options(asked: str, choice: OptionChoice | None) -> Iterator[Entry]:
    """Return an entry for each option of a choice by lists; ``asked``: name of what was chosen."""
    for option in () if choice is None else choice.options:
        chosen = choice is not None and option.name == choice.chosen
        title = f"{asked.replace('_', ' ')}, {option.name}"
        yield _candidate(title, {asked: option.name}, _compared(option), chosen=chosen)


def _folds(run: Run, choices: Choices) -> Iterator[Entry]:
    """Return an entry for each fold: its dates, what there was to fit on, and each approach's loss on a validation."""
    counts = run.read(CohortAttrition).fit
    folds = run.read(Folds).folds
    for number, fold in enumerate(folds):
        planned = fold.model_dump(exclude={"name", "fit_cycles", "measured_cycles"})
        figures = {"fit_cycles": float(fold.fit_cycles), "measured_cycles": float(len(fold.measured_cycles))}
        if fold.name in counts:
            of_fold = counts[fold.name].model_dump(exclude={"left_out"})
            figures |= {name: float(count) for name, count in of_fold.items() if isinstance(count, int)}
        # The test, the last, chose nothing. Without validation in time the losses are of groups of subjects instead.
        if fold != folds[-1]:
            for approach in choices.approaches:
                losses = next(tried for tried in approach.tried if _is_chosen(tried, approach)).by_fold
                if number < len(losses):
                    figures[f"{approach.approach}.log_loss"] = losses[number]
        yield Entry(f"fold {fold.name}", {"kind": "fold"}, _flat(planned), figures)


def _approach(approach: ApproachChoice, choices: Choices) -> Entry:
    """Return an entry for an approach: its best candidate, and how its lists compare where it was compared."""
    options = () if choices.compared is None else choices.compared.options
    figures = next((_compared(option) for option in options if option.name == approach.approach), {})
    if approach.start_log_loss is not None:
        figures["start_log_loss"] = approach.start_log_loss
    asked = {"approach": approach.approach, "seeds": approach.seeds, "compared": approach.compared}
    tags = {"kind": "approach", "chosen": str(approach.approach == choices.approach).lower()}
    return Entry(APPROACH_TITLES[approach.approach], tags, _flat(asked | approach.chosen.model_dump()), figures)


def _is_chosen(tried: TriedTrees, approach: ApproachChoice) -> bool:
    return tried.model_dump(exclude={"log_loss", "by_fold"}) == approach.chosen.model_dump()


def _compared(option: ComparedOption) -> dict[str, float]:
    """Return the figures of an option that have a value."""
    return {name: value for name, value in option.model_dump(exclude={"name"}).items() if value is not None}


def _by_fold(losses: tuple[float, ...]) -> dict[str, float]:
    return {f"log_loss.fold_{number}": loss for number, loss in enumerate(losses, 1)}


def _candidate(name: str, asked: dict[str, Any], figures: dict[str, float], *, chosen: bool) -> Entry:
    tags = {"kind": "candidate", "chosen": str(chosen).lower()}
    return Entry(name, tags, _flat(asked), {figure: float(value) for figure, value in figures.items()})


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten nested settings to dotted names; lists become text."""
    out: dict[str, str] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = str(value)[:_LONGEST]
    return out


def _figures(evaluation: Evaluation) -> dict[str, float]:
    """Figures with a value as ``ranking.figure`` (``.k50``: length of list); bounds end in .low and .high."""
    out: dict[str, float] = {}
    for ranking in evaluation.rankings:
        for figure in ranking.figures:
            if figure.value is None:
                continue
            name = f"{ranking.name}.{figure.name}"
            if "capacity" in figure.slice:
                name += f".k{figure.slice['capacity']}"
            out[name] = figure.value
            if figure.interval is not None:
                out[f"{name}.low"], out[f"{name}.high"] = figure.interval
    return out
