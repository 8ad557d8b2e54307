"""Regularised LightGBM: candidates compared on validation folds; the same inputs give the same bytes of model text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, expit, xlog1py, xlogy

from threat.release.documents.choices import TriedTrees
from training.cohorts.sample import Sample
from training.config import TreeCandidate
from training.models.averaged import averaged
from training.models.missing_side import Ends, filled

Floats = NDArray[np.float64]
_SILENT = {"verbosity": -1}
# Parameters that LightGBM ties to a Dataset. They are the same for every candidate, so that all candidates and seeds
# read one Dataset. The bins are half of the usual 255: counts and days have few distinct values. The filter before the
# fit drops features that no leaf of min_data_in_leaf rows could split on, so a Dataset made with it would only suit
# candidates of the same leaves.
_DATASET = _SILENT | {"max_bin": 127, "feature_pre_filter": False}
_LARGEST_SEED = 2**31 - 1
"""LightGBM's seeds are 32-bit signed."""


@dataclass(frozen=True, slots=True)
class TreeRows:
    """Rows as trees are fitted to them, or measured on them.

    ``values`` (n, d); ``target`` (n): an outcome (0 or 1) of ``objective`` binary, or log odds to come close to, of
    regression; ``weight`` (n); ``start`` (n): log odds that the trees are added to, None: none. ``blanked``:
    columns that the trees do not read, though ``values`` has them (a blanked copy of every fold's rows took .35 GB).
    """

    values: NDArray[np.float32]
    target: NDArray[np.float32]
    weight: Floats
    objective: Literal["binary", "regression"] = "binary"
    start: Floats | None = None
    blanked: tuple[int, ...] = ()

    @classmethod
    def of_outcomes(cls, sample: Sample, start: Floats | None = None) -> TreeRows:
        """The rows of a sample with their outcomes as target."""
        return cls(sample.values, sample.label.astype(np.float32), sample.weight, "binary", start)

    def loss(self, predicted: Floats, _: lgb.Dataset | None = None) -> tuple[str, float, bool]:
        """Return the sum of the rows' log loss as LightGBM asks of a metric: name, value, whether higher is better.

        ``predicted`` (n): what LightGBM predicts, probabilities of ``binary`` and log odds of ``regression``. Above the
        target's own entropy: 0 for outcomes; for log odds the loss is the distance (Kullback and Leibler 1951) of the
        probabilities. LightGBM's own metric adds up in as many parts as there are threads, so that its last digits
        depend on them.
        """
        target, probability = self.target.astype(np.float64), predicted
        if self.objective == "regression":
            target, probability = expit(target), expit(predicted)
        loss = -xlogy(target, probability) - xlog1py(1 - target, -probability)
        entropy = entr(target) + entr(1 - target)
        return "log_loss", float(self.weight @ (loss - entropy)), False

    def dataset(self, growth: Growth, reference: lgb.Dataset | None = None) -> lgb.Dataset:
        """The rows binned, by the bins of ``reference`` where given. The growth's names go into a model's text.

        LightGBM reads ``values`` once, here, and keeps no reference to them.
        """
        data = lgb.Dataset(
            filled(self.values, growth.ends, self.blanked),
            feature_name="auto" if growth.names is None else list(growth.names),
            label=self.target,
            weight=self.weight,
            init_score=self.start,
            reference=reference,
            params=_DATASET,
        )
        return data.construct()


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What every fit of a training shares.

    ``constraints``: one of -1, 0, 1 per feature. ``ends``: what a missing figure counts as, by feature
    (``missing_side``); empty: every missing figure stays missing. ``seeds``: models of different seeds that are
    averaged into one.
    """

    constraints: Sequence[int]
    ends: Ends = ()
    names: Sequence[str] | None = None
    seed: int
    seeds: int = 1
    threads: int = 1

    def member_seed(self, member: int) -> int:
        """Return the seed of a member; the first has the training's own."""
        # Drawn, not counted on: LightGBM's generator is linear, and neighbouring seeds begin alike.
        return self.seed if member == 0 else int(np.random.default_rng((self.seed, member)).integers(_LARGEST_SEED))


@dataclass(frozen=True, slots=True)
class Stopping:
    """When trees stop growing: at ``max_rounds``, or once ``patience`` rounds brought no gain; None: at the most alone,
    and that number is taken.
    """

    max_rounds: int
    patience: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate and number of rounds with the least pooled log loss on validation, and how every candidate did."""

    candidate: TreeCandidate
    rounds: int
    tried: list[TriedTrees]

    @property
    def log_loss(self) -> float:
        """Pooled log loss of the choice."""
        return min(tried.log_loss for tried in self.tried)


def parameters(candidate: TreeCandidate, growth: Growth, *, objective: str, seed: int) -> dict[str, Any]:
    """Return LightGBM's parameters, deterministic: the number of threads does not change the model.

    The basic method of monotone constraints is the one that works with sampled features.
    """
    return {
        "objective": objective,
        "metric": "None",  # TreeRows.loss
        "num_leaves": candidate.num_leaves,
        "min_data_in_leaf": candidate.min_data_in_leaf,
        "lambda_l2": candidate.lambda_l2,
        "learning_rate": candidate.learning_rate,
        "feature_fraction": candidate.feature_fraction,
        "bagging_fraction": candidate.bagging_fraction,
        "bagging_freq": 1,
        "monotone_constraints": list(growth.constraints),
        "monotone_constraints_method": "basic",
        # One layout whatever the machine: LightGBM would otherwise time two and take the faster, which differ in bits.
        # By columns is a fifth faster than by rows here, where a tree reads few of the features.
        "deterministic": True,
        "force_col_wise": True,
        "seed": seed,
        "num_threads": growth.threads,
        **_DATASET,
    }


def fit(rows: TreeRows, candidate: TreeCandidate, rounds: int, growth: Growth) -> lgb.Booster:
    """Fit ``rounds`` trees of each seed to the rows, averaged into one booster (see ``averaged``)."""
    data = rows.dataset(growth)
    members = []
    for member in range(growth.seeds):
        seed = growth.member_seed(member)
        booster = lgb.Booster(parameters(candidate, growth, objective=rows.objective, seed=seed), data)
        for _ in range(rounds):
            booster.update()
        members.append(booster)
    return averaged(members, growth.ends)


def choose(
    folds: Sequence[tuple[TreeRows, TreeRows]],
    candidates: Sequence[TreeCandidate],
    stopping: Stopping,
    growth: Growth,
) -> Choice:
    """Try every candidate on the (fit, measure) folds; keep the candidate and rounds of the least pooled log loss.

    Log loss is a proper score and steadier than a rank measure with few outcomes. The candidates are grown with the
    first seed alone: among seeds the log loss varies less than among candidates.
    """
    datasets = []
    for fitted, measured in folds:
        data = fitted.dataset(growth)
        datasets.append((data, measured.dataset(growth, reference=data)))
    measured_rows = [measured for _, measured in folds]
    tried: list[TriedTrees] = []
    for candidate in candidates:
        boosters = []
        for (fitted, _), (data, measured_data) in zip(folds, datasets, strict=True):
            booster = lgb.Booster(parameters(candidate, growth, objective=fitted.objective, seed=growth.seed), data)
            boosters.append(booster.add_valid(measured_data, "measured"))
        grown = _in_step(boosters, measured_rows, stopping)
        tried.append(TriedTrees(**candidate.model_dump(), **grown))
    # The first of equals: candidates are listed from the simplest on.
    best = min(range(len(tried)), key=lambda number: tried[number].log_loss)
    return Choice(candidates[best], tried[best].rounds, tried)


def pooled_loss(measured: Sequence[TreeRows], scores: Sequence[Floats]) -> float:
    """Return the mean log loss of log odds on the rows of all folds, each row by its weight."""
    loss = sum(rows.loss(1.0 / (1.0 + np.exp(-odds)))[1] for rows, odds in zip(measured, scores, strict=True))
    return loss / sum(float(rows.weight.sum()) for rows in measured)


def _in_step(boosters: Sequence[lgb.Booster], measured: Sequence[TreeRows], stopping: Stopping) -> dict[str, Any]:
    """Grow the folds' boosters a round at a time; return the best ``rounds``, their ``log_loss``, and ``by_fold``.

    The loss is pooled: a fold counts by the weight of its measured rows, so a small fold that would stop early does not
    decide for a large one.
    """
    weights = np.array([float(rows.weight.sum()) for rows in measured])
    best: dict[str, Any] = {"rounds": 0, "log_loss": np.inf}
    for rounds in range(1, stopping.max_rounds + 1):
        losses = []
        for booster, rows in zip(boosters, measured, strict=True):
            booster.update()
            losses.append(booster.eval_valid(rows.loss)[0][2])
        loss = max(float(sum(losses) / weights.sum()), 0.0)  # a distance of 0 may come out a hair under it
        if stopping.patience is None or loss < best["log_loss"]:
            best = {"rounds": rounds, "log_loss": loss, "by_fold": tuple((losses / weights).tolist())}
        elif rounds - best["rounds"] >= stopping.patience:
            break
    return best
