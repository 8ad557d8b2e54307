"""Recipes of the ceiling: models taught the latent risk itself, compared on subjects that none of them was fitted on.

No family of models is known to be the best that records allow, so several are fitted, and the best is the ceiling. A
ranking that reaches more than the best recipe shows that the recipe is no ceiling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.definitions import Definition
from threat.measuring.list_length import ListLength
from threat.release.base import Base
from threat.release.documents.expected_captures import TriedRecipe
from training.cohorts.sample import Sample
from training.config import BaseSettings
from training.models.base import fit_base_at

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Values = NDArray[np.float32]

# As the models of a RUN, but for cross-entropy (soft labels) and larger trees: a soft label tells far more than a rare
# outcome, so the rows carry more leaves.
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
_PATIENCE = 60
"""Trees without a gain before a fit stops."""
SOFT_PENALTY = 0.05
"""Penalty of the linear recipes, as a multiple of the summed risk: next to nothing, as a soft label is no rare outcome.
Enough to keep columns that say the same from running apart."""
_SAME = 1e-12
"""Recipes whose lists hold the same differ by rounding alone."""
_WIDE_ROWS = 200_000
"""Rows that the recipe on every feature is fitted on, at most: some 400 columns of a million rows take 6 GB."""


@dataclass(frozen=True, slots=True)
class SoftRows:
    """Rows labelled by their latent risk: ``values`` (n, d), ``label`` (n), ``cycle`` (n: the number of a row's list).

    ``person`` (n): the subject. The first ``fitted`` rows are fitted on. The rows after them are of other subjects:
    fits are stopped and compared on these rows.
    """

    values: Values
    label: Floats
    cycle: Ints
    person: Ints
    fitted: int

    @property
    def fit_part(self) -> SoftRows:
        """The rows to fit on, without a copy of their features."""
        return self._part(slice(0, self.fitted), self.fitted)

    @property
    def left_out(self) -> SoftRows:
        """The rows of the subjects that no fit reads, without a copy of their features."""
        return self._part(slice(self.fitted, None), 0)

    def drawn(self, most: int, seed: int) -> SoftRows:
        """At most so many of the rows, drawn at random."""
        if len(self.label) <= most:
            return self
        return self._part(np.sort(np.random.default_rng(seed).choice(len(self.label), most, replace=False)), most)

    def _part(self, rows: slice | Ints, fitted: int) -> SoftRows:
        return SoftRows(self.values[rows], self.label[rows], self.cycle[rows], self.person[rows], fitted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """How recipes are fitted: the policy values of the base's offset, the horizon, a seed and threads.

    ``list_share``: share of its cohort that a list holds, by which recipes are compared. ``most_rounds``: of trees; a
    fit on 150,000 rows stopped at 345, far from the most.
    """

    base: BaseSettings
    horizon_days: int
    list_share: float
    seed: int = 7
    threads: int = 1
    most_rounds: int = 2_000


@dataclass(frozen=True, slots=True)
class SoftModel:
    """A regression, trees, or trees on a regression, that give log odds."""

    base: Base | None
    booster: lgb.Booster | None

    @property
    def rounds(self) -> int:
        """Number of trees."""
        return 0 if self.booster is None else int(self.booster.current_iteration())

    def score(self, values: Values, *, threads: int = 1) -> Floats:
        """Log odds, float64[n], of ``values`` (n, d)."""
        total = np.zeros(len(values)) if self.base is None else self.base.score(values)
        if self.booster is not None:
            total += np.asarray(self.booster.predict(values, raw_score=True, num_threads=threads), np.float64)
        return total


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe as it was fitted: its score is the mean of the log odds of its models."""

    name: str
    models: tuple[SoftModel, ...]

    @property
    def rounds(self) -> int:
        """Number of trees of all its models."""
        return sum(model.rounds for model in self.models)

    def score(self, values: Values, *, threads: int = 1) -> Floats:
        """Log odds, float64[n], of ``values`` (n, d)."""
        return np.mean([model.score(values, threads=threads) for model in self.models], axis=0)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Every recipe, in the order of TITLES, and how each did on the subjects left out."""

    recipes: tuple[Recipe, ...]
    tried: tuple[TriedRecipe, ...]

    @property
    def best(self) -> Recipe:
        """The recipe that explains most of the deviance, of those whose lists hold as much risk as any.

        As much: within one standard error of the most. What lists hold is what counts, but on the subjects left out a
        few at the top decide it: taken alone it chose a recipe that held 13% less than the best on another force.
        """
        most = max(recipe.captured for recipe in self.tried)
        within = [
            place for place, recipe in enumerate(self.tried) if recipe.captured + recipe.standard_error >= most - _SAME
        ]
        return self.recipes[max(within, key=lambda place: self.tried[place].deviance_explained)]


TITLES = {
    "base": "Base: tagged features, signs bound",
    "base_free": "Base without signs",
    "all_free": "Ridge on every feature, without signs",
    "trees": "LightGBM from scratch",
    "base_trees": "LightGBM on the base without signs",
    "mean": "Mean of the base, LightGBM from scratch and LightGBM on the base",
}
"""The recipes, by name. Every linear recipe has the known offset for time at liberty."""


def fit_recipes(rows: SoftRows, definitions: Sequence[Definition], teaching: Teaching) -> Fitted:
    """Fit every recipe on the fit part of ``rows``, and measure each on the subjects left out.

    ``definitions``: of the columns, in their order.
    """
    names = [definition.name for definition in definitions]
    free = [replace(definition, direction=0) for definition in definitions]
    everything = [replace(definition, base=True) for definition in free]
    fit = rows.fit_part
    base, base_free = (SoftModel(fit_soft_base(fit, read, teaching), None) for read in (definitions, free))
    all_free = SoftModel(fit_soft_base(fit.drawn(_WIDE_ROWS, teaching.seed), everything, teaching), None)
    trees = SoftModel(None, fit_soft(rows, None, names, teaching))
    on_base = SoftModel(base_free.base, fit_soft(rows, base_free.score(rows.values), names, teaching))
    models = {
        "base": (base,),
        "base_free": (base_free,),
        "all_free": (all_free,),
        "trees": (trees,),
        "base_trees": (on_base,),
        "mean": (base, trees, on_base),
    }
    recipes = tuple(Recipe(name, models[name]) for name in TITLES)
    return Fitted(recipes, _tried(recipes, rows, teaching))


def fit_soft_base(rows: SoftRows, definitions: Sequence[Definition], teaching: Teaching) -> Base:
    """Fit a base to probabilities as labels, with next to no penalty: coefficients that rows without luck would give.

    ``definitions``: of the columns, in their order; their directions bind the signs.
    """
    n = len(rows.label)
    none = np.zeros(n, np.int64)
    # A sample's label is 0 or 1; the regression reads it as a number, and a probability is as good a label.
    sample = Sample(rows.values, cast("NDArray[np.uint8]", rows.label), np.ones(n), none, none)
    return fit_base_at(SOFT_PENALTY, sample, definitions, teaching.base, horizon_days=teaching.horizon_days)


def fit_soft(rows: SoftRows, start: Floats | None, names: list[str], teaching: Teaching) -> lgb.Booster:
    """Fit LightGBM to probabilities as labels; stop when the rows left out no longer gain.

    ``start``: log odds (n) that the trees are added to; None: from scratch.
    """
    fit, measured = rows.fit_part, rows.left_out
    bins = {"verbosity": -1, "max_bin": _PARAMETERS["max_bin"]}
    starts = (None, None) if start is None else (start[: rows.fitted], start[rows.fitted :])
    data = lgb.Dataset(fit.values, label=fit.label, feature_name=names, init_score=starts[0], params=bins)
    check = lgb.Dataset(
        measured.values, label=measured.label, init_score=starts[1], reference=data, params={"verbosity": -1}
    )
    booster = lgb.train(
        _PARAMETERS | {"seed": teaching.seed, "num_threads": teaching.threads},
        data,
        num_boost_round=teaching.most_rounds,
        valid_sets=[check],
        callbacks=[lgb.early_stopping(_PATIENCE, verbose=False)],
    )
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))


def _tried(recipes: Sequence[Recipe], rows: SoftRows, teaching: Teaching) -> tuple[TriedRecipe, ...]:
    """Measure the recipes on the rows left out of their fits."""
    measured, share = rows.left_out, teaching.list_share
    mean = np.full(len(measured.label), rows.fit_part.label.mean())
    worst = deviance(measured.label, mean)
    scores = [recipe.score(measured.values, threads=teaching.threads) for recipe in recipes]
    listed = [listed_risk(of_recipe, measured, share) for of_recipe in scores]
    most = max(listed, key=lambda of_recipe: float(of_recipe.sum()))
    return tuple(
        TriedRecipe(
            name=recipe.name,
            title=TITLES[recipe.name],
            rounds=recipe.rounds,
            deviance_explained=1.0 - deviance(measured.label, 1.0 / (1.0 + np.exp(-of_recipe))) / worst,
            captured=float(risk.sum() / measured.label.sum()),
            standard_error=error_of_sum(most - risk, measured.person) / float(measured.label.sum()),
        )
        for recipe, of_recipe, risk in zip(recipes, scores, listed, strict=True)
    )


def deviance(label: Floats, probability: Floats) -> float:
    """Return the mean cross-entropy above the least possible (the labels' own entropy); labels are probabilities."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    least = np.clip(label, 1e-12, 1 - 1e-12)
    return float(np.mean(label * np.log(least / p) + (1 - label) * np.log((1 - least) / (1 - p))))


def listed_risk(scores: Floats, rows: SoftRows, list_share: float) -> Floats:
    """Return how much risk of each row is within lists (n): its risk times the share of lengths whose lists hold it.

    Each cycle is a list, cut at k/4 to 4k, k a share of the list's rows. Equal scores are listed in the order of the
    rows.

    >>> risk, cycle, none = np.array([0.4, 0.1, 0.3, 0.2]), np.array([0, 0, 1, 1]), np.zeros(4, np.int64)
    >>> rows = SoftRows(np.zeros((4, 1), np.float32), risk, cycle, none, 0)
    >>> listed_risk(np.array([1.0, 2.0, 3.0, 4.0]), rows, 0.5).round(3).tolist()  # k = 1: lengths 1, 2 and 4
    [0.267, 0.1, 0.2, 0.2]
    """
    out = np.zeros(len(rows.label))
    for number in np.unique(rows.cycle):
        of_list = np.flatnonzero(rows.cycle == number)
        order = of_list[np.argsort(-scores[of_list], kind="stable")]
        ladder = ListLength(ListLength.of_share(list_share, len(of_list), 1).places).ladder
        place = np.arange(len(order))
        out[order] = rows.label[order] * np.mean([place < places for places in ladder], axis=0)
    return out


def error_of_sum(values: Floats, person: Ints) -> float:
    """Return the standard error of the sum of ``values`` (n) over draws of persons, whose rows come together.

    >>> error_of_sum(np.array([1.0, 1.0, 4.0, 0.0]), np.array([7, 7, 8, 9]))  # sums of 2, 4 and 0: sd 2, times root 3
    3.4641016151377544
    """
    sums = np.bincount(np.unique(person, return_inverse=True)[1], values)
    return float(np.sqrt(len(sums)) * sums.std(ddof=1)) if len(sums) > 1 else 0.0
