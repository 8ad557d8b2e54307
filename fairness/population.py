"""What is audited: rows with a score, a label and a person, and the ways to divide them into groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fairness.resample import Ints, Population
from threat.errors import BadInput, UsageError, raise_all

MISSING = "not recorded"
"""The group of rows whose characteristic is not recorded."""


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One way to divide the rows. ``codes``: group of each row, None or NaN where not recorded; ``outside``: of each
    outside event. ``party``: whose characteristic it is. ``titles``: words for codes. ``note``: what a reader must know
    about where the codes come from.
    """

    name: str
    party: str
    codes: ArrayLike
    outside: ArrayLike = ()
    titles: Mapping[str, str] | None = None
    note: str = ""


def population_of(
    score: ArrayLike,
    label: ArrayLike,
    cluster: ArrayLike | None,
    cycle: ArrayLike | None,
    weight: ArrayLike | None,
    probability: ArrayLike | None,
    outside_cluster: ArrayLike,
    outside_weight: ArrayLike | None,
    capacity: float | None,
    threshold: float | None,
) -> Population:
    """Check the arguments of ``audit`` and number people and cycles. Raises UsageError and BadInput, as it says."""
    scores, labels = np.asarray(score, dtype=np.float64), np.asarray(label, dtype=np.float64)
    n = len(scores)
    problems: list[Any] = []
    if (capacity is None) == (threshold is None):
        problems.append(UsageError("Give a capacity or a threshold, not both.", way_out="--capacity K | --threshold T"))
    if capacity is not None and not capacity > 0:
        problems.append(UsageError("A capacity is a number above 0.", value=capacity))
    if threshold is not None and not np.isfinite(threshold):
        problems.append(UsageError("A threshold is a finite number.", value=threshold))
    raise_all(problems)
    weights = np.nan_to_num(labels) if weight is None else np.asarray(weight, dtype=np.float64)
    chances = np.full(n, np.nan) if probability is None else np.asarray(probability, dtype=np.float64)
    cycles = np.zeros(n, dtype=np.int64) if cycle is None else np.unique(np.asarray(cycle), return_inverse=True)[1]
    outsiders = np.asarray(outside_cluster, dtype=np.int64)
    outside = np.ones(len(outsiders)) if outside_weight is None else np.asarray(outside_weight, dtype=np.float64)
    people = np.full(n, -1, dtype=np.int64) if cluster is None else _whole(cluster)
    for name, column in {
        "label": labels,
        "weight": weights,
        "probability": chances,
        "cycle": cycles,
        "cluster": people,
    }.items():
        if len(column) != n:
            problems.append(BadInput(f"The column {name} is as long as the scores.", value=f"{len(column)} and {n}"))
    raise_all(problems)
    if len(outside) != len(outsiders):
        problems.append(BadInput("Outside events have one weight each.", value=f"{len(outside)} and {len(outsiders)}"))
    if not np.isin(labels[~np.isnan(labels)], (0.0, 1.0)).all():
        bad = labels[~np.isnan(labels) & (labels != 0) & (labels != 1)][0]
        problems.append(BadInput("A label is 0 or 1, or empty where not known.", value=bad))
    if not (
        np.isfinite(weights).all() and (weights >= 0).all() and np.isfinite(outside).all() and (outside >= 0).all()
    ):
        problems.append(BadInput("A weight is a finite number, 0 or more."))
    known = chances[~np.isnan(chances)]
    if not ((known >= 0) & (known <= 1)).all():
        problems.append(BadInput("A probability lies between 0 and 1.", value=known[(known < 0) | (known > 1)][0]))
    raise_all(problems)
    everyone = np.concatenate([people, outsiders])
    keys = np.where(everyone < 0, -1 - np.arange(len(everyone)), everyone)
    unique, index = np.unique(keys, return_inverse=True)
    alone = threshold is not None and len(unique) == len(everyone)
    return Population(
        scores, labels, weights, index[:n], cycles, chances, index[n:], outside, max(1, len(unique)), alone
    )


def _whole(cluster: ArrayLike) -> Ints:
    """Cluster ids as int64: numbers as they are, anything else by its distinct values; missing is -1."""
    series = pd.Series(np.asarray(cluster))
    if pd.api.types.is_integer_dtype(series):
        return series.to_numpy(dtype=np.int64)
    codes, _ = pd.factorize(series)
    return np.asarray(codes, dtype=np.int64)


def encode(item: Characteristic, population: Population) -> tuple[list[str], Ints, Ints]:
    """Sorted group codes (the missing one last), and the group number of each row and each outside event."""
    n, m = len(population.score), len(population.outside_cluster)
    raw = [pd.Series(np.asarray(values, dtype=object)) for values in (item.codes, item.outside)]
    if len(raw[0]) != n or len(raw[1]) != m:
        raise BadInput(
            f"The groups of {item.name} are as many as the rows.", value=f"{len(raw[0])} + {len(raw[1])}, {n} + {m}"
        )
    both = pd.concat(raw, ignore_index=True)
    empty = both.isna() | both.astype(str).str.strip().isin(["", MISSING])
    text = both.where(empty, both.astype(str)).where(~empty, MISSING)
    codes = sorted(set(text) - {MISSING}) + ([MISSING] if empty.any() else [])
    number = {code: i for i, code in enumerate(codes)}
    index = text.map(number).to_numpy(dtype=np.int64)
    return codes, index[:n], index[n:]


def people_with_events(population: Population, rows: Ints, outside: Ints, size: int) -> NDArray[np.int64]:
    """Distinct clusters with an outcome event, by group."""
    eventful = population.weight > 0
    pairs = np.concatenate(
        [
            rows[eventful] * population.clusters + population.cluster[eventful],
            outside * population.clusters + population.outside_cluster,
        ]
    )
    return np.bincount(np.unique(pairs) // population.clusters, minlength=size)
