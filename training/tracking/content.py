"""What the mirror says of a RUN: tags, parameters and figures of the RUN, and of each fold and candidate below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from threat.release.documents.choices import Choices
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
    """Return an entry for each fold, then for each candidate that was tried."""
    yield from _folds(run)
    choices = run.read(Choices)
    for approach in choices.approaches:
        for number, tried in enumerate(approach.tried, 1):
            asked = tried.model_dump(exclude={"rounds", "log_loss", "by_fold"})
            came_to = {"rounds": float(tried.rounds), "log_loss": tried.log_loss}
            came_to |= {f"log_loss_fold_{fold}": loss for fold, loss in enumerate(tried.by_fold, 1)}
            chosen = approach == choices.model and approach.chosen.model_dump() == {**asked, "rounds": tried.rounds}
            title = APPROACH_TITLES[approach.approach]
            yield _candidate(f"{title}, {number}", {"approach": approach.approach} | asked, came_to, chosen=chosen)
    for penalty in choices.elastic_net.tried:
        yield _candidate(
            f"elastic net, penalty {penalty.penalty:g}",
            {"penalty": penalty.penalty},
            {"log_loss": penalty.log_loss},
            chosen=penalty.penalty == choices.elastic_net.chosen,
        )


def _folds(run: Run) -> Iterator[Entry]:
    counts = run.read(CohortAttrition).fit
    for fold in run.read(Folds).folds:
        planned = fold.model_dump(exclude={"name", "fit_cycles", "measured_cycles"})
        figures = {"fit_cycles": float(fold.fit_cycles), "measured_cycles": float(len(fold.measured_cycles))}
        if fold.name in counts:
            figures |= {
                name: float(count) for name, count in counts[fold.name].model_dump(exclude={"left_out"}).items()
            }
        yield Entry(f"fold {fold.name}", {"kind": "fold"}, _flat(planned), figures)


def _candidate(name: str, asked: dict[str, Any], came_to: dict[str, float], *, chosen: bool) -> Entry:
    tags = {"kind": "candidate", "chosen": str(chosen).lower()}
    return Entry(name, tags, _flat(asked), {figure: float(value) for figure, value in came_to.items()})


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
