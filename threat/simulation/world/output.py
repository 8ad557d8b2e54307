"""Compiled: writing down what happens to a cluster, one raw row each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from threat.simulation.world.states import (
    BIT_ARMED,
    BIT_BAIL,
    BIT_DISTRESSED,
    BIT_GRIEVANCE,
    BIT_ORDER,
    BIT_SEPARATED,
    BIT_SUICIDAL,
    NO_END,
    ORDER_SHIFT,
    RAW,
    Cluster,
)

USED, FIRST_RELATION, FIRST_SUBJECT, CLUSTER, ORDINAL = range(5)
"""Places of an output's cursor: rows used, the cluster's first rows in its block, the cluster, its next ordinal."""


class Output(NamedTuple):
    """Where raw rows go: ``rows`` (RAW) and ``cursor`` (int64[5]). Rows beyond the room are counted, not written."""

    rows: NDArray[Any]
    cursor: NDArray[np.int64]


class Fact(NamedTuple):
    """Content of a raw row: ``what`` and ``offence`` of ``states``, days, and bits on top of the state's."""

    what: int
    offence: int
    day: float
    until: float
    bits: int


@njit(cache=True)
def silent() -> Output:
    """Return an output in which nothing is written, for running forward."""
    return Output(np.zeros(0, dtype=RAW), np.full(5, -1, np.int64))


@njit(cache=True)
def note(output: Output, cluster: Cluster, row: int, subject_row: int, fact: Fact) -> None:
    """Write one raw row about relationship ``row`` (-1: about the subject alone), with the latent state as bits."""
    cursor = output.cursor
    if cursor[USED] < 0:
        return
    i = cursor[USED]
    if i < len(output.rows):
        raw = output.rows[i]
        raw.cluster = cursor[CLUSTER]
        raw.relation = cursor[FIRST_RELATION] + row if row >= 0 else -1
        raw.subject = cursor[FIRST_SUBJECT] + subject_row
        raw.ordinal = cursor[ORDINAL]
        raw.what = fact.what
        raw.offence = fact.offence
        raw.at = fact.day
        raw.until = fact.until
        raw.state = fact.bits | _state_bits(cluster, row, subject_row, fact.day)
    cursor[USED] += 1
    cursor[ORDINAL] += 1


@njit(cache=True)
def _state_bits(cluster: Cluster, row: int, subject_row: int, day: float) -> int:
    """Return the latent state of a relationship and its subject as bits."""
    bits = 0
    if row >= 0:
        relationship = cluster.relations[row]
        if relationship.separated > 0.0:
            bits |= BIT_SEPARATED
        if relationship.distressed > 0.0:
            bits |= BIT_DISTRESSED
        if day < relationship.order_until:
            bits |= BIT_ORDER | (int(relationship.order_kind) << ORDER_SHIFT)
        if relationship.grievance > 0.0:
            bits |= BIT_GRIEVANCE
    subject = cluster.subjects[subject_row]
    if subject.suicidal > 0.0:
        bits |= BIT_SUICIDAL
    if subject.armed > 0.0:
        bits |= BIT_ARMED
    if day < subject.bail_until:
        bits |= BIT_BAIL
    return bits


@njit(cache=True)
def note_change(output: Output, cluster: Cluster, row: int, day: float, what: int) -> None:
    """Write that something without an offence or an end happened in a relationship."""
    note(output, cluster, row, cluster.relations[row].subject, Fact(what, 0, day, NO_END, 0))


@njit(cache=True)
def note_subject(output: Output, cluster: Cluster, subject_row: int, what: int, day: float, bits: int) -> None:
    """Write what a subject did or became, in no relationship."""
    note(output, cluster, -1, subject_row, Fact(what, 0, day, NO_END, bits))
