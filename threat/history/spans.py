"""Spans of time by key: when something holds, and what several of them together say. NumPy alone, no record in sight.

A span is ``start < as_of <= end``: begun before the as-of and not ended before it, as ``threat.asof.visible`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threat.asof import on_record, visible

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Spans sorted by (key, start): ``first[k]:first[k + 1]`` are those of key k. int64 each; ``first`` is keys + 1."""

    first: Ints
    start: Ints
    end: Ints

    def at(self, key: Ints, as_of: Ints | int) -> Ints:
        """Return the place of the last span of each key that holds at an as-of (one, or one per key); -1 without any.

        Spans of one key must not overlap.

        >>> spans, _ = sorted_spans(np.array([0, 0, 2]), np.array([10, 30, 10]), np.array([20, 40, 99]), keys=3)
        >>> spans.at(np.array([0, 0, 0, 1, 2]), np.array([10, 11, 31, 11, 11])).tolist()
        [-1, 0, 1, -1, 2]
        """
        key = np.asarray(key, dtype=np.int64)
        at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), key.shape)
        low, high = self.first[key], self.first[key + 1]
        # One binary search for all: the first span of each key that begins at its as-of or later.
        while (some := low < high).any():
            middle = (low[some] + high[some]) // 2
            begun = on_record(self.start[middle], at[some])
            low[some] = np.where(begun, middle + 1, low[some])
            high[some] = np.where(begun, high[some], middle)
        place = low - 1
        holds = place >= self.first[key]
        holds[holds] = visible(self.start[place[holds]], self.end[place[holds]], at[holds])
        return np.where(holds, place, -1)

    def keys(self) -> Ints:
        """Return the key of each span."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int64), np.diff(self.first))


def sorted_spans(key: Ints, start: Ints, end: Ints, keys: int) -> tuple[Spans, Ints]:
    """Return the spans in order, and the place in the given arrays of each; ``keys``: how many keys there are."""
    order = np.lexsort((end, start, key))
    first = np.zeros(keys + 1, dtype=np.int64)
    np.cumsum(np.bincount(key, minlength=keys), out=first[1:])
    return Spans(first, start[order], end[order]), order


Layer = tuple[Ints, Ints, Ints]
"""Key, start and end of some spans that may overlap; a span that ends before it begins counts as none."""


def spans_where(layers: Sequence[Layer], keys: int, rule: Callable[[Ints], NDArray[np.bool_]]) -> Spans:
    """Return, by key, the spans in which a rule on the number of open spans of each layer holds; adjoining ones as one.

    ``rule`` gets int64 (moments, layers) and must be false where nothing is open.

    Open at 10 to 40 but for 20 to 30:

    >>> whole, hole = (np.array([0]), np.array([10]), np.array([40])), (np.array([0]), np.array([20]), np.array([30]))
    >>> spans = spans_where([whole, hole], keys=1, rule=lambda n: (n[:, 0] > 0) & (n[:, 1] == 0))
    >>> list(zip(spans.start.tolist(), spans.end.tolist()))
    [(10, 20), (30, 40)]
    """
    key_parts, time_parts, number_parts, change_parts = [], [], [], []
    for number, (key, start, end) in enumerate(layers):
        some = start < end
        for times, change in ((start, 1), (end, -1)):
            key_parts.append(key[some])
            time_parts.append(times[some])
            number_parts.append(np.full(int(some.sum()), number))
            change_parts.append(np.full(int(some.sum()), change))
    key, time = np.concatenate(key_parts).astype(np.int64), np.concatenate(time_parts).astype(np.int64)
    order = np.lexsort((time, key))
    key, time = key[order], time[order]
    changes = np.zeros((len(key), len(layers)), dtype=np.int64)
    changes[np.arange(len(key)), np.concatenate(number_parts)[order]] = np.concatenate(change_parts)[order]
    new = np.ones(len(key), dtype=bool)
    new[1:] = (np.diff(key) != 0) | (np.diff(time) != 0)
    moment = np.flatnonzero(new)
    # What is open after the last moment of a key is nothing, so one running sum serves all keys.
    is_open = np.cumsum(changes, axis=0)[np.append(moment[1:], len(key)) - 1] if len(key) else changes
    holds = np.asarray(rule(is_open), dtype=bool)
    before = np.zeros(len(holds), dtype=bool)
    before[1:] = holds[:-1]
    begins, ends = moment[holds & ~before], moment[~holds & before]
    first = np.zeros(keys + 1, dtype=np.int64)
    np.cumsum(np.bincount(key[begins], minlength=keys), out=first[1:])
    return Spans(first, time[begins], time[ends])
