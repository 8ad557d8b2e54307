"""Compiled: go back to the latent state of a whole cluster at an instant, and from there run forward many times.

The force's own path is retraced from its seed, so the state is the one that was, not one like it. Forward runs
suppress the target (the watched relationship's severe incidents) and sum its hazard: everything before the first such
incident is as it would have been, so 1 - mean(exp(-H)) is the chance of one (``docs/truth.md``).
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

from threat.simulation.world import chance
from threat.simulation.world.life import live
from threat.simulation.world.mechanism import exp
from threat.simulation.world.states import RAW

_mix = njit(cache=True)(chance.mix)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True)
def silent():
    """A book in which nothing is written."""
    return np.zeros(0, dtype=RAW), np.full(5, -1, np.int64)


@njit(cache=True)
def copy(source, target):
    """Record by record: the arrays have one length."""
    for i in range(len(source)):
        target[i] = source[i]


@njit(cache=True, nogil=True)
def look_ahead(
    past,
    future,
    subjects,
    relations,
    subject_offsets,
    relation_offsets,
    keys,
    start,
    grid,
    tables,
    cluster,
    mark,
    watched,
    seeds,
    horizons,
    draws,
    target,
    total,
    square,
):
    """Fill ``total`` (rows, horizons, 2), ``square`` (rows, horizons): sums over draws of 1 - exp(-H) and its square.

    Rows are in order of cluster and mark (days). ``total``'s last axis: even and odd draws, so that one half can rank
    and the other judge. With ``target`` 0 nothing is suppressed and what is summed is whether the target happened.
    """
    p, q = past[0], future[0]
    luck, branch, ahead = np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.uint64)
    scratch, tally = np.zeros(32), np.zeros(2)
    book = silent()
    nowhere = np.zeros(0)
    row = 0
    while row < len(cluster):
        c = cluster[row]
        s0, s1, r0, r1 = subject_offsets[c], subject_offsets[c + 1], relation_offsets[c], relation_offsets[c + 1]
        own, rel = subjects[s0:s1].copy(), relations[r0:r1].copy()
        own_now, rel_now = own.copy(), rel.copy()
        own_then, rel_then = own.copy(), rel.copy()
        luck[0] = keys[c]
        t, here = start, start - 1.0
        place = np.searchsorted(grid, start, side="right")
        while row < len(cluster) and cluster[row] == c:
            if mark[row] != here:
                here = mark[row]
                # The path can be left and joined again only where waiting times are drawn afresh: at the grid's days.
                while place < len(grid) and grid[place] <= here:
                    live(p, own, rel, t, grid[place], grid, luck, tables, scratch, book, 0, 0, tally)
                    t = grid[place]
                    place += 1
                copy(own, own_now)
                copy(rel, rel_now)
                branch[0] = luck[0]
                if here > t:
                    live(p, own_now, rel_now, t, here, grid, branch, tables, scratch, book, 0, 0, tally)
            for d in range(draws):
                ahead[0] = _mix(seeds[row] + _GOLDEN * np.uint64(d + 1))
                copy(own_now, own_then)
                copy(rel_now, rel_then)
                tally[0], tally[1] = 0.0, 0.0
                at = here
                for h in range(len(horizons)):
                    end = here + horizons[h]
                    live(
                        q,
                        own_then,
                        rel_then,
                        at,
                        end,
                        nowhere,
                        ahead,
                        tables,
                        scratch,
                        book,
                        target,
                        watched[row],
                        tally,
                    )
                    at = end
                    value = tally[1] if target == 0 else 1.0 - exp(-tally[0])
                    total[row, h, d % 2] += value
                    square[row, h] += value * value
            row += 1
