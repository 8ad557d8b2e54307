"""Times as sources write them, to int64 UTC seconds: formats, zones, the hours daylight saving repeats or skips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_OFFSET = r".*\d[T ]\d\d:?\d\d.*(?:Z|[+-]\d\d:?\d\d)$"
"""A time of day, then an offset: the year of 01-06-2024 is no offset."""


@dataclass(frozen=True, slots=True)
class TimeRule:
    """The rule that a column's times are read by. A time with an offset in it needs no zone.

    ``ambiguous``: which of the two hours an autumn hour means (``earlier``, ``later``), or ``quarantine``.
    ``nonexistent``: the same for a spring hour that never was (``shift_forward``, ``quarantine``). ``earliest``: int64
    UTC seconds; a time before it is impossible.
    """

    zone: str
    formats: tuple[str, ...]
    ambiguous: str
    nonexistent: str
    earliest: int


def read_times(texts: pd.Series[Any], rule: TimeRule) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return UTC seconds (0 where empty or unreadable) and the reason why a row's time cannot be used ("" if it can).

    Reasons: ``unreadable_time``, ``ambiguous_time``, ``nonexistent_time``, ``impossible_date`` (before ``earliest``).

    >>> rule = TimeRule("Europe/London", ("%Y-%m-%dT%H:%M",), "later", "quarantine", earliest=0)
    >>> values, reasons = read_times(pd.Series(["2024-10-27T01:30", "2024-03-31T01:30", "2024-07-01T12:00Z"]), rule)
    >>> values.tolist(), reasons.tolist()
    ([1729992600, 1711846800, 1719835200], ['', 'nonexistent_time', ''])
    """
    # Each distinct text once: reading a time is slow, and exports repeat dates.
    codes, unique = pd.factorize(texts)
    values, reasons = _read_unique(pd.Series(unique, dtype="str"), rule)
    seconds = np.append(values, 0)[codes]
    return seconds, np.append(reasons, "")[codes]


def _read_unique(texts: pd.Series[Any], rule: TimeRule) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    seconds = np.zeros(len(texts), dtype=np.int64)
    reasons = np.full(len(texts), "unreadable_time", dtype=object)
    if not len(texts):
        return seconds, reasons
    with_offset = texts.str.match(_OFFSET).to_numpy(dtype=bool)
    aware = pd.to_datetime(texts[with_offset], format="ISO8601", utc=True, errors="coerce")
    local = pd.DatetimeIndex(_parsed(texts[~with_offset], rule.formats))
    instants = pd.DatetimeIndex(aware)
    is_read = ~np.asarray(instants.isna())
    where = np.flatnonzero(with_offset)[is_read]
    seconds[where] = _utc_seconds(instants)[is_read]
    reasons[where] = ""

    readable = ~np.asarray(local.isna())
    first, second = (_utc_seconds(_localised(local, rule.zone, "shift_forward", summer)) for summer in (True, False))
    exists = ~np.asarray(_localised(local, rule.zone, "NaT", True).isna())
    twice = readable & (first != second)
    where = np.flatnonzero(~with_offset)
    seconds[where] = np.where(readable, np.where(rule.ambiguous == "earlier", first, second), 0)
    reasons[where[readable]] = ""
    if rule.ambiguous == "quarantine":
        reasons[where[twice]] = "ambiguous_time"
    if rule.nonexistent == "quarantine":
        reasons[where[readable & ~exists]] = "nonexistent_time"
    reasons[(reasons == "") & (seconds < rule.earliest)] = "impossible_date"
    return seconds, reasons


def _parsed(texts: pd.Series[Any], formats: tuple[str, ...]) -> pd.Series[Any]:
    """Return times without a zone, each by the first format that reads it; NaT where no format does."""
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    for item in formats:
        unread = out.isna()
        out[unread] = pd.to_datetime(texts[unread], format=item, errors="coerce").astype("datetime64[us]")
    return out


def _localised(local: pd.DatetimeIndex, zone: str, nonexistent: Any, summer: bool) -> pd.DatetimeIndex:
    return local.tz_localize(zone, ambiguous=np.full(len(local), summer), nonexistent=nonexistent)


def _utc_seconds(instants: pd.DatetimeIndex) -> NDArray[np.int64]:
    return np.asarray(instants.tz_convert("UTC").as_unit("s").asi8)
