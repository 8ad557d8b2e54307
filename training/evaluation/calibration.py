"""Do the probabilities mean what they say: slope, observed over expected, and bins, each with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.evaluation.figures import Block, Draws, Floats, figure, ratio, totals
from training.models.calibrator import logistic_line

_QUANTILES = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1)
"""Edges of the bins: finer where the list is cut."""
_POINTS = 300


def calibration(block: Block, draws: Draws, probability: Floats) -> dict[str, Any]:
    """``{slope, intercept, observed_over_expected, bins}`` as Figures.

    Slope and intercept: logistic regression of the outcome on the log odds of the probability (Cox 1958); 1 and 0 are
    right, a slope below 1 is over-confident.
    """
    n, events = len(block), block.events_inside
    label = block.label.astype(np.float64)
    intercept, slope = recalibration_line(block, draws, probability)
    expected = totals(probability, draws.rows, draws)
    over = ratio(totals(label, draws.rows, draws), expected)
    return {
        "slope": figure("calibration_slope", "Calibration slope", slope, n=n, events=events),
        "intercept": figure(
            "calibration_intercept", "Calibration intercept at that slope", intercept, n=n, events=events
        ),
        "observed_over_expected": figure("observed_over_expected", "Observed over expected", over, n=n, events=events),
        "bins": _bins(block, draws, probability, label),
    }


def _bins(block: Block, draws: Draws, probability: Floats, label: Floats) -> list[dict[str, Any]]:
    if not len(block):
        return []
    edges = np.unique(np.quantile(probability, _QUANTILES))
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, max(len(edges) - 2, 0))
    out = []
    for number in np.unique(place):
        some = np.flatnonzero(place == number)
        index = draws.rows[some]
        rate = ratio(totals(label[some], index, draws), totals(np.ones(len(some)), index, draws))
        by = {
            "from": float(probability[some].min()),
            "to": float(probability[some].max()),
            "expected": float(probability[some].mean()),
        }
        events = int(label[some].sum())
        out.append(figure("observed_rate", "Rows with an outcome", rate, n=len(some), events=events, by=by))
    return out


def recalibration_line(block: Block, draws: Draws, probability: Floats) -> tuple[Floats, Floats]:
    """Intercept and slope of the outcome on the log odds of ``probability``, per replicate.

    Log odds are pooled to the means of quantile groups, so that a replicate costs the same for any n. NaN where all
    probabilities are equal.
    """
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    odds = np.log(p / (1 - p))
    if not len(odds) or np.ptp(odds) == 0:
        nothing = np.full(draws.counts.shape[1], np.nan)
        return nothing, nothing
    values, place = np.unique(odds, return_inverse=True)
    if len(values) > _POINTS:
        edges = np.unique(np.quantile(odds, np.linspace(0, 1, _POINTS + 1)[1:-1]))
        place = np.searchsorted(edges, odds)
        size = np.bincount(place, minlength=len(edges) + 1)
        values = np.bincount(place, weights=odds, minlength=len(edges) + 1) / np.maximum(size, 1)
    key = place * 2 + block.label
    order = np.argsort(key, kind="stable")
    starts = np.searchsorted(key[order], np.arange(2 * len(values) + 1))
    weight = np.zeros((2 * len(values), draws.counts.shape[1]))
    for columns in draws.chunks():
        total = np.cumsum(draws.weights(draws.rows[order], columns), axis=0)
        total = np.vstack([np.zeros((1, total.shape[1])), total])
        weight[:, columns] = total[starts[1:]] - total[starts[:-1]]
    return logistic_line(np.repeat(values, 2), np.tile([0.0, 1.0], len(values)), weight)
