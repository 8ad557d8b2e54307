"""Searching in sorted int64 ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.asof import NEVER


def position(ids: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each id stands in a sorted array; -1 where it does not.

    Ids are looked up in order: a binary search that jumps about a large array costs a cache miss a step.
    """
    out = np.full(len(ids), -1, dtype=np.int64)
    if not len(among):
        return out
    order = np.argsort(ids)
    ordered = ids[order]
    found = np.minimum(np.searchsorted(among, ordered), len(among) - 1)
    out[order] = np.where(among[found] == ordered, found, -1)
    return out


def is_in(ids: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where an id is one of a sorted array."""
    return position(ids, among) >= 0


def since(ids: NDArray[np.int64], among: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """The instant that belongs to each id of a sorted array (``first``, aligned with it); NEVER for other ids."""
    return np.append(first, NEVER)[position(ids, among)]
