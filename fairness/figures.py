"""Figures (``docs/architecture.md``) from bootstrap counts: each with the interval its size and dependence allow."""

from __future__ import annotations

from typing import Any

import numpy as np

from fairness.policy import Policy
from fairness.resample import QUANTITIES, Floats, Population
from fairness.verdicts import NOT_ENOUGH, of_interval
from threat.measuring.intervals import effective_n, jeffreys, wilson

AT = {name: index for index, name in enumerate(QUANTITIES)}
"""Where each quantity stands on the last axis of the counts."""

_BOOTSTRAP = "cluster bootstrap over people, percentile 95%"
_ENOUGH_TO_RESAMPLE = 10


def rate(
    name: str, title: str, counts: Floats, above: str, below: str, people: int, independent: bool, code: str
) -> dict[str, Any]:
    """A Figure for a rate by group, with the interval its size and its dependence allow.

    ``independent``: every row stands for itself (no capacity to compete for, no person with two rows), so Wilson holds;
    otherwise the cluster bootstrap. Either way Jeffreys where there is too little to resample.
    """
    top, bottom = counts[:, AT[above]], counts[:, AT[below]]
    n, x = float(bottom[0]), float(top[0])
    figure: dict[str, Any] = {
        "name": name,
        "title": title,
        "value": None,
        "n": round(n),
        "events": round(x),
        "interval": None,
        "method": "none",
        "slice": {"group": code},
    }
    if n <= 0:
        return figure | {"reason": "nothing to measure it on"}
    value = min(1.0, x / n)
    replicates = divide(top[1:], bottom[1:])
    variance = variance_of(replicates)
    spread = min(x, n - x)
    enough = spread >= _ENOUGH_TO_RESAMPLE and people >= _ENOUGH_TO_RESAMPLE and np.isfinite(variance)
    if enough and independent:
        (low, high), method = wilson(x, n), "Wilson 95%"
    elif enough:
        (low, high), method = np.nanpercentile(replicates, [2.5, 97.5]), _BOOTSTRAP
    else:
        clusters = people if below == "events" else round(n)
        worth = n if independent else effective_n(value, n, variance, clusters)
        (low, high), method = jeffreys(value * worth, worth), "Jeffreys 95%"
        if worth < n - 1e-9:
            method += f", worth {worth:.0f} independent"
    return figure | {"value": value, "interval": [float(low), float(high)], "method": method}


def observed_over_expected(
    counts: Floats, people: int, population: Population, policy: Policy, code: str
) -> dict[str, Any]:
    """Observed over expected outcomes, a guard: are the probabilities right for this group?"""
    top, bottom = counts[:, AT["positives"]], counts[:, AT["expected"]]
    observed, expected = float(top[0]), float(bottom[0])
    figure: dict[str, Any] = {
        "name": "observed_over_expected",
        "title": "Outcomes observed for each one expected from the probabilities",
        "value": None,
        "n": round(float(counts[0, AT["n"]])),
        "events": round(observed),
        "interval": None,
        "method": "none",
        "slice": {"group": code},
        "verdict": NOT_ENOUGH,
    }
    if np.isnan(population.probability).all():
        return figure | {"reason": "the ranking gives no probabilities"}
    if expected <= 0:
        return figure | {"reason": "no expected outcomes"}
    if min(observed, people) >= _ENOUGH_TO_RESAMPLE:
        low, high = np.nanpercentile(divide(top[1:], bottom[1:]), [2.5, 97.5])
        method = _BOOTSTRAP
    else:
        from scipy.stats import gamma

        worth = min(observed, float(people))  # one person's outcome on several lists is one event
        scale = observed / worth / expected if worth else 1 / expected
        low = 0.0 if observed == 0 else float(gamma.ppf(0.025, worth + 0.5)) * scale
        high = float(gamma.ppf(0.975, worth + 0.5)) * scale
        method = "Jeffreys 95% for a count"
    return figure | {
        "value": observed / expected,
        "interval": [float(low), float(high)],
        "method": method,
        "verdict": of_interval(float(low), float(high), policy.calibration),
    }


def divide(above: Floats, below: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


def variance_of(replicates: Floats) -> float:
    defined = replicates[np.isfinite(replicates)]
    return float(np.var(defined)) if len(defined) > 1 else float("nan")
