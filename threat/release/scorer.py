"""From a matrix of features to a score, its parts and a probability. The one place that both training and serving use.

Works on a ``lightgbm.Booster`` handed in; reads no file and unpickles nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.errors import IntegrityFailure
from threat.release.documents.model import Calibrator

TOLERANCE = 1e-6
"""Largest allowed gap between a raw score and the sum of its contributions, relative to 1 + |score|."""


def raw_score(booster: Any, values: NDArray[np.float32], *, threads: int = 1) -> NDArray[np.float64]:
    """The sum of the leaves (log odds), float64[n], of ``values`` (n, d); NaN = missing. Rankings use this number."""
    return np.asarray(booster.predict(values, raw_score=True, num_threads=threads), dtype=np.float64).reshape(
        len(values)
    )


def unchecked_contributions(
    booster: Any, values: NDArray[np.float32], *, threads: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return tree contributions, float64 (n, d + 1), and how far each row is from its raw score, float64[n].

    Columns as in ``contributions``. The distance is ``|sum - score| / (1 + |score|)``: absolute for small scores,
    relative for large ones.
    """
    parts = np.asarray(booster.predict(values, pred_contrib=True, num_threads=threads), dtype=np.float64)
    parts = parts.reshape(len(values), -1)
    raw = raw_score(booster, values, threads=threads)
    return parts, np.abs(parts.sum(axis=1) - raw) / (1 + np.abs(raw))


def contributions(booster: Any, values: NDArray[np.float32], *, threads: int = 1) -> NDArray[np.float64]:
    """Exact tree contributions, float64 (n, d + 1): one column per feature, the last the expected score.

    LightGBM's own path-dependent TreeSHAP (Lundberg et al. 2020, "From local explanations to global understanding with
    explainable AI for trees"). Each row sums to the raw score; raises IntegrityFailure where one does not.
    """
    parts, gap = unchecked_contributions(booster, values, threads=threads)
    if len(gap) and not gap.max() <= TOLERANCE:
        raise IntegrityFailure(
            "The contributions of a score do not sum to the score.",
            value=f"row {int(gap.argmax())} differs by {gap.max():.3g}",
            way_out="do not show this explanation; the model file or the library is at fault",
        )
    return parts


def probability(calibrator: Calibrator, raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the calibrated probability, float64[n], of raw scores; it never falls as the score rises."""
    raw = np.asarray(raw, dtype=np.float64)
    if calibrator.slope is not None and calibrator.intercept is not None:
        line = calibrator.intercept + calibrator.slope * raw
        # Beyond 700 the exponential overflows; the probability is 0 or 1 to the last bit long before.
        return 1.0 / (1.0 + np.exp(-np.clip(line, -700, 700)))
    return np.interp(raw, np.asarray(calibrator.x, dtype=np.float64), np.asarray(calibrator.y, dtype=np.float64))
