"""The records-only ceiling: a reference model that is taught the truth, on a force it will never be measured on.

A model of an independent force, ten times larger, is fitted to the latent risk itself (soft labels, cross-entropy)
instead of to the few outcomes that happened. What its ranking reaches on another force is a lower bound of what the
records allow; the latent oracle is an upper bound (``docs/truth.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features import build, load_catalogue
from threat.asof import parse_as_of
from threat.errors import BadInput, UsageError
from threat.history.sightings import Rows
from threat.history.store import Store
from threat.policy import load_policy
from threat.release.documents.config import Config
from threat.release.documents.expected_captures import CeilingFit
from threat.release.documents.folds import Folds
from threat.release.runs import Run
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.truth.oracle import HORIZONS, risks
from threat.simulation.truth.retraced import verified_settings
from training.cohorts import cohort as cohorts
from training.cohorts.folds import Cycle
from training.truth.judged_lists import Lookahead

Floats = NDArray[np.float64]

# As the models of a RUN, but for cross-entropy (soft labels) and larger trees: a soft label tells far more than a rare
# outcome, so 150,000 rows carry more leaves.
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
DRAWS = 16
"""Runs forward per row of the reference: few, because the noise of one label averages out over so many rows."""
_MOST_ROUNDS, _PATIENCE, _STOPPING_SHARE = 2000, 60, 0.2
"""Most trees, trees without a gain before the fit stops, and the share of subjects that the gain is measured on. The
reference of docs/truth.md stopped at 345 trees, far from the most."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The reference model, and how it did on its own held-out subjects (``fit``)."""

    booster: lgb.Booster
    fit: CeilingFit

    def score(self, store: Path, rows: Rows, snapshot_id: str | None, *, threads: int) -> Floats:
        """Raw scores (n) of rows of another force, from its records alone."""
        matrix = build(
            Store.open(store).snapshot(snapshot_id).sightings(), rows, load_catalogue(), parallel=threads > 1
        )
        return np.asarray(self.booster.predict(matrix.values, raw_score=True, num_threads=threads), np.float64)


def fit(run: Run, force: Path, reference: Path, *, rows: int = 150_000, how: Lookahead) -> Ceiling:
    """Fit on the force in ``reference``, on lists like those the RUN was measured on.

    ``rows``: at most so many rows of the reference. ``how.seed`` draws the rows and the subjects the fit is stopped on,
    too. Raises UsageError when the reference is not independent or not of the same dates, BadInput when nobody is on
    its lists.
    """
    reference_settings = _independent(force, reference)
    settings = run.read(Config).settings
    snapshot = Store.open(reference / "history").snapshot()
    cohort = cohorts.build(snapshot, cycles_of(run), settings.cohort, load_policy()).rows
    if not len(cohort):
        raise BadInput("The reference force has nobody on the RUN's lists.", where=str(reference))
    rng = np.random.default_rng(how.seed)
    chosen = cohort.take(np.sort(rng.choice(len(cohort), min(rows, len(cohort)), replace=False)))
    truth = risks(
        reference_settings,
        chosen.relationship_id,
        chosen.as_of,
        draws=how.draws,
        seed=how.seed,
        threads=how.threads,
        advance=how.advance,
    )
    label = truth.risk[:, HORIZONS.index(settings.horizon_days)]
    catalogue = load_catalogue()
    values = build(snapshot.sightings(), chosen, catalogue, parallel=how.threads > 1).values
    people, person = np.unique(chosen.subject, return_inverse=True)
    stopping = (rng.random(len(people)) < _STOPPING_SHARE)[person]
    booster = fit_soft(values, label, stopping, names=list(catalogue.names), seed=how.seed, threads=how.threads)
    predicted = np.asarray(booster.predict(values[stopping], num_threads=how.threads), np.float64)
    mean = np.full(int(stopping.sum()), label[~stopping].mean())
    explained = 1.0 - _deviance(label[stopping], predicted) / _deviance(label[stopping], mean)
    return Ceiling(
        booster,
        CeilingFit(
            rows=len(chosen),
            rounds=booster.current_iteration(),
            draws=how.draws,
            mean_risk=float(label.mean()),
            deviance_explained=float(explained),
        ),
    )


def _independent(force: Path, reference: Path) -> ForceSettings:
    """Return the settings of the reference; raise UsageError unless it is another force of the same kind."""
    measured, other = verified_settings(force), verified_settings(reference)
    if measured.seed == other.seed:
        raise UsageError(
            "The reference force is not independent: both forces have the same seed.",
            value=measured.seed,
            where=str(reference),
            way_out="threat simulate --seed with another number, ten times the relationships",
        )
    if (measured.epoch, measured.now, measured.knobs) != (other.epoch, other.now, other.knobs):
        raise UsageError(
            "The reference force covers other dates or has other knobs than the force that is measured.",
            value=f"{other.epoch} to {other.now}, {other.knobs}",
            where=str(reference),
            way_out="give threat simulate the same --years and knobs",
        )
    return other


def fit_soft(
    values: NDArray[np.float32],
    label: Floats,
    stopping: NDArray[np.bool_],
    *,
    names: list[str],
    seed: int,
    threads: int,
) -> lgb.Booster:
    """Fit LightGBM to probabilities as labels; stop when the ``stopping`` rows, not fitted, no longer gain."""
    bins = {"verbosity": -1, "max_bin": _PARAMETERS["max_bin"]}
    data = lgb.Dataset(values[~stopping], label=label[~stopping], feature_name=names, params=bins)
    check = lgb.Dataset(values[stopping], label=label[stopping], reference=data, params={"verbosity": -1})
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
    numbers = [cycle.cycle for cycle in test.measured_cycles]
    return [Cycle(number, start, end, start) for number, start, end in zip(numbers, starts, ends, strict=True)]


def _deviance(label: Floats, probability: Floats) -> float:
    """Mean cross-entropy above the least possible (the labels' own entropy)."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    least = np.clip(label, 1e-12, 1 - 1e-12)
    return float(np.mean(label * np.log(least / p) + (1 - label) * np.log((1 - least) / (1 - p))))
