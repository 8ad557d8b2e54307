"""The latent oracle: from the latent state of the whole subject, the risk that the records can only guess at.

For relationship *r* at an as-of, the cluster is run forward with *r*'s severe incidents suppressed and their hazard summed:
risk = 1 - mean(exp(-H)) over paths, where H is the integrated hazard (``docs/simulation.md``). Suppression is exact because
everything before the first such incident is as it would have been.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from threat.simulation import chance, parameters
from threat.simulation.life import live
from threat.simulation.mechanism import exp
from threat.simulation.population import Population
from threat.simulation.states import RAW

SEVERE = 2
"""Target of the oracle: grave and deadly incidents (Y2)."""
HORIZONS = (180.0, 365.0)
MOST_PATHS = 100_000
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_mix = njit(cache=True)(chance.mix)


@dataclass(frozen=True, slots=True)
class Foresight:
    """By relation row, as-of and horizon (180, 365 days): risk, and the standard error of the Monte Carlo mean.

    float64 (relations, times, 2); NaN where not asked. ``occurred``: share of paths with the incident, when run unsuppressed.
    """

    risk: NDArray[np.float64]
    error: NDArray[np.float64]


def foresee(
    people: Population,
    wanted: NDArray[np.int32],
    times: NDArray[np.float64],
    start: float,
    grid: NDArray[np.float64],
    offences: Any,
    overrides: dict[str, float],
    *,
    suppress: bool = True,
) -> Foresight:
    """Replay a block and look ahead. ``wanted``: int32 (relations, times), paths for each (0: none). ``times``: days, some
    of ``grid`` (the month starts the force was run with).

    With ``suppress`` False the risk is the share of paths in which a severe incident happened: brute force, for checking.
    The unit makes no new plan in the future (the estimand); plans that stand go on.
    """
    past = parameters.mechanism(overrides)
    future = parameters.mechanism(overrides | {"plan_share": 0.0})
    shape = (len(people.relations), len(times), len(HORIZONS))
    total, square = np.full(shape, np.nan), np.full(shape, np.nan)
    seeds = chance.derive(people.keys, "foresight")
    _replay(
        past,
        future,
        people.subjects.copy(),
        people.relations.copy(),
        people.subject_offsets,
        people.relation_offsets,
        people.keys,
        seeds,
        start,
        grid,
        times,
        np.array(HORIZONS),
        wanted,
        offences,
        SEVERE if suppress else 0,
        total,
        square,
    )
    paths = np.where(wanted > 0, wanted, 1)[:, :, None].astype(np.float64)
    mean = total / paths
    spread = np.maximum(square / paths - mean * mean, 0.0)
    with np.errstate(invalid="ignore"):
        error = np.sqrt(spread / np.maximum(paths - 1.0, 1.0))
    return Foresight(mean, error)


@njit(cache=True)
def _replay(
    past, future, subjects, relations, subject_offsets, relation_offsets, keys, seeds, start, grid, times, horizons, wanted, tables, target, total, square
):
    """Sums over paths of (1 - exp(-H)) and of its square; with ``target`` 0, of whether it happened."""
    p, q = past[0], future[0]
    luck, ahead = np.zeros(1, np.uint64), np.zeros(1, np.uint64)
    scratch, tally = np.zeros(32), np.zeros(2)
    nothing, never = np.full(5, -1, np.int64), np.zeros(0)
    book = (np.zeros(0, dtype=RAW), nothing)
    for c in range(len(keys)):
        s0, s1, r0, r1 = subject_offsets[c], subject_offsets[c + 1], relation_offsets[c], relation_offsets[c + 1]
        luck[0] = keys[c]
        own, rel = subjects[s0:s1], relations[r0:r1]
        t = start
        for j in range(len(times)):
            any_wanted = False
            for r in range(r1 - r0):
                any_wanted = any_wanted or wanted[r0 + r, j] > 0
            if not any_wanted:
                continue
            live(p, own, rel, t, times[j], grid, luck, tables, scratch, book, 0, -1, tally)
            t = times[j]
            for r in range(r1 - r0):
                if wanted[r0 + r, j] > 0:
                    for k in range(len(horizons)):
                        total[r0 + r, j, k] = 0.0
                        square[r0 + r, j, k] = 0.0
                for path in range(wanted[r0 + r, j]):
                    ahead[0] = _mix(_mix(seeds[c] + _GOLDEN * np.uint64(r + 1)) + _GOLDEN * np.uint64(j * MOST_PATHS + path + 1))
                    twin, pair = own.copy(), rel.copy()
                    tally[0], tally[1] = 0.0, 0.0
                    at = t
                    for k in range(len(horizons)):
                        live(q, twin, pair, at, t + horizons[k], never, ahead, tables, scratch, book, target, r, tally)
                        at = t + horizons[k]
                        risk = 1.0 - exp(-tally[0]) if target > 0 else tally[1]
                        total[r0 + r, j, k] += risk
                        square[r0 + r, j, k] += risk * risk
