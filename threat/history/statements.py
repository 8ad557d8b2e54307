"""The one rule by which a row that comes again changes what is in force, for every table but the events.

A row *states* its content from its ``recorded_at`` on, and *ends* that content at its ``withdrawn_at``. So:

- Of each key, what was stated last is in force. Of two contents stated in one second, the greater: no order of rows or
  loads decides.
- A withdrawal ends the content it names, whichever row stated that content before it: an extract that stamps every row
  with its own time brings the withdrawal with another ``recorded_at``. A row withdrawn at or before its own
  recording states nothing and only ends.
- The same content stated again while it is in force changes nothing. Stated again after its end, or after another
  content (A, then B, then A again), it is in force anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER

Ints = NDArray[np.int64]


class InForce(NamedTuple):
    """Spans of versions, sorted by key, then start: ``row`` is in force where ``start < as_of <= end``. int64 each.

    Spans of one key do not overlap. ``row``: place of the row that stated the version.
    """

    row: Ints
    start: Ints
    end: Ints


def in_force(key: ArrayLike, content: ArrayLike, recorded: ArrayLike, withdrawn: ArrayLike) -> InForce:
    """Return which row of each key is in force when, by the rule of this module.

    ``key``, ``content``: int64[n], equal where the same; the greater content wins in one second. ``recorded``,
    ``withdrawn``: int64[n] UTC seconds, NEVER where not withdrawn.

    Content 1, then 2, then 1 again and said once more; 1 is withdrawn at 50 by a row that was stamped later:

    >>> key, content = np.zeros(5, dtype=int), [1, 2, 1, 1, 1]
    >>> spans = in_force(key, content, [10, 20, 30, 40, 60], [NEVER] * 4 + [50])
    >>> list(zip(spans.row.tolist(), spans.start.tolist(), spans.end.tolist()))
    [(0, 10, 20), (1, 20, 30), (2, 30, 50)]
    """
    key, content, recorded, withdrawn = (
        np.asarray(values, dtype=np.int64) for values in (key, content, recorded, withdrawn)
    )
    states = np.flatnonzero(withdrawn > recorded)
    order = states[np.lexsort((content[states], recorded[states], key[states]))]
    # The last of each key and second: the greatest content.
    is_last = np.ones(len(order), dtype=bool)
    is_last[:-1] = (key[order[1:]] != key[order[:-1]]) | (recorded[order[1:]] != recorded[order[:-1]])
    row = order[is_last]
    start = recorded[row]
    following = np.full(len(row), NEVER, dtype=np.int64)
    same_key = key[row[1:]] == key[row[:-1]]
    following[:-1][same_key] = start[1:][same_key]
    ended = _first_ends(key, content, withdrawn, row, start)
    # Said again while in force: the span of the row before goes on.
    repeats = np.zeros(len(row), dtype=bool)
    repeats[1:] = same_key & (content[row[1:]] == content[row[:-1]]) & (ended[:-1] > following[:-1])
    begins = np.flatnonzero(~repeats)
    last = np.append(begins[1:], len(row)) - 1
    end = np.minimum(following, ended)
    return InForce(row[begins], start[begins], end[last] if len(begins) else end[:0])


def statement_ends(key: ArrayLike, content: ArrayLike, recorded: ArrayLike, withdrawn: ArrayLike) -> Ints:
    """Return when each row's content is ended after the row stated it; NEVER where it is not. int64[n].

    For tables in which several contents of a key are in force together. A row that states nothing ends at once.

    >>> statement_ends([0, 0, 0], [5, 5, 5], [10, 20, 40], [NEVER, NEVER, 30]).tolist()
    [30, 30, 40]
    """
    key, content, recorded, withdrawn = (
        np.asarray(values, dtype=np.int64) for values in (key, content, recorded, withdrawn)
    )
    ends = _first_ends(key, content, withdrawn, np.arange(len(key), dtype=np.int64), recorded)
    return np.where(withdrawn > recorded, ends, recorded)


def _first_ends(key: Ints, content: Ints, withdrawn: Ints, row: Ints, start: Ints) -> Ints:
    """Return when the content of each of these rows is first ended after its ``start``; NEVER where it is not."""
    ends = np.flatnonzero(withdrawn < NEVER)
    out = np.full(len(row), NEVER, dtype=np.int64)
    if not len(ends):
        return out
    both = np.concatenate([ends, row])
    word = pd.factorize(content[both])[0].astype(np.int64)
    group = pd.factorize(pd.factorize(key[both])[0].astype(np.int64) * (word.max() + 1) + word)[0].astype(np.int64)
    # One number sorts group and time together, so that one binary search serves all rows.
    times, rank = np.unique(np.concatenate([withdrawn[ends], start]), return_inverse=True)
    place = group * len(times) + rank
    ends_in_order = np.unique(place[: len(ends)])
    after = np.searchsorted(ends_in_order, place[len(ends) :], side="right")
    is_ended = after < len(ends_in_order)
    end_place = ends_in_order[after[is_ended]]
    same = end_place // len(times) == group[len(ends) :][is_ended]
    out[np.flatnonzero(is_ended)[same]] = times[end_place[same] % len(times)]
    return out


def ranks(*columns: ArrayLike) -> Ints:
    """Return a number for the content of each row, int64[n]: equal rows share one, and columns count in turn.

    A missing value sorts first.

    >>> ranks(["b", None, "b"], [2, 1, 3]).tolist()
    [1, 0, 2]
    """
    out: Ints | None = None
    for column in columns:
        values, distinct = pd.factorize(pd.Series(column), sort=True)
        step = (values + 1).astype(np.int64)
        # Ranked anew after each column, so that numbers stay below the square of the rows.
        mixed = step if out is None else out * (len(distinct) + 1) + step
        out = np.unique(mixed, return_inverse=True)[1].astype(np.int64)
    assert out is not None
    return out
