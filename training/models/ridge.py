"""Ridge logistic regression with an offset and bound signs: what the base of the model is fitted by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEWTON_STEPS = 50
"""Newton steps at most: 4 to 9 were enough for 1 to 2,000 outcomes; without an outcome the intercept runs on."""
_ENOUGH = 1e-10
"""A step that promises less than this share of the loss ends the fit: the written digits no longer change."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A penalised logistic regression with an offset, and signs that coefficients are bound to.

    ``columns`` (n, c); ``signs``: +1 a coefficient of at least 0, -1 of at most 0, 0 of either sign (c).
    ``centre`` (c): the coefficients that the penalty pulls towards; the signs bind the whole coefficient, not what it
    differs by.
    """

    columns: Floats
    label: Floats
    weight: Floats
    offset: Floats
    signs: NDArray[np.int8]
    centre: Floats

    def part(self, keep: NDArray[np.bool_] | Ints) -> Problem:
        """The rows of ``keep``."""
        return replace(
            self,
            columns=self.columns[keep],
            label=self.label[keep],
            weight=self.weight[keep],
            offset=self.offset[keep],
        )

    @property
    def events(self) -> float:
        """The weight of the rows with an outcome."""
        return float(self.weight @ self.label)

    def log_odds(self, solution: Floats) -> Floats:
        """The log odds of each row, float64[n], for an intercept and coefficients (1 + c)."""
        return self.offset + solution[0] + self.columns @ solution[1:]

    def losses(self, solution: Floats) -> Floats:
        """The weighted log loss of each row, float64[n]."""
        odds = self.log_odds(solution)
        return self.weight * (np.logaddexp(0.0, odds) - self.label * odds)

    def objective(self, solution: Floats, penalty: float) -> float:
        """The sum of weighted log losses, plus half the penalty times the squared distances from the centre."""
        away = solution[1:] - self.centre
        return float(self.losses(solution).sum() + penalty / 2 * (away @ away))

    def slopes(self, solution: Floats, penalty: float) -> tuple[Floats, Floats]:
        """The gradient (1 + c) of the objective, and the weight that each row has in its curvature, float64[n]."""
        chance = 1.0 / (1.0 + np.exp(-np.clip(self.log_odds(solution), -500, 500)))
        gap = self.weight * (chance - self.label)
        return np.concatenate([[gap.sum()], gap @ self.columns + penalty * (solution[1:] - self.centre)]), (
            self.weight * chance * (1 - chance)
        )


def minimise(problem: Problem, penalty: float, start: Floats | None = None) -> Floats:
    """Return the intercept and coefficients (1 + c) of the least objective within the signs.

    Newton's method; each step is the least of the quadratic approximation within the signs, by L-BFGS-B (Byrd, Lu,
    Nocedal and Zhu 1995). L-BFGS-B on the rows alone took as long, and stopped up to 4e-6 from the optimum: the written
    digits would have depended on the processor.
    """
    c = problem.columns.shape[1]
    solution = _start(problem) if start is None else start
    lower = np.concatenate([[-np.inf], np.where(problem.signs > 0, 0.0, -np.inf)])
    upper = np.concatenate([[np.inf], np.where(problem.signs < 0, 0.0, np.inf)])
    value = problem.objective(solution, penalty)
    for _ in range(_NEWTON_STEPS):
        gradient, curvature = problem.slopes(solution, penalty)
        hessian = np.empty((1 + c, 1 + c))
        weighted = problem.columns * curvature[:, None]
        hessian[0, 0], hessian[0, 1:] = curvature.sum() + 1e-12, weighted.sum(axis=0)
        hessian[1:, 0], hessian[1:, 1:] = hessian[0, 1:], problem.columns.T @ weighted
        hessian[1:, 1:] += penalty * np.eye(c)
        step = _bounded_step(gradient, hessian, lower - solution, upper - solution)
        promised = -float(gradient @ step)
        if promised <= _ENOUGH * max(value, 1.0):
            break
        length = 1.0
        # Armijo's rule: a step that gains less than a part of what its slope promises is too long.
        while (again := problem.objective(solution + length * step, penalty)) > value - 1e-4 * length * promised:
            length /= 2
            if length < 1e-6:
                return solution
        solution, value = solution + length * step, again
    return solution


def _start(problem: Problem) -> Floats:
    """The intercept of the base rate, and coefficients of 0."""
    rate = (problem.events + 0.5) / (float(problem.weight.sum()) + 1)
    return np.concatenate([[np.log(rate / (1 - rate))], np.zeros(problem.columns.shape[1])])


def _bounded_step(gradient: Floats, hessian: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the step of the least quadratic approximation between ``lower`` and ``upper``."""
    # One unit of curvature for every coordinate; bounds at 0 stay bounds at 0.
    unit = 1 / np.sqrt(np.diag(hessian))
    scaled, slope = hessian * np.outer(unit, unit), gradient * unit

    def quadratic(step: Floats) -> tuple[float, Floats]:
        bent = scaled @ step
        return float(step @ bent / 2 + slope @ step), bent + slope

    least = minimize(
        quadratic,
        np.zeros(len(gradient)),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lower / unit, upper / unit, strict=True)),
        options={"maxiter": 1_000, "ftol": 1e-15, "gtol": 1e-10},
    )
    return np.asarray(least.x * unit, np.float64)
