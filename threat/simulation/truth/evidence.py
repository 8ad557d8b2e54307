"""Compiled: what is on record about one cluster, and the chance of a record given a particle's state."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from threat.simulation.world.offences import (
    DEADLY_OFFENCES,
    GRAVE_OFFENCES,
    grave_table,
    ordinary_weights,
    restrained,
)
from threat.simulation.world.run import Run
from threat.simulation.world.states import BREACHED, DEADLY, FIRST_DEADLY, FIRST_GRAVE, Floats, Record

OBSERVATION = np.dtype(
    [
        ("at", np.float64),
        ("what", np.int64),  # one of the constants below
        ("relation", np.int64),  # within the cluster
        ("subject", np.int64),
        ("offence", np.int64),  # or kind of order
        ("until", np.float64),
        ("entry", np.int64),
        ("parted", np.int64),  # a separation at that moment is on record
        ("first", np.int64),  # the item rows that belong to it
        ("last", np.int64),
    ]
)
SEEN_INCIDENT, SEEN_SIGNAL, SEEN_CUSTODY, SEEN_BAIL, SEEN_ORDER, SEEN_PARTING, SEEN_SUICIDAL, SEEN_DEATH = range(8)
"""What an observation is (its ``what``): numbers, because compiled code reads them."""

CONDITIONS = ("separated", "controlling", "high_control", "severe", "mental", "firearm", "armed", "suicidal")


class Evidence(NamedTuple):
    """What is on record about one cluster.

    ``observations`` (OBSERVATION), in order. Answers and markers, in the order of the observations' ``first`` and
    ``last``: ``answers`` (1 yes, 0 no), ``base`` chance of a yes, ``added`` (entries, CONDITIONS) when a condition
    holds. ``pending``: charges not yet decided, (subject, day of the crime, end of remand or PAST, chance of a
    sentence if convicted, mean days served). ``separation_recorded``, ``suicidality_recorded``: chances that a change
    is recorded.
    """

    observations: NDArray[Any]
    answers: NDArray[np.int64]
    base: Floats
    added: Floats
    pending: Floats
    separation_recorded: float
    suicidality_recorded: float


@njit(cache=True)
def offence_chance(run: Run, subject: Record, relationship: Record, day: float, offence: int) -> float:
    """Return the chance of an offence, given that an incident of its hazard happened (``offences.draw_offence``)."""
    if offence >= FIRST_DEADLY:
        return _share(run.offences[DEADLY], offence - FIRST_DEADLY, DEADLY_OFFENCES)
    if offence >= FIRST_GRAVE:
        return _share(run.offences[grave_table(relationship)], offence - FIRST_GRAVE, GRAVE_OFFENCES)
    breaches = run.parameters.breach_share if restrained(subject, relationship, day) else 0.0
    if offence == BREACHED:
        return breaches
    ordinary_weights(run.parameters, relationship, run.offences, run.scratch)
    return _share(run.scratch, offence, BREACHED) * (1.0 - breaches)


@njit(cache=True)
def _share(weights: Floats, i: int, n: int) -> float:
    """Return the share of weight ``i`` among the first ``n``."""
    total = 0.0
    for k in range(n):
        total += weights[k]
    return weights[i] / total


@njit(cache=True)
def form_weight(subject: Record, relationship: Record, evidence: Evidence, record: Record) -> float:
    """Return the log chance of the answers and markers of one incident."""
    holds = np.zeros(len(CONDITIONS))
    holds[0] = relationship.separated
    holds[1] = 1.0 if relationship.control > 0.0 else 0.0
    holds[2] = 1.0 if relationship.control > 1.0 else 0.0
    holds[3] = 1.0 if relationship.severity > 1.0 else 0.0
    holds[4] = subject.mental
    holds[5] = subject.firearm
    holds[6] = subject.armed
    holds[7] = subject.suicidal
    total = 0.0
    for i in range(record.first, record.last):
        share = evidence.base[i]
        for k in range(len(holds)):
            share += evidence.added[i, k] * holds[k]
        # Additions may leave [0, 1]; a chance of exactly 0 would rule out every particle.
        share = min(max(share, 1e-6), 1.0 - 1e-6)
        total += math.log(share if evidence.answers[i] > 0 else 1.0 - share)
    return total
