"""Who is selected, by group, in the sample and in each cluster-bootstrap replicate.

A replicate draws clusters (people) with replacement; every row of a drawn person comes along, and the list is ranked
and cut anew. Rows with equal scores at the cut share the places that are left: the expected value over random orders of
the tied rows. The work per replicate is one cumulative sum over the rows in score order, one sparse product for the
totals, and counts on the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUANTITIES = (
    "n",  # rows
    "events",  # outcome events, inside the cohort and out
    "captured",  # of those, the ones on selected rows
    "selected",  # places used
    "labelled",  # selected rows whose outcome is known
    "hits",  # selected rows with an outcome
    "negatives",  # rows known to have none
    "false",  # of those, selected
    "positives",  # rows with an outcome
    "expected",  # sum of probabilities over rows whose outcome is known
)
"""Last axis of the array ``resample`` returns."""


@dataclass(frozen=True, slots=True)
class Population:
    """Everything ranked.

    Of n rows: ``score`` (higher = first; NaN = could not be scored, never selected), ``label`` (0, 1, NaN unknown),
    ``weight`` (outcome events credited to the row), ``cluster`` (0..clusters-1), ``cycle`` (rows that share one
    capacity), ``probability`` (NaN: none). Of m outcome events that no row covers: ``outside_*``.
    """

    score: Floats
    label: Floats
    weight: Floats
    cluster: Ints
    cycle: Ints
    probability: Floats
    outside_cluster: Ints
    outside_weight: Floats
    clusters: int
    independent: bool = False
    """No capacity to compete for and no person with two rows or events."""


@dataclass(frozen=True, slots=True)
class Order:
    """Scored rows by cycle, then falling score. ``group_start``, ``group_end``: bounds of each row's group of ties."""

    rows: Ints
    cycle_start: Ints
    cycle_end: Ints
    group_start: Ints
    group_end: Ints


def order_rows(population: Population) -> Order:
    """Sort once; every replicate uses it."""
    scored = np.flatnonzero(~np.isnan(population.score))
    score, cycle = population.score[scored], population.cycle[scored]
    sort = np.lexsort((-score, cycle))
    score, cycle, rows = score[sort], cycle[sort], scored[sort]
    n = len(rows)
    if n == 0:
        none = np.zeros(0, dtype=np.int64)
        return Order(none, none, none, none, none)
    new_cycle = np.append(True, cycle[1:] != cycle[:-1])
    new_group = new_cycle | np.append(True, score[1:] != score[:-1])
    starts = np.flatnonzero(new_group)
    which = np.cumsum(new_group) - 1
    ends = np.append(starts[1:], n)
    cycle_start = np.flatnonzero(new_cycle)
    return Order(rows, cycle_start, np.append(cycle_start[1:], n), starts[which], ends[which])


def shares(order: Order, weight: Floats, capacity: float) -> tuple[Ints, Floats]:
    """Positions (in ``order``) on the lists of ``capacity`` places per cycle, and the share of each that is on it.

    ``weight``: copies of each row, in ``order``.
    """
    total = np.cumsum(weight)
    before = np.append(0.0, total)
    positions: list[Ints] = []
    parts: list[Floats] = []
    for start, end in zip(order.cycle_start, order.cycle_end, strict=True):
        reached = before[start] + capacity
        cut = int(np.searchsorted(total[start:end], reached - 1e-9)) + int(start)
        if cut >= end:
            positions.append(np.arange(start, end))
            parts.append(np.ones(end - start))
            continue
        first, last = int(order.group_start[cut]), int(order.group_end[cut])
        held = before[last] - before[first]
        part = np.ones(last - start)
        part[first - start :] = min(1.0, (reached - before[first]) / held) if held > 0 else 0.0
        positions.append(np.arange(start, last))
        parts.append(part)
    if not positions:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    return np.concatenate(positions), np.concatenate(parts)


def tied_at_cut(order: Order, capacity: float) -> int:
    """Rows that share places at the cut, over all cycles."""
    positions, parts = shares(order, np.ones(len(order.rows)), capacity)
    del positions
    return int(np.count_nonzero(parts < 1.0))


def resample(
    population: Population,
    groups: list[tuple[Ints, Ints, int]],
    *,
    capacity: float | None,
    threshold: float | None,
    draws: int,
    seed: int,
) -> list[Floats]:
    """Counts by group: per characteristic an array (1 + draws, groups, len(QUANTITIES)); replicate 0 is the sample.

    ``groups``: per characteristic, the group number of each row, of each outside event, and how many groups there are.
    """
    order = order_rows(population)
    sizes = [size for _, _, size in groups]
    out = [np.zeros((draws + 1, size, len(QUANTITIES))) for size in sizes]
    still = _by_cluster(population, groups)
    known = ~np.isnan(population.label)
    hit = known & (population.label > 0)
    codes = [rows[order.rows] for rows, _, _ in groups]
    fixed = None
    if threshold is not None:
        above = np.flatnonzero(population.score[order.rows] >= threshold)
        fixed = (above, np.ones(len(above)))
    cluster = population.cluster[order.rows]
    random = np.random.default_rng(seed)
    for draw in range(draws + 1):
        copies = np.ones(population.clusters)
        if draw > 0:
            drawn = random.integers(0, population.clusters, population.clusters)
            copies = np.bincount(drawn, minlength=population.clusters).astype(np.float64)
        ordered = copies[cluster]
        positions, part = fixed if fixed is not None else shares(order, ordered, float(capacity or 0))
        rows = order.rows[positions]
        listed = ordered[positions] * part
        moving = {
            "captured": listed * population.weight[rows],
            "selected": listed,
            "labelled": listed * known[rows],
            "hits": listed * hit[rows],
        }
        totals = np.split(still @ copies, np.cumsum([len(_STILL) * size for size in sizes])[:-1])
        for which, size in enumerate(sizes):
            row, at = out[which][draw], codes[which][positions]
            row[:, [QUANTITIES.index(name) for name in _STILL]] = totals[which].reshape(len(_STILL), size).T
            for name, value in moving.items():
                row[:, QUANTITIES.index(name)] = np.bincount(at, weights=value, minlength=size)
            row[:, QUANTITIES.index("false")] = row[:, QUANTITIES.index("labelled")] - row[:, QUANTITIES.index("hits")]
    return out


_STILL = ("n", "events", "negatives", "positives", "expected")
"""Quantities that do not depend on who is selected: sums over a person's rows, so one sparse product per replicate."""


def _by_cluster(population: Population, groups: list[tuple[Ints, Ints, int]]) -> Any:
    """Sparse (all characteristics x quantities x groups, clusters): what one copy of a person adds to each total."""
    from scipy.sparse import csr_array, vstack

    known = ~np.isnan(population.label)
    hit = known & (population.label > 0)
    values = {
        "n": np.ones(len(population.score)),
        "events": population.weight,
        "negatives": (known & ~hit).astype(np.float64),
        "positives": hit.astype(np.float64),
        "expected": np.where(known, np.nan_to_num(population.probability), 0.0),
    }
    blocks = []
    for rows, outside, size in groups:
        for name in _STILL:
            keep = np.flatnonzero(values[name])
            group, cluster, value = rows[keep], population.cluster[keep], values[name][keep]
            if name == "events":
                group = np.concatenate([group, outside])
                cluster = np.concatenate([cluster, population.outside_cluster])
                value = np.concatenate([value, population.outside_weight])
            block = csr_array((value, (group, cluster)), shape=(size, population.clusters))
            block.sum_duplicates()
            blocks.append(block)
    return vstack(blocks, format="csr")
