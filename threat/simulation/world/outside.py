"""Crimes of the subjects against people outside their cluster: no relationship, no part in any domestic hazard.

They have random numbers of their own and are drawn after the clusters' lives, so that no life changes with them; what
binds them to the domestic part is the subject: a propensity correlated with severity, custody, and death.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from threat.simulation.world import chance
from threat.simulation.world.deaths import death_days
from threat.simulation.world.draws import wait
from threat.simulation.world.population import Population
from threat.simulation.world.states import CUSTODY, NO_END, OUTSIDE_CRIME, RAW, Floats

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

_SPARE_ROWS = 64
"""Room for rows above twice the expected number: blocks that need more are drawn twice."""


def crimes(people: Population, raw: NDArray[Any], days: float) -> tuple[NDArray[Any], U64]:
    """Return a raw row (RAW) per crime in the ``days`` of the records, and a key for each, in order of subject.

    ``raw``: the block's raw rows. A crime that would come in a stay in custody, or after death, does not happen.
    """
    keys = chance.derive(people.person_keys[people.subject_rows], "outside crimes")
    subject, at, ordinal = _candidates(people.outside_rate, keys, days)
    died = death_days(people, raw)[people.subject_rows]
    happens = (at < died[subject]) & ~_in_custody(raw, subject, at)
    subject, at, ordinal = subject[happens], at[happens], ordinal[happens]
    rows = np.zeros(len(subject), RAW)
    rows["cluster"] = people.person_cluster[people.subject_rows[subject]]
    rows["relation"] = -1
    rows["subject"], rows["at"], rows["ordinal"] = subject, at, ordinal
    rows["what"], rows["until"] = OUTSIDE_CRIME, NO_END
    return rows, chance.derive(keys[subject], "outside crime", ordinal)


def _candidates(rate: Floats, keys: U64, days: float) -> tuple[I64, Floats, I64]:
    """Return subject, day and ordinal of a Poisson process per subject; more days add rows and change none."""
    room = _SPARE_ROWS + 2 * int(rate.sum() * days)
    while True:
        rows = np.zeros((room, 3))
        n = _draw_candidates(rate, keys, days, rows)
        if n <= room:
            return rows[:n, 0].astype(np.int64), rows[:n, 1], rows[:n, 2].astype(np.int64)
        room = n


@njit(cache=True)
def _draw_candidates(rate: Floats, keys: U64, days: float, rows: Floats) -> int:
    """Fill ``rows`` (subject, day, ordinal) as far as there is room; return how many there are."""
    stream, n = np.zeros(1, np.uint64), 0
    for subject in range(len(rate)):
        if rate[subject] == 0.0:
            continue
        stream[0] = keys[subject]
        day, ordinal = wait(stream, 1.0 / rate[subject]), 0
        while day < days:
            if n < len(rows):
                rows[n, 0], rows[n, 1], rows[n, 2] = subject, day, ordinal
            n += 1
            ordinal += 1
            day += wait(stream, 1.0 / rate[subject])
    return n


def _in_custody(raw: NDArray[Any], subject: I64, at: Floats) -> NDArray[np.bool_]:
    """Return which moments (``subject``, day ``at``) fall into a stay of that subject."""
    stays = raw[raw["what"] == CUSTODY]
    stays = stays[np.lexsort((stays["at"], stays["subject"]))]
    if not len(stays):
        return np.zeros(len(subject), bool)
    # Subjects laid end to end on one axis, each with more room than any stay or force is long.
    room = float(max(stays["until"].max(), at.max(initial=0.0)) - min(stays["at"].min(), 0.0)) + 1.0
    begin = stays["subject"] * room + stays["at"]
    end = np.maximum.accumulate(stays["subject"] * room + stays["until"])
    moment = subject * room + at
    last = np.searchsorted(begin, moment, side="right") - 1
    return (last >= 0) & (moment < end[np.maximum(last, 0)])
