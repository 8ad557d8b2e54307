"""Everyone eligible at a random instant of each cycle: rows to fit on that no day of the month is special for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from threat.eligibility import eligible
from threat.history.snapshot import Snapshot
from threat.policy import Policy
from threat.terminal import progress
from training.cohorts.cohort import Cohort, joined
from training.cohorts.folds import Cycle

INSTANTS = 8
"""Instants of a cycle among which relationships are dealt out: who is eligible is asked once for each, and eight spread
the rows over a month as well as one for each relationship would."""


def random_days(snapshot: Snapshot, cycles: Sequence[Cycle], policy: Policy, *, lag: int, seed: int) -> Cohort:
    """Each relationship at one random instant of each cycle, where it is eligible then: rows to fit on, no lists.

    Instants, and which relationship has which, are drawn from ``seed`` and the cycle's number. ``lag``: seconds until a
    record reaches us; eligibility is asked that much earlier, as in a monthly cohort.
    """
    everyone = snapshot.relationships.relationship_id
    parts, numbers = [], []
    with progress("random days", len(cycles)) as advance:
        for cycle in cycles:
            rng = np.random.default_rng((seed, cycle.number))
            instants = np.sort(rng.integers(cycle.start, cycle.end, INSTANTS))
            dealt = rng.integers(0, INSTANTS, len(everyone))
            for number, instant in enumerate(instants.tolist()):
                rows = eligible(snapshot, instant - lag, policy).rows
                rows = rows.take(np.isin(rows.relationship_id, everyone[dealt == number]))
                parts.append(replace(rows, as_of=np.full(len(rows), instant, np.int64)))
                numbers.append(np.full(len(rows), cycle.number, np.int64))
            advance(1)
    return Cohort(joined(parts), np.concatenate([*numbers, np.zeros(0, np.int64)]), [])
