"""The records-only ceiling: a reference model that is taught the truth, on a force it will never be measured on.

A model of an independent force, ten times larger, is fitted to the latent risk itself (soft labels, cross-entropy)
instead of to the few outcomes that happened. What its ranking reaches on another force is a lower bound of what the
records allow; the latent oracle is an upper bound (``docs/truth.md``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features import build, load_catalogue
from threat.asof import parse_as_of
from threat.eligibility import load_policy
from threat.errors import BadInput, UsageError
from threat.history.sightings import Rows
from threat.history.store import Store
from threat.release.documents.config import Config
from threat.release.documents.folds import Folds
from threat.release.runs import Run
from threat.simulation.truth.oracle import HORIZONS, risks
from threat.simulation.truth.retraced import verified_settings
from training.cohorts import cohort
from training.cohorts.folds import Cycle

Floats = NDArray[np.float64]

_PARAMETERS = {
    "objective": "cross_entropy",
    "num_leaves": 31,
    "min_data_in_leaf": 200,
    "lambda_l2": 5.0,
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_MOST_ROUNDS, _PATIENCE, _HELD_OUT = 2000, 60, 0.2


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The fitted reference and how it did on its own held-out subjects: ``deviance_explained`` of the soft labels."""

    booster: lgb.Booster
    rows: int
    rounds: int
    draws: int
    mean_risk: float
    deviance_explained: float

    def score(self, store: Path, rows: Rows, snapshot_id: str | None, *, threads: int) -> Floats:
        """Raw scores (n) of rows of another force, from its records alone."""
        matrix = build(
            Store.open(store).snapshot(snapshot_id).sightings(), rows, load_catalogue(), parallel=threads > 1
        )
        return np.asarray(self.booster.predict(matrix.values, raw_score=True, num_threads=threads), np.float64)

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        names = ("rows", "rounds", "draws", "mean_risk", "deviance_explained")
        return {name: getattr(self, name) for name in names}


def fit(
    run: Run,
    force_directory: Path,
    reference: Path,
    *,
    rows: int = 150_000,
    draws: int = 16,
    seed: int = 7,
    threads: int = 1,
    advance: Callable[[float], None] = lambda amount: None,
) -> Ceiling:
    """Fit on the force in ``reference``, on lists like those the RUN was measured on.

    Raises UsageError when the reference is not independent or not of the same dates, BadInput when nobody is on them.
    """
    own, other = verified_settings(force_directory), verified_settings(reference)
    if own.seed == other.seed:
        raise UsageError(
            "A reference force is independent of the one that is measured.",
            value=f"both have seed {own.seed}",
            where=str(reference),
            way_out="threat simulate --seed with another number, ten times the relationships",
        )
    if (own.epoch, own.now, own.knobs) != (other.epoch, other.now, other.knobs):
        raise UsageError(
            "A reference force covers the same dates and has the same knobs.",
            value=f"{other.epoch} to {other.now}, {other.knobs}",
            where=str(reference),
            way_out="give threat simulate the same --years and knobs",
        )
    settings = run.read(Config).settings
    snapshot = Store.open(reference / "history").snapshot()
    found = cohort.build(snapshot, cycles_of(run), settings.cohort, load_policy()).rows
    if not len(found):
        raise BadInput("The reference force has nobody on the RUN's lists.", where=str(reference))
    rng = np.random.default_rng(seed)
    chosen = cohort.take(found, np.sort(rng.choice(len(found), min(rows, len(found)), replace=False)))
    truth = risks(other, chosen.relationship_id, chosen.as_of, draws=draws, seed=seed, threads=threads, advance=advance)
    label = truth.risk[:, HORIZONS.index(settings.horizon_days)]
    catalogue = load_catalogue()
    values = build(snapshot.sightings(), chosen, catalogue, parallel=threads > 1).values
    people, back = np.unique(chosen.subject, return_inverse=True)
    held = (rng.random(len(people)) < _HELD_OUT)[back]
    booster = fit_soft(values, label, held, names=list(catalogue.names), seed=seed, threads=threads)
    p = np.asarray(booster.predict(values[held], num_threads=threads), np.float64)
    explained = 1.0 - _deviance(label[held], p) / _deviance(label[held], np.full(int(held.sum()), label[~held].mean()))
    return Ceiling(booster, len(chosen), booster.current_iteration(), draws, float(label.mean()), float(explained))


def fit_soft(
    values: NDArray[np.float32], label: Floats, held: NDArray[np.bool_], *, names: list[str], seed: int, threads: int
) -> lgb.Booster:
    """LightGBM on probabilities as labels, stopped when the held-out rows no longer gain."""
    data = lgb.Dataset(values[~held], label=label[~held], feature_name=names, params={"verbosity": -1, "max_bin": 127})
    check = lgb.Dataset(values[held], label=label[held], reference=data, params={"verbosity": -1})
    booster = lgb.train(
        _PARAMETERS | {"seed": seed, "num_threads": threads},
        data,
        num_boost_round=_MOST_ROUNDS,
        valid_sets=[check],
        callbacks=[lgb.early_stopping(_PATIENCE, verbose=False)],
    )
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))


def cycles_of(run: Run) -> list[Cycle]:
    """The lists the RUN was measured on, from ``folds.json``; a list ends where the next begins."""
    test = run.read(Folds).test
    starts = [parse_as_of(cycle.start) for cycle in test.measured_cycles]
    last = parse_as_of(test.measured_last_as_of)
    ends = [*starts[1:], max(last, starts[-1]) + 1]
    return [
        Cycle(cycle.cycle, start, end, start)
        for cycle, start, end in zip(test.measured_cycles, starts, ends, strict=True)
    ]


def _deviance(label: Floats, p: Floats) -> float:
    """Mean cross-entropy above the least possible (the labels' own entropy)."""
    p = np.clip(p, 1e-9, 1 - 1e-9)
    own = np.clip(label, 1e-12, 1 - 1e-12)
    return float(np.mean(label * np.log(own / p) + (1 - label) * np.log((1 - own) / (1 - p))))
