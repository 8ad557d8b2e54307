"""Corrections that come back to themselves: no such chain may become part of the history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.history.sorted_ids import position


def in_a_circle(event_id: NDArray[np.int64], supersedes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mask of the events that supersede themselves, directly or through others. int64[n] each.

    ``supersedes``: an event id, negative where there is none. Give every event that supersedes another; those that
    supersede none need not be there. An id that comes twice counts by its first place.

    Event 1 corrects itself, 2 and 3 correct each other, 4 corrects 3 and is in no circle:

    >>> in_a_circle(np.array([1, 2, 3, 4, 5]), np.array([1, 3, 2, 3, -1])).tolist()
    [True, True, True, False, False]
    """
    distinct, first = np.unique(event_id, return_index=True)
    parent = np.full(len(event_id), -1, dtype=np.int64)
    place = position(supersedes, distinct)
    parent[place >= 0] = first[place[place >= 0]]
    left = parent >= 0
    while left.any():
        # A member of a circle supersedes an event that is left, and is superseded by an event that is left.
        is_superseded = np.zeros(len(parent), dtype=bool)
        is_superseded[parent[left]] = True
        stays = left & is_superseded
        stays[stays] = left[parent[stays]]
        if (stays == left).all():
            break
        left = stays
    return left
