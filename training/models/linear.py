"""Elastic-net logistic regression on the same features: the baseline a tree ensemble has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from threat.release.documents.choices import PenaltyChoice, TriedPenalty
from threat.release.documents.model import ElasticNet
from training.cohorts.sample import Sample
from training.config import LinearSettings
from training.models.elastic_net import Rows, emptying_penalty, solve

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
_FARTHEST = 8.0
"""Standard deviations a column is clipped at: one extreme count must not decide a score that serving shows."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Columns made from features: signed log(1 + |x|), centred and scaled on the fit rows, 0 where missing.

    Each feature that is sometimes missing gets an indicator too. Features that never vary are left out.
    """

    keep: NDArray[np.int64]
    centre: Floats
    scale: Floats
    indicated: NDArray[np.int64]

    @classmethod
    def of(cls, values: Matrix, weight: Floats) -> Scaling:
        """Learn the scaling from the fit rows (n, d), weighted."""
        centre, scale, share = np.zeros((3, values.shape[1]))
        for place in range(values.shape[1]):
            bent = _bent(values[:, place])
            present = np.isfinite(bent)
            share[place] = present.mean()
            if present.any():
                seen = weight[present] / weight[present].sum()
                centre[place] = seen @ bent[present]
                scale[place] = np.sqrt(seen @ (bent[present] - centre[place]) ** 2)
        keep = np.flatnonzero(scale > 1e-6)
        indicated = np.flatnonzero((share < 1) & (share > 0))
        return cls(keep, centre[keep], scale[keep], indicated)

    def __len__(self) -> int:
        return len(self.keep) + len(self.indicated)

    def columns(self, values: Matrix) -> Matrix:
        """Return the scaled columns of ``values``, clipped to eight standard deviations: (n, kept + indicated)."""
        out = np.empty((len(values), len(self)), np.float32, order="F")
        for place in range(len(self)):
            out[:, place] = self.column(values, place)
        return out

    def column(self, values: Matrix, place: int) -> Floats:
        """Return one of the scaled columns, float64[n]: a whole matrix of them is several times ``values``."""
        if place >= len(self.keep):
            return np.isnan(values[:, self.indicated[place - len(self.keep)]]).astype(np.float64)
        scaled = (_bent(values[:, self.keep[place]]) - self.centre[place]) / self.scale[place]
        return np.clip(np.nan_to_num(scaled, nan=0.0), -_FARTHEST, _FARTHEST)


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted regression: ``score`` gives log odds."""

    scaling: Scaling
    coefficients: Floats
    intercept: float
    penalty: float
    converged: bool

    def score(self, values: Matrix) -> Floats:
        """Log odds, float64[n]."""
        total = np.full(len(values), self.intercept)
        for place in np.flatnonzero(self.coefficients):
            total += self.coefficients[place] * self.scaling.column(values, int(place))
        return total

    def document(self, names: Sequence[str]) -> ElasticNet:
        """Every non-zero coefficient by feature name, per standard deviation; indicators end in ``is missing``."""
        labels = [names[i] for i in self.scaling.keep] + [f"{names[i]} is missing" for i in self.scaling.indicated]
        pairs = sorted(zip(labels, self.coefficients.tolist(), strict=True), key=lambda pair: -abs(pair[1]))
        return ElasticNet(
            penalty=self.penalty,
            converged=self.converged,
            intercept=self.intercept,
            coefficients={label: value for label, value in pairs if value != 0.0},
        )


def path(sample: Sample, settings: LinearSettings) -> list[Linear]:
    """Fit once for each penalty of the settings, strongest first, each fit starting from the fit before.

    Friedman, Hastie and Tibshirani 2010, "Regularization paths for generalized linear models via coordinate descent".
    A penalty is a share of the least penalty that leaves every coefficient at 0. On the mean log loss that least
    penalty falls with the base rate, so a fixed number that suits a common outcome empties the model of a rare outcome.
    """
    scaling = Scaling.of(sample.values, sample.weight)
    rows = Rows(
        scaling.columns(sample.values), sample.label.astype(np.float64), sample.weight / float(sample.weight.sum())
    )
    emptying = emptying_penalty(rows, settings.l1_ratio)
    shares = sorted(settings.penalties, reverse=True)
    # On one thread, for the reason that the base is (``training.models.base.fit_base``).
    with threadpool_limits(1, user_api="blas"):
        solutions = solve(rows, [share * emptying for share in shares], settings.l1_ratio)
    return [
        Linear(scaling, solution.coefficients, solution.intercept, share, solution.converged)
        for share, solution in zip(shares, solutions, strict=True)
    ]


def fit(sample: Sample, penalty: float, settings: LinearSettings) -> Linear:
    """Fit with ``penalty``, by the same path as when the penalty was chosen."""
    down_to = settings.model_copy(update={"penalties": [share for share in settings.penalties if share >= penalty]})
    return path(sample, down_to)[-1]


@dataclass(frozen=True, slots=True)
class LinearChoice:
    """The penalty with the least pooled log loss on validation, and the out-of-fold scores it gave."""

    penalty: float
    tried: list[TriedPenalty]
    scores: list[Floats]

    @property
    def document(self) -> PenaltyChoice:
        """The choice as ``choices.json`` has it."""
        penalties, warnings = [tried.penalty for tried in self.tried], []
        if self.penalty in {min(penalties), max(penalties)} and min(penalties) < max(penalties):
            end = "weakest" if self.penalty == min(penalties) else "strongest"
            warnings.append(f"Elastic net: the penalty, {self.penalty:g} of the greatest, is the {end} that was tried.")
        return PenaltyChoice(chosen=self.penalty, tried=tuple(self.tried), warnings=tuple(warnings))


def choose(folds: Sequence[tuple[Sample, Sample]], settings: LinearSettings) -> LinearChoice:
    """Try every penalty on the (fit, measure) pairs; keep the penalty with the least pooled log loss."""
    paths = [path(sample, settings) for sample, _ in folds]
    tried: list[TriedPenalty] = []
    best: tuple[float, float, list[Floats]] | None = None
    for fits in zip(*paths, strict=True):
        penalty = fits[0].penalty
        scores = [fitted.score(measured.values) for fitted, (_, measured) in zip(fits, folds, strict=True)]
        losses = [
            float(np.sum(measured.weight * log_loss(measured.label, score)))
            for score, (_, measured) in zip(scores, folds, strict=True)
        ]
        weights = [float(measured.weight.sum()) for _, measured in folds]
        loss = sum(losses) / sum(weights)
        by_fold = tuple(loss_of_fold / weight for loss_of_fold, weight in zip(losses, weights, strict=True))
        tried.append(TriedPenalty(penalty=penalty, log_loss=loss, by_fold=by_fold))
        if best is None or loss < best[0]:
            best = (loss, penalty, scores)
    assert best is not None  # the schema asks for at least one penalty
    return LinearChoice(best[1], tried, best[2])


def log_loss(label: NDArray[np.uint8], score: Floats) -> Floats:
    """Log loss (n) of log odds ``score``: log(1 + exp(-score)) for an outcome, log(1 + exp(score)) without.

    >>> log_loss(np.array([1, 0], np.uint8), np.array([0.0, 0.0])).round(3).tolist()  # log 2: even odds say nothing
    [0.693, 0.693]
    """
    return np.asarray(np.logaddexp(0.0, np.where(label > 0, -score, score)), np.float64)


def _bent(values: Matrix) -> Floats:
    wide = values.astype(np.float64)
    return np.asarray(np.sign(wide) * np.log1p(np.abs(wide)), np.float64)
