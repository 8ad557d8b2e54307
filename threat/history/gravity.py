"""The total order of events: by time, then by when each was recorded, then by gravity, so that ties have a meaning.

Of events of one instant, recorded in one second, the gravest is the latest: by the harm days of its kind, the place of
the kind in the vocabulary (earlier is graver), its code (the vocabulary lists codes gravest first), its value, and
whether it is domestic. Of events equal in these and in the role, the one that lasts longer is graver (an open end lasts
longest), then whose reporter is named (``schema.REPORTED_BY``, later is graver), then what the unit did not do itself,
then a fact rather than an assessment. The id of an event decides only between events that are equal in all of these, so
that no figure depends on how a source numbers its records.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.harm import days_of
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.vocabulary import kinds

_BY_GRAVITY = ("no", "unknown", "yes")
"""Values of the domestic flag, the gravest last."""

LISTED = 1 << 15
"""Added to the severity of a code that its kind lists: a code in free words is less than any of them."""

_CODE_BITS, _VALUE_BITS, _DOMESTIC_BITS = 16, 32, 2
"""One int64 holds kind, code, value and domestic: 13 bits are left for the kind."""


def gravity_of(kind: str, code: str, value: float, domestic: str) -> tuple[float, int, int, str, bool, float, int]:
    """Return what decides between two events recorded in one second for one instant: the greater is the later.

    >>> gravity_of("rape", "", math.nan, "yes") > gravity_of("domestic_incident", "", math.nan, "yes")
    True
    >>> gravity_of("item_strangled", "yes", math.nan, "") > gravity_of("item_strangled", "no", math.nan, "")
    True
    """
    named = kinds()[kind]
    place = len(named.codes) - named.codes.index(code) if code in named.codes else 0
    absent = math.isnan(value)
    return (
        days_of(kind),
        -named.number,
        place,
        "" if place else code,
        not absent,
        0.0 if absent else value,
        _BY_GRAVITY.index(domestic) if domestic else 0,
    )


def detail_of(until: int, reported_by: str, proactive: bool, assessment: bool) -> tuple[int, int, bool, bool]:
    """Return what decides between events of equal gravity and role: the greater is the later.

    An open end (NEVER) lasts longest:

    >>> from threat.asof import NEVER
    >>> detail_of(NEVER, "police", False, False) > detail_of(100, "agency", False, False)
    True
    """
    return until, REPORTED_BY.index(reported_by), not proactive, not assessment


_DETAIL_BITS = 6
"""Beside the end: four bits of reporter, one each for proactive and assessment."""

_LATEST = 1 << 56
"""An end beyond this many seconds from 1970, either way, counts as this: an end and the details fit 63 bits."""


def details(
    until: NDArray[Any], reported_by: NDArray[Any], proactive: NDArray[np.bool_], assessment: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return ``detail_of`` of many events as numbers of one order: int64, the greater is the later.

    ``until``: UTC seconds, NEVER for an open end. ``reported_by``: index into ``schema.REPORTED_BY``.
    """
    out = np.clip(np.asarray(until, np.int64), -_LATEST, _LATEST) << _DETAIL_BITS
    out |= np.asarray(reported_by, np.int64) << 2
    out |= (~np.asarray(proactive, np.bool_)).astype(np.int64) << 1
    out |= (~np.asarray(assessment, np.bool_)).astype(np.int64)
    return out


@cache
def kind_ranks() -> NDArray[np.int64]:
    """Return the rank of each kind by gravity, by ``Kind.number``: int64, the gravest highest; read-only."""
    order = sorted(kinds().values(), key=lambda kind: (days_of(kind.name), -kind.number))
    out = np.empty(len(order), np.int64)
    out[[kind.number for kind in order]] = np.arange(len(order))
    out.setflags(write=False)
    return out


def code_ranks(code_names: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the severity of each code within a kind: int64 (kinds, codes + 1), the first column for no code.

    >>> from threat.vocabulary import kinds
    >>> ranks = code_ranks(("high", "standard", "scribble"))[kinds()["risk_grade"].number]
    >>> bool(ranks[1] > ranks[2] > ranks[3] > ranks[0])
    True
    """
    out = np.zeros((len(kinds()), len(code_names) + 1), np.int64)
    out[:, 1:][:, np.argsort(np.array(code_names, dtype=object), kind="stable")] = np.arange(1, len(code_names) + 1)
    column = {code: number for number, code in enumerate(code_names, 1)}
    for kind in kinds().values():
        for place, code in enumerate(reversed(kind.codes), 1):
            if code in column:
                out[kind.number, column[code]] = LISTED + place
    return out


def gravities(
    kind: NDArray[Any], code: NDArray[Any], value: NDArray[Any], domestic: NDArray[Any], code_names: tuple[str, ...]
) -> NDArray[np.int64]:
    """Return ``gravity_of`` of many events as numbers of one order: int64, the greater is the later.

    ``kind``: ``Kind.number``. ``code``: index into ``code_names``, -1 for none. ``value``: NaN when absent.
    ``domestic``: index into ``schema.DOMESTIC``.
    """
    out = kind_ranks()[kind] << _CODE_BITS
    out |= code_ranks(code_names)[kind, np.asarray(code, np.int64) + 1]
    out <<= _VALUE_BITS
    out |= _in_order(np.ascontiguousarray(value, np.float32))
    out <<= _DOMESTIC_BITS
    out |= domestic_ranks()[domestic]
    return out


@cache
def domestic_ranks() -> NDArray[np.int64]:
    """Return the rank of each domestic flag by gravity, by index into ``schema.DOMESTIC``: int64; read-only."""
    out = np.array([_BY_GRAVITY.index(word) for word in DOMESTIC], np.int64)
    out.setflags(write=False)
    return out


def _in_order(value: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return whole numbers of 32 bits in the order of the floats, NaN below them all.

    A float of IEEE 754 without a sign is in the order of its bits; with a sign, in the reverse order.
    """
    bits = (value + np.float32(0)).view(np.uint32)  # adding 0 makes -0 the 0 that it equals
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return np.where(np.isnan(value), 0, ordered).astype(np.int64)


def in_order(
    occurred_at: NDArray[np.int64],
    recorded_at: NDArray[np.int64],
    event_id: NDArray[np.int64],
    gravity: Any,
) -> NDArray[np.int64]:
    """Return the rows in the total order.

    ``gravity(rows)``: int64 arrays, what counts most first; asked only of rows that share both times.
    """
    order = np.lexsort((event_id, recorded_at, occurred_at))
    same = (np.diff(occurred_at[order]) == 0) & (np.diff(recorded_at[order]) == 0)
    settle(order, same, gravity)
    return order


def settle(order: NDArray[np.int64], same: NDArray[np.bool_], gravity: Any) -> None:
    """Put rows that share person and both times in the order of their gravity, in place; equal ones keep their order.

    ``same``: bool, one entry fewer than ``order``: whether a row of the order shares them with the next.
    """
    if not same.any():
        return
    tied = np.append(same, False) | np.append(False, same)
    rows = order[tied]
    group = np.cumsum(~np.append(False, same))[tied]
    order[tied] = rows[np.lexsort((*reversed(gravity(rows)), group))]
