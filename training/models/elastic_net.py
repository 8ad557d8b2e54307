"""The elastic net's own solver: proximal Newton along a path of penalties, with screening.

For each penalty the log loss of the columns that may enter is expanded to second order, coordinate descent minimises
the expansion plus the penalty, and a step is taken that lowers the whole (Lee, Sun and Saunders 2014, "Proximal
Newton-type methods for minimizing composite functions"). Then the conditions of Karush, Kuhn and Tucker are checked on
every column: what breaches a condition joins and the fit goes on, so leaving columns out costs no exactness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE = 1e-5
"""Largest breach of the conditions, as a share of the penalty that empties the model: coefficients are then right to
about four digits, a hundred times closer than another draw of the rows would leave them."""
_STEPS, _SWEEPS = 100, 1_000
"""Most steps for a penalty and sweeps of coordinate descent for a step: 3 to 8 steps of 5 to 60 sweeps were needed."""
_BLOCK = 4_096
"""Rows whose products are added up at a time: they stay in the processor's cache."""
_SCREENED_SHARE = 0.999
"""Share of the penalty above which a column joins the fit: the screening's sums are of single precision."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to fit to: ``columns`` (n, p), ``label`` (n; 0 or 1), ``weight`` (n; sums to 1)."""

    columns: NDArray[np.float32]
    label: Floats
    weight: Floats

    def slopes(self, residual: Floats) -> Floats:
        """Return the slope of the mean log loss along every column, float64[p], to single precision."""
        return np.asarray((residual.astype(np.float32) @ self.columns), np.float64)


@dataclass(frozen=True, slots=True)
class Solution:
    """Coefficients (p) and intercept at one penalty; ``converged``: the conditions hold on every column."""

    intercept: float
    coefficients: Floats
    converged: bool


def emptying_penalty(rows: Rows, l1_ratio: float) -> float:
    """Return the least penalty that leaves every coefficient at 0."""
    rate = float(rows.weight @ rows.label)
    slopes = np.abs(rows.slopes(rows.weight * (rate - rows.label)))
    return max(float(slopes.max(initial=0.0)) / max(l1_ratio, 1e-3), 1e-12)


def solve(rows: Rows, penalties: Sequence[float], l1_ratio: float) -> list[Solution]:
    """Minimise the mean log loss + penalty * (l1_ratio * sum|b| + (1 - l1_ratio) / 2 * sum b^2), intercept free.

    ``penalties``: falling; each solution starts from that of the penalty before.
    """
    rate = float(rows.weight @ rows.label)
    intercept, coefficients = float(np.log(rate / (1 - rate))), np.zeros(rows.columns.shape[1])
    emptying = emptying_penalty(rows, l1_ratio)
    slopes = rows.slopes(rows.weight * (rate - rows.label))
    out = []
    for penalty in penalties:
        # Only what breaches a condition joins. The strong rule (Tibshirani et al. 2012) would join every column at once
        # where a penalty is less than half of the penalty before.
        working = (np.abs(slopes) > penalty * l1_ratio * _SCREENED_SHARE) | (coefficients != 0)
        converged = False
        while not converged:
            fit = _Fit(rows, np.flatnonzero(working), penalty * l1_ratio, penalty * (1 - l1_ratio))
            intercept, coefficients, done = fit.minimise(intercept, coefficients, TOLERANCE * emptying)
            slopes = rows.slopes(fit.residual(intercept, coefficients))
            missed = ~working & (np.abs(slopes) > penalty * l1_ratio * _SCREENED_SHARE)
            converged = not missed.any()
            working |= missed
        out.append(Solution(intercept, coefficients.copy(), done))
    return out


@dataclass(frozen=True, slots=True)
class _Quadratic:
    """The expansion around a point: ``gram`` (q, q) and ``slope`` (q), the intercept first."""

    gram: Floats
    slope: Floats


class _Fit:
    """One penalty on the columns ``working``; ``l1`` and ``l2`` are its two parts."""

    def __init__(self, rows: Rows, working: Ints, l1: float, l2: float) -> None:
        self._rows, self._working, self._l1, self._l2 = rows, working, l1, l2
        # Double precision where the solution is decided; the columns that may enter are few.
        self._columns = np.ones((len(rows.label), 1 + len(working)), order="F")
        for place, column in enumerate(working, start=1):
            self._columns[:, place] = rows.columns[:, column]

    def residual(self, intercept: float, coefficients: Floats) -> Floats:
        """Return weight times (probability minus label), float64[n]."""
        point = np.concatenate([[intercept], coefficients[self._working]])
        return self._rows.weight * (_probability(self._columns @ point) - self._rows.label)

    def minimise(self, intercept: float, coefficients: Floats, tolerance: float) -> tuple[float, Floats, bool]:
        """Return intercept, coefficients (p) and whether no condition is breached by more than ``tolerance``."""
        point = np.concatenate([[intercept], coefficients[self._working]])
        odds = self._columns @ point
        converged = False
        for _ in range(_STEPS):
            probability = _probability(odds)
            slope = self._columns.T @ (self._rows.weight * (probability - self._rows.label))
            slope[1:] += self._l2 * point[1:]
            breach = _breach(point, slope, self._l1)
            converged = breach <= tolerance
            if converged:
                break
            curvature = self._rows.weight * probability * (1 - probability)
            gram = self._gram(np.sqrt(curvature))
            gram[np.arange(1, len(point)), np.arange(1, len(point))] += self._l2
            # Far from the solution the expansion is rough, and so may its minimum be.
            closeness = max(breach / 20, tolerance / 10)
            target = _descend(_Quadratic(gram, slope), point, self._l1, closeness)
            step = target - point
            along = self._columns @ step
            length = self._length(point, step, odds, along, slope)
            point, odds = point + length * step, odds + length * along
        whole = np.zeros(len(coefficients))
        whole[self._working] = point[1:]
        return float(point[0]), whole, converged

    def _gram(self, scale: Floats) -> Floats:
        """Return the sums of products of the columns, each row times ``scale``, float64 (q, q).

        Products are of single precision, which is enough: the slope alone decides where the solution is.
        """
        gram = np.zeros((self._columns.shape[1], self._columns.shape[1]))
        for start in range(0, len(scale), _BLOCK):
            rows = slice(start, start + _BLOCK)
            scaled = (self._columns[rows] * scale[rows, None]).astype(np.float32)
            gram += scaled.T @ scaled
        return gram

    def _length(self, point: Floats, step: Floats, odds: Floats, along: Floats, slope: Floats) -> float:
        """Return the length of a step, halved until the objective falls by a share of what the slope promises."""
        before = self._objective(point, odds)
        promised = slope @ step + self._l1 * (np.abs(point + step)[1:].sum() - np.abs(point[1:]).sum())
        length = 1.0
        while length > 1e-6 and self._objective(point + length * step, odds + length * along) > (
            before + 1e-4 * length * promised
        ):
            length /= 2
        return length

    def _objective(self, point: Floats, odds: Floats) -> float:
        loss = np.logaddexp(0.0, odds) - self._rows.label * odds
        penalty = self._l1 * np.abs(point[1:]).sum() + self._l2 / 2 * (point[1:] ** 2).sum()
        return float(self._rows.weight @ loss + penalty)


def _descend(quadratic: _Quadratic, start: Floats, l1: float, tolerance: float) -> Floats:
    """Minimise the expansion plus ``l1`` times the sum of absolute values by coordinate descent; intercept free."""
    point, slope, gram = start.copy(), quadratic.slope.copy(), quadratic.gram
    curvature = np.maximum(np.diag(gram), 1e-300)
    every = np.arange(len(point))
    for _ in range(_SWEEPS):
        _sweep(every, point, slope, gram, curvature, l1)
        if _breach(point, slope, l1) <= tolerance:
            break
        # Most columns stay at 0: those that do not are settled before all are looked at again.
        moving = np.flatnonzero(point != 0)
        for _ in range(_SWEEPS):
            _sweep(moving, point, slope, gram, curvature, l1)
            if _breach(point[moving], slope[moving], l1, intercept=bool(moving.size) and moving[0] == 0) <= tolerance:
                break
    return point


def _sweep(places: Ints, point: Floats, slope: Floats, gram: Floats, curvature: Floats, l1: float) -> None:
    """Minimise along each of the ``places`` in turn; ``point`` and ``slope`` are changed."""
    for place in places:
        aim = point[place] - slope[place] / curvature[place]
        cut = 0.0 if place == 0 else l1 / curvature[place]
        new = np.sign(aim) * max(abs(aim) - cut, 0.0)
        change = new - point[place]
        if change:
            point[place] = new
            slope += gram[:, place] * change


def _breach(point: Floats, slope: Floats, l1: float, *, intercept: bool = True) -> float:
    """Return the largest breach of the conditions: how far the least subgradient is from 0. First: the intercept."""
    at_zero = np.maximum(np.abs(slope) - l1, 0.0)
    away = np.abs(slope + l1 * np.sign(point))
    breach = np.where(point == 0, at_zero, away)
    if intercept and len(breach):
        breach[0] = abs(slope[0])
    return float(breach.max(initial=0.0))


def _probability(odds: Floats) -> Floats:
    # Beyond 700 the exponential overflows; the probability is 0 or 1 to the last bit long before.
    return 1.0 / (1.0 + np.exp(-np.clip(odds, -700, 700)))
