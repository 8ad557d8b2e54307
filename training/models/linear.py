"""Elastic-net logistic regression on the same features: the baseline a tree ensemble has to beat."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from threat.release.documents.choices import PenaltyChoice, TriedPenalty
from threat.release.documents.model import ElasticNet
from training.cohorts.sample import Sample
from training.config import LinearSettings

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
_PASSES, _STEPS = 60, 400_000
"""Passes over the rows before a fit stops, and steps (a row each) it may always take: with few rows a pass does little.
The fits of the demonstration converge within them; whether a fit converged is written down with it."""
_FARTHEST = 8.0
"""Standard deviations a column is clipped at: one extreme count must not decide a score that serving shows."""
_CURVATURE = 0.05
"""Base rate up to which saga's steps may be longer than for weights of 1 (see ``path``)."""


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
        bent = _bent(values)
        present = np.isfinite(bent)
        seen = np.maximum((present * weight[:, None]).sum(axis=0), 1e-12)
        filled = np.where(present, bent, 0.0)
        centre = (filled * weight[:, None]).sum(axis=0) / seen
        spread = np.where(present, bent - centre, 0.0)
        scale = np.sqrt((spread**2 * weight[:, None]).sum(axis=0) / seen)
        keep = np.flatnonzero(scale > 1e-6)
        share = present.mean(axis=0)
        indicated = np.flatnonzero((share < 1) & (share > 0))
        return cls(keep, centre[keep], scale[keep], indicated)

    def columns(self, values: Matrix) -> Floats:
        """Return the scaled columns of ``values``, clipped to eight standard deviations: (n, kept + indicated)."""
        scaled = (_bent(values[:, self.keep]) - self.centre) / self.scale
        scaled = np.clip(np.nan_to_num(scaled, nan=0.0), -_FARTHEST, _FARTHEST)
        return np.hstack([scaled, np.isnan(values[:, self.indicated]).astype(np.float64)])


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
        return np.asarray(self.scaling.columns(values) @ self.coefficients + self.intercept, np.float64)

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


def path(sample: Sample, settings: LinearSettings, *, seed: int) -> list[Linear]:
    """Fit once for each penalty of the settings, strongest first, each fit starting from the fit before.

    Friedman, Hastie and Tibshirani 2010, "Regularization paths for generalized linear models via coordinate descent".
    A penalty is a share of the least penalty that leaves every coefficient at 0. On the mean log loss that least
    penalty falls with the base rate, so a fixed number that suits a common outcome empties the model of a rare outcome.
    """
    scaling = Scaling.of(sample.values, sample.weight)
    columns = scaling.columns(sample.values)
    total = float(sample.weight.sum())
    rate = float(sample.weight @ sample.label) / total
    slopes = np.abs(columns.T @ (sample.weight * (sample.label - rate))) / total
    # saga's steps are sure for weights up to 1. They may be longer, and then arrive sooner, where the curvature, rate *
    # (1 - rate), is small; beyond this they ran away on rows sampled one to one.
    steps = sample.weight * min(1.0, max(1.0, _CURVATURE / rate) / float(sample.weight.max()))
    emptying = max(float(slopes.max()) / max(settings.l1_ratio, 1e-3), 1e-12)
    passes = max(_PASSES, _STEPS // len(columns))
    model = LogisticRegression(
        l1_ratio=settings.l1_ratio,
        solver="saga",
        max_iter=passes,
        tol=1e-3,
        random_state=seed,
        warm_start=True,
    )
    # From 0 the intercept of a rare outcome takes more passes to arrive than there are.
    model.coef_, model.intercept_ = np.zeros((1, columns.shape[1])), np.array([np.log(rate / (1 - rate))])
    out = []
    for penalty in sorted(settings.penalties, reverse=True):
        model.C = 1.0 / (penalty * emptying * float(steps.sum()))
        with warnings.catch_warnings():
            # The figure that matters is measured on later rows; whether it converged is written down with the fit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(columns, sample.label, sample_weight=steps)
        converged = bool(model.n_iter_[0] < passes)
        out.append(Linear(scaling, model.coef_[0].copy(), float(model.intercept_[0]), penalty, converged))
    return out


def fit(sample: Sample, penalty: float, settings: LinearSettings, *, seed: int) -> Linear:
    """Fit with ``penalty``, by the same path as when the penalty was chosen."""
    down_to = settings.model_copy(update={"penalties": [share for share in settings.penalties if share >= penalty]})
    return path(sample, down_to, seed=seed)[-1]


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


def choose(folds: Sequence[tuple[Sample, Sample]], settings: LinearSettings, *, seed: int) -> LinearChoice:
    """Try every penalty on the (fit, measure) pairs; keep the penalty with the least pooled log loss."""
    paths = [path(sample, settings, seed=seed) for sample, _ in folds]
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
