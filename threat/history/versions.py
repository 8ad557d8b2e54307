"""Versions of one fact: events that supersede one another, each in force until the next of them is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.history.circles import in_a_circle
from threat.history.sorted_ids import position

Ints = NDArray[np.int64]


def hidden_at(
    event_id: Ints,
    supersedes: Ints,
    recorded: Ints,
    is_withdrawal: NDArray[np.bool_],
    gravity: Callable[[Ints], Ints] | None = None,
) -> Ints:
    """Return when each event was corrected or withdrawn, int64 UTC seconds; NEVER where it was not.

    All events that supersede one another, directly or through others, are versions of one fact, in order of
    ``recorded``; in one second what supersedes follows what it supersedes, a withdrawal is the last, and of several
    corrections the one of greater ``gravity`` is the later (given rows that tie in all of this, a number for each to be
    compared within a fact; None: all alike). Each version is hidden when the next is
    recorded, so of two corrections of one event the later is in force. An event hidden at or before its own recording
    was never in force. ``supersedes``: event ids, negative where there is none; an id that is not among ``event_id``
    counts as none. All int64[n].

    A correction that claims to be recorded before what it corrects still hides it. Members of a circle (no load accepts
    a circle, an old store may hold one) hide one another: none of them is in force, only what corrects them from
    outside.

    Event 2 corrects event 1, event 3 corrects event 1 again, event 4 stands alone:

    >>> events, corrected, at = np.array([1, 2, 3, 4]), np.array([-1, 1, 1, -1]), np.array([10, 20, 30, 40])
    >>> hidden_at(events, corrected, at, np.zeros(4, dtype=bool)).tolist() == [20, 30, NEVER, NEVER]
    True
    """
    hidden = np.full(len(event_id), NEVER, dtype=np.int64)
    later = np.flatnonzero(supersedes >= 0)
    if not len(later):
        return hidden
    by_id = np.argsort(event_id)
    target = position(supersedes[later], event_id[by_id])
    later, target = later[target >= 0], by_id[target[target >= 0]]
    # Only what takes part in a correction: most events of a history never do.
    rows = np.unique(np.concatenate([later, target]))
    parent = np.full(len(rows), -1, dtype=np.int64)
    parent[np.searchsorted(rows, later)] = np.searchsorted(rows, target)
    weigh: Callable[[Ints], Ints] | None = None if gravity is None else (lambda tied: gravity(rows[tied]))
    hidden[rows] = _hidden_in_chains(parent, recorded[rows], is_withdrawal[rows], event_id[rows], weigh)
    return hidden


def _hidden_in_chains(
    parent: Ints,
    recorded: Ints,
    is_withdrawal: NDArray[np.bool_],
    event_id: Ints,
    gravity: Callable[[Ints], Ints] | None,
) -> Ints:
    """Return ``hidden_at`` of rows that each supersede the row ``parent`` (-1: none)."""
    n = len(parent)
    circle = in_a_circle(np.arange(n), parent)
    # A member of a circle counts as a beginning: what corrects it from outside is in force all the same.
    parent = np.where(circle, -1, parent)
    fact, depth, not_before = np.arange(n), np.zeros(n, dtype=np.int64), recorded.copy()
    settled = parent < 0
    while not settled.all():
        ready = np.flatnonzero(~settled & settled[parent])
        above = parent[ready]
        fact[ready], depth[ready] = fact[above], depth[above] + 1
        not_before[ready] = np.maximum(recorded[ready], not_before[above])
        settled[ready] = True
    places = (is_withdrawal, depth, not_before, fact)
    order = np.lexsort((event_id, *places))
    tied = _in_ties(order, places)
    if gravity is not None and len(tied):
        # Few facts have two corrections of one second, and reading what all corrections say took a third of the time.
        weight = np.zeros(n, dtype=np.int64)
        weight[tied] = gravity(tied)
        order = np.lexsort((event_id, weight, *places))
    hidden = np.full(n, NEVER, dtype=np.int64)
    same_fact = fact[order[1:]] == fact[order[:-1]]
    hidden[order[:-1][same_fact]] = recorded[order[1:][same_fact]]
    hidden[circle] = recorded[circle]
    return hidden


def _in_ties(order: Ints, places: tuple[NDArray[Any], ...]) -> Ints:
    """Return the rows, of some in order of ``places``, that are equal in all places to the row before or after."""
    # Of no row too: an erasure can leave a history without an event.
    with_next = np.zeros(len(order) + 1, dtype=np.bool_)
    with_next[1:-1] = np.logical_and.reduce([place[order[1:]] == place[order[:-1]] for place in places])
    return order[with_next[1:] | with_next[:-1]]
