"""From a raw score to a probability, learnt on pooled out-of-fold scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from threat.release.documents.model import Calibrator

Floats = NDArray[np.float64]
_NEWTON_STEPS = 40
"""Most steps of Newton's method: five were enough for 2 to 1,426 outcomes; a separated class never converges."""
_RUNAWAY = 1e3
"""Slope beyond which a class is taken for separated: no maximum exists, the iteration only ran out of steps."""
ENOUGH_FOR_ISOTONIC = 500
"""Outcomes below which a two-parameter line is steadier than a staircase (Niculescu-Mizil and Caruana 2005 found
isotonic calibration to overfit small samples)."""


def calibrator(scores: Floats, label: NDArray[np.uint8], weight: Floats | None = None) -> Calibrator:
    """Fit the table of ``model/calibrator.json`` (see ``threat.release.scorer.probability``) from n scores and labels.

    ``weight``: inverse sampling shares, where rows without an outcome were sampled; None: all ones.

    With fewer than ENOUGH_FOR_ISOTONIC outcomes a logistic line; if that line would fall (the ranking was worthless on
    validation), a flat one at the base rate.
    """
    n, events = len(label), int(label.sum())
    weight = np.ones(n) if weight is None else weight
    fitted_on = "pooled out-of-fold scores"
    if events >= ENOUGH_FOR_ISOTONIC:
        model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, label, weight)
        x, first = np.unique(model.X_thresholds_, return_index=True)
        y = np.maximum.accumulate(model.y_thresholds_[first])
        return Calibrator(
            method="isotonic", fitted_on=fitted_on, n=n, events=events, x=tuple(x.tolist()), y=tuple(y.tolist())
        )
    intercept, slope = logistic_line(scores, label.astype(np.float64), weight[:, None])
    level, steepness = float(intercept[0]), float(slope[0])
    if not steepness > 0:
        # Half an outcome more (Jeffreys), so that no outcome at all does not give a probability of 0.
        rate = (float(weight @ label) + 0.5) / (float(weight.sum()) + 1)
        level, steepness = float(np.log(rate / (1 - rate))), 0.0
    return Calibrator(method="platt", fitted_on=fitted_on, n=n, events=events, slope=steepness, intercept=level)


def logistic_line(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Intercept and slope of the logistic regression of ``y`` on ``x`` for each column of ``weight`` (n, b).

    Newton's method with a trace of ridge; NaN where a column holds one class only or the iteration runs away.
    """
    columns = weight.shape[1]
    total, positive = weight.sum(axis=0), (weight * y[:, None]).sum(axis=0)
    usable = (positive > 0) & (positive < total)
    with np.errstate(invalid="ignore", divide="ignore"):
        intercept = np.where(usable, np.log(positive / (total - positive)), 0.0)
    slope = np.zeros(columns)
    for _ in range(_NEWTON_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(intercept + np.outer(x, slope), -500, 500)))
        gap, curve = weight * (y[:, None] - p), weight * p * (1 - p)
        g0, g1 = gap.sum(axis=0), x @ gap
        h00, h01, h11 = curve.sum(axis=0) + 1e-9, x @ curve, (x**2) @ curve + 1e-9
        det = np.where(usable, h00 * h11 - h01**2, 1.0)
        step0, step1 = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        # A step longer than 4 overshoots where the curve is flat; halting it there keeps far columns from diverging.
        limit = np.maximum(1.0, np.maximum(np.abs(step0), np.abs(step1)) / 4.0)
        intercept, slope = intercept + step0 / limit, slope + step1 / limit
        if np.max(np.abs(np.where(usable, step1, 0.0)), initial=0.0) < 1e-9:
            break
    sound = usable & np.isfinite(slope) & (np.abs(slope) < _RUNAWAY)
    return np.where(sound, intercept, np.nan), np.where(sound, slope, np.nan)
