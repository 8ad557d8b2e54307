"""What the crimes of a subject against people outside say about the severity of that subject's first relationship."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.simulation import parameters

F64 = NDArray[np.float64]

_CANDIDATES = 16
"""Draws of the population for each one returned: enough that few are returned twice, however many the crimes."""


def severities(rng: np.random.Generator, n: int, crimes: int, days: float) -> F64:
    """Return ``n`` draws of the severity, given the ``crimes`` on record in ``days`` of the records.

    Severity and propensity are drawn as ``population`` draws them, weighted by the Poisson chance of so many crimes,
    and resampled. Stays in custody are not taken off the days.
    """
    p = parameters.values("population")
    correlation, spread = float(p["outside_severity"]), float(p["severity_spread"])
    z = rng.standard_normal((2, _CANDIDATES * n))
    propensity = z[0] * correlation + z[1] * np.sqrt(1.0 - correlation * correlation)
    expected = float(p["outside_rate"]) * days * np.exp(propensity * float(p["outside_spread"]))
    expected = np.where(propensity < float(p["outside_least"]), 0.0, expected)
    with np.errstate(divide="ignore"):
        logs = -expected + (crimes * np.log(expected) if crimes else 0.0)
    weights = np.exp(logs - logs.max())
    return np.exp(rng.choice(z[0], n, p=weights / weights.sum()) * spread - spread * spread / 2)
