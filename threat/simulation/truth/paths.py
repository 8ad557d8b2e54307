"""Compiled: go back to the latent state of a whole cluster at an instant, and from there run forward many times.

The force's own path is retraced from its seed, so the state is the one that was, not one like it. Forward runs
suppress the target (the watched relationship's severe, or only its deadly, incidents) and sum its hazard: everything
before the first such incident is as it would have been, so 1 - mean(exp(-H)) is the chance of one (``docs/truth.md``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from threat.simulation.world import chance
from threat.simulation.world.chance import GOLDEN
from threat.simulation.world.deaths import redraw_deaths
from threat.simulation.world.draws import exp
from threat.simulation.world.life import live
from threat.simulation.world.mechanism import TARGET_NONE
from threat.simulation.world.output import silent
from threat.simulation.world.run import SCRATCH, TALLIES, Run, Span, Watch
from threat.simulation.world.states import Cluster, Clusters, Floats

_mix = njit(cache=True)(chance.mix)

I64 = NDArray[np.int64]


class Laws(NamedTuple):
    """Parameters (record arrays of length 1) of the force's own path and of the runs forward; offence weights."""

    past: NDArray[Any]
    future: NDArray[Any]
    offences: Floats


class Questions(NamedTuple):
    """Rows asked about, in order of cluster and day: relationship ``watched`` of ``cluster``, from ``day`` on.

    ``seeds``: uint64, one stream of random numbers per row.
    """

    cluster: I64
    day: Floats
    watched: I64
    seeds: NDArray[np.uint64]


class Forward(NamedTuple):
    """How to run forward: ``horizons`` (days, rising), ``draws`` for each row, and the incidents asked about.

    ``target``: TARGET_DEADLY or TARGET_SEVERE. ``suppressed``: suppress such incidents of the watched relationship and
    sum their hazard H; otherwise let everything happen and ask whether such an incident came (0 or 1).

    Sums over the draws of 1 - exp(-H), or of that 0 or 1, and of its square are added to ``total`` (rows, horizons, 2)
    and ``square`` (rows, horizons). ``total``'s last axis: even and odd draws, so that one half can rank and the other
    judge.
    """

    horizons: Floats
    draws: int
    target: int
    suppressed: bool
    total: Floats
    square: Floats


@njit(cache=True)
def copy_records(source: NDArray[Any], target: NDArray[Any]) -> None:
    """Copy record by record between arrays of one length."""
    for i in range(len(source)):
        target[i] = source[i]


@njit(cache=True)
def copy_cluster(source: Cluster, target: Cluster) -> None:
    """Copy the state of a cluster."""
    copy_records(source.subjects, target.subjects)
    copy_records(source.relations, target.relations)


@njit(cache=True)
def new_copy(source: Cluster) -> Cluster:
    """Return a cluster of its own in the same state."""
    return Cluster(source.subjects.copy(), source.relations.copy())


@njit(cache=True, nogil=True)
def look_ahead(laws: Laws, clusters: Clusters, path: Span, questions: Questions, forward: Forward) -> None:
    """Answer every question: retrace its cluster to the day asked about and run forward from there.

    ``path``: the first day of the force's own path and its grid; its end is not read.
    """
    scratch, output = np.zeros(SCRATCH), silent()
    past = Run(laws.past[0], laws.offences, np.zeros(1, np.uint64), scratch, output)
    branch = Run(laws.past[0], laws.offences, np.zeros(1, np.uint64), scratch, output)
    future = Run(laws.future[0], laws.offences, np.zeros(1, np.uint64), scratch, output)
    unwatched = Watch(TARGET_NONE, 0, np.zeros(TALLIES))
    grid, row = path.grid, 0
    while row < len(questions.cluster):
        c = questions.cluster[row]
        s0, s1 = clusters.subject_offsets[c], clusters.subject_offsets[c + 1]
        r0, r1 = clusters.relation_offsets[c], clusters.relation_offsets[c + 1]
        cluster = new_copy(Cluster(clusters.subjects[s0:s1], clusters.relations[r0:r1]))
        now, then = new_copy(cluster), new_copy(cluster)
        past.stream[0] = clusters.keys[c]
        day, asked = path.start, path.start - 1.0
        place = np.searchsorted(grid, path.start, side="right")
        while row < len(questions.cluster) and questions.cluster[row] == c:
            if questions.day[row] != asked:
                asked = questions.day[row]
                # The path can be left and joined again only where waiting times are drawn afresh: at the grid's days.
                while place < len(grid) and grid[place] <= asked:
                    live(past, cluster, Span(day, grid[place], grid), unwatched)
                    day = grid[place]
                    place += 1
                copy_cluster(cluster, now)
                branch.stream[0] = past.stream[0]
                if asked > day:
                    live(branch, now, Span(day, asked, grid), unwatched)
            _run_forward(future, now, then, questions, row, forward)
            row += 1


@njit(cache=True)
def _run_forward(run: Run, now: Cluster, then: Cluster, questions: Questions, row: int, forward: Forward) -> None:
    """Run one row forward from the state ``now``, drawing after drawing, in ``then``; add to the sums."""
    horizons, nowhere = forward.horizons, np.zeros(0)
    target = forward.target if forward.suppressed else TARGET_NONE
    watch = Watch(target, questions.watched[row], np.zeros(TALLIES))
    asked = questions.day[row]
    for d in range(forward.draws):
        run.stream[0] = _mix(questions.seeds[row] + GOLDEN * np.uint64(d + 1))
        copy_cluster(now, then)
        redraw_deaths(run.parameters, then, asked, run.stream)
        watch.tally[:] = 0.0
        day = asked
        for h in range(len(horizons)):
            live(run, then, Span(day, asked + horizons[h], nowhere), watch)
            day = asked + horizons[h]
            value = 1.0 - exp(-watch.tally[0]) if forward.suppressed else watch.tally[forward.target]
            forward.total[row, h, d % 2] += value
            forward.square[row, h] += value * value
