"""Searching in sorted ids of 64 bits. These functions know nothing of what the ids stand for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.asof import NEVER

Ids = NDArray[np.int64] | NDArray[np.uint64]
"""Ids of records, or keys of the simulation before ids are made of them."""


def position(ids: Ids, among: Ids) -> NDArray[np.int64]:
    """Return the place of each id in a sorted array of distinct ids; -1 where the id is not in it.

    >>> position(np.array([30, 5, 10]), np.array([10, 20, 30])).tolist()
    [2, -1, 0]
    """
    out = np.full(len(ids), -1, dtype=np.int64)
    if not len(among):
        return out
    # Looked up in order: a binary search that jumps about a large array costs a cache miss a step.
    order = np.argsort(ids)
    ordered = ids[order]
    place = np.minimum(np.searchsorted(among, ordered), len(among) - 1)
    out[order] = np.where(among[place] == ordered, place, -1)
    return out


def position_of(single_id: int, among: NDArray[np.int64]) -> int:
    """Return the place of one id in a sorted array; -1 where the id is not in it."""
    place = int(np.searchsorted(among, single_id))
    return place if place < len(among) and among[place] == single_id else -1


def is_in(ids: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mask of the ids that a sorted array holds."""
    return position(ids, among) >= 0


def since(ids: NDArray[np.int64], among: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the instant (``first``, aligned with ``among``) of each id in a sorted array; NEVER for other ids.

    >>> since(np.array([7, 9]), np.array([9]), np.array([500])).tolist() == [NEVER, 500]
    True
    """
    return np.append(first, NEVER)[position(ids, among)]
