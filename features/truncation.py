"""Figures that may be too small because the records begin inside their window."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.definitions import Definition
from features.kinds_read import expand
from features.load import Catalogue
from features.matrix import Matrix
from features.statistics import STATISTICS
from threat.asof import happened, span
from threat.history.sightings import Sightings
from threat.vocabulary import kinds

_AT_ONCE = 1 << 20
"""Sightings read at once: 16 MB, so that a memory-mapped history is never whole in memory."""


def truncated(matrix: Matrix, catalogue: Catalogue, sightings: Sightings) -> NDArray[np.bool_]:
    """Return where a window reaches back before the records begin: bool (n, d), in the order of the matrix.

    The records of a definition begin where the earliest of the sources that send any of its kinds begins: a source that
    came later, or that sends other kinds, changes nothing. A figure over all history is never marked.
    """
    chosen = [catalogue[name] for name in matrix.names]
    spans = np.array([longest_window(d) for d in chosen], np.int64)
    starts = matrix.rows.as_of[:, None] - spans[None, :]
    return np.asarray(happened(starts, records_begin(chosen, sightings)[None, :]) & (spans[None, :] > 0))


def longest_window(d: Definition) -> int:
    """Return the seconds of the definition's longest window; 0 when it reads the whole history."""
    return max((span(days) for days in (d.window_days, d.long_window_days) if days is not None), default=0)


def records_begin(definitions: list[Definition], sightings: Sightings) -> NDArray[np.int64]:
    """Return the first instant from which records of each definition's kinds are covered, int64 (d,), UTC seconds.

    That of all sources for kinds that no source sends; the least int64 where there is no source at all.
    """
    least = int(np.iinfo(np.int64).min)
    if not len(sightings.history_start):
        return np.full(len(definitions), least, np.int64)
    sends = _sends(_Once(sightings))
    out = np.empty(len(definitions), np.int64)
    for j, d in enumerate(definitions):
        read = STATISTICS[d.statistic].kinds_read(d) | expand(d.among)
        sources = sends[:, [kinds()[name].number for name in read]].any(axis=1)
        out[j] = sightings.history_start[sources if sources.any() else slice(None)].min()
    return out


class _Once:
    """Sightings as a key: the same object is the same key, whatever its arrays hold."""

    def __init__(self, sightings: Sightings) -> None:
        self.sightings = sightings

    def __hash__(self) -> int:
        return id(self.sightings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Once) and other.sightings is self.sightings


@lru_cache(maxsize=2)  # a server explains row after row of one history: it is read through once
def _sends(once: _Once) -> NDArray[np.bool_]:
    """Return which kinds each source ever sent: bool (sources, kinds)."""
    source, kind = once.sightings.source, once.sightings.kind
    out = np.zeros((len(once.sightings.source_names), len(kinds())), np.bool_)
    for first in range(0, len(kind), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        out[source[part], kind[part]] = True
    return out
