"""Times as sources write them, to int64 UTC seconds: formats, zones, days, and the hours of daylight saving."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY, seconds

_OFFSET = r".*\d[T ]\d\d:?\d\d.*(?:Z|[+-]\d\d:?\d\d)$"
"""A time of day, then an offset: the year of 01-06-2024 is no offset."""

_HAS_HOUR = re.compile(r"%-?[HIMSXTRcs]|ISO8601")
"""A format without any of these reads a day. So ``%Y-%m-%dT00:00:00`` does: for a source that writes days like that."""

_DIGIT = re.compile(r"\d")

_MIDNIGHT = r"[T ]00:?00(?::?00)?(?:\.0+)?(?:Z|[+-]\d\d:?\d\d)?$"
"""A time of 00:00, which many systems write for a day without a time."""

LAST_OF_DAY = ("recorded_at", "withdrawn_at", "until")
"""Columns in which a day means its last second: a fact dated by day was not known, and had not ended, before.

In all others (when a thing happened or began) a day means its first second.
"""

FIRST_RECORDED = seconds(datetime(1970, 1, 2, tzinfo=UTC))
"""No police record system is older. Day 0 of computer time is written for a date that was never filled."""

FIRST_START = seconds(datetime(1900, 1, 1, tzinfo=UTC))
"""Before any declared start of a source: a start is read with every other rule of the profile's times."""

_CYCLE = pd.Timedelta(days=146_097)
"""400 years, after which the calendar repeats."""
_CYCLE_SECONDS = 146_097 * DAY

_FAR = pd.Timestamp("9999-01-01")
"""From here on, the next day or another zone may be in the year 10000, which the standard library does not have."""


@dataclass(frozen=True, slots=True)
class TimeRule:
    """The rule that a column's times are read by. A time with an offset in it needs no zone.

    ``ambiguous``: which of the two hours an autumn hour means (``earlier``, ``later``), or ``quarantine``.
    ``nonexistent``: the same for a spring hour that never was (``shift_forward``, ``quarantine``). ``earliest``: int64
    UTC seconds; a time before it is impossible. ``last_of_day``: a day means its last second, not its first.
    """

    zone: str
    formats: tuple[str, ...]
    ambiguous: str
    nonexistent: str
    earliest: int
    last_of_day: bool = False


class Times(NamedTuple):
    """Times that were read, an entry per text.

    ``seconds``: int64 UTC seconds, 0 where empty or unreadable. ``reasons``: why a time cannot be used, "" if it can.
    ``is_day``: True where the text names a day without a time. ``is_midnight``: where it writes 00:00 as its time.
    """

    seconds: NDArray[np.int64]
    reasons: NDArray[np.object_]
    is_day: NDArray[np.bool_]
    is_midnight: NDArray[np.bool_]


def read_times(texts: pd.Series[Any], rule: TimeRule) -> Times:
    """Return UTC seconds of texts, the reasons why some cannot be used, and which name a day.

    Reasons: ``unreadable_time``, ``ambiguous_time``, ``nonexistent_time``, ``impossible_date`` (before ``earliest``).
    A day has no hour that could be ambiguous or nonexistent.

    >>> formats = ("%Y-%m-%dT%H:%M", "%Y-%m-%d")
    >>> rule = TimeRule("Europe/London", formats, "later", "quarantine", earliest=0, last_of_day=True)
    >>> texts = ["2024-10-27T01:30", "2024-03-31T01:30", "2024-07-01T12:00Z", "2024-07-01"]
    >>> times = read_times(pd.Series(texts), rule)
    >>> times.seconds.tolist(), times.reasons.tolist()
    ([1729992600, 1711846800, 1719835200, 1719874799], ['', 'nonexistent_time', '', ''])
    >>> times.is_day.tolist()
    [False, False, False, True]
    """
    # Each distinct text once: reading a time is slow, and exports repeat dates.
    codes, unique = pd.factorize(texts)
    read = _read_unique(pd.Series(unique, dtype="str"), rule)
    # Position -1, the code of an empty cell, is the value appended.
    return Times(
        np.append(read.seconds, 0)[codes],
        np.append(read.reasons, "")[codes],
        np.append(read.is_day, False)[codes],
        np.append(read.is_midnight, False)[codes],
    )


def _read_unique(texts: pd.Series[Any], rule: TimeRule) -> Times:
    out = Times(
        np.zeros(len(texts), dtype=np.int64),
        np.full(len(texts), "unreadable_time", dtype=object),
        np.zeros(len(texts), dtype=bool),
        np.zeros(len(texts), dtype=bool),
    )
    if not len(texts):
        return out
    with_offset = texts.str.match(_OFFSET).to_numpy(dtype=bool)
    instants = pd.DatetimeIndex(pd.to_datetime(texts[with_offset], format="ISO8601", utc=True, errors="coerce"))
    is_read = ~np.asarray(instants.isna())
    where = np.flatnonzero(with_offset)[is_read]
    out.seconds[where] = _utc_seconds(instants)[is_read]
    out.reasons[where] = ""
    # Trying every format on no text takes a tenth of the load of a file of a few rows.
    if not with_offset.all():
        _read_local(texts[~with_offset], np.flatnonzero(~with_offset), rule, out)
    out.is_midnight[:] = texts.str.contains(_MIDNIGHT, regex=True).to_numpy(dtype=bool) & ~out.is_day
    out.reasons[(out.reasons == "") & (out.seconds < rule.earliest)] = "impossible_date"
    return out


def _read_local(texts: pd.Series[Any], where: NDArray[np.int64], rule: TimeRule, out: Times) -> None:
    """Read texts without an offset into ``out``, at the positions ``where``."""
    times, is_day = parsed(texts, rule.formats)
    local = pd.DatetimeIndex(times)
    readable = ~np.asarray(local.isna())
    if rule.last_of_day and is_day.any():
        # The second before the next day begins, so that a day of 23 or 25 hours has its own end.
        local = local.where(~is_day, local + pd.Timedelta(days=1))
    first, second = (_local_seconds(local, rule.zone, summer) for summer in (True, False))
    exists = ~np.asarray(_localised(_within_range(local), rule.zone, "NaT", True).isna())
    twice = readable & (first != second) & ~is_day
    instant = np.where(is_day | (rule.ambiguous == "earlier"), first, second) - (is_day & rule.last_of_day)
    out.seconds[where] = np.where(readable, instant, 0)
    out.is_day[where] = is_day
    out.reasons[where[readable]] = ""
    if rule.ambiguous == "quarantine":
        out.reasons[where[twice]] = "ambiguous_time"
    if rule.nonexistent == "quarantine":
        out.reasons[where[readable & ~exists & ~is_day]] = "nonexistent_time"


def parsed(texts: pd.Series[Any], formats: tuple[str, ...]) -> tuple[pd.Series[Any], NDArray[np.bool_]]:
    """Return times without a zone, each by the first format that reads it (NaT: none does), and which are days."""
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    is_day = np.zeros(len(texts), dtype=bool)
    for item in formats:
        unread = out.isna()
        if not unread.any():
            break
        out[unread] = pd.to_datetime(texts[unread], format=item, errors="coerce").astype("datetime64[us]")
        if not _HAS_HOUR.search(item):
            is_day |= (unread & out.notna()).to_numpy()
    return out, is_day


def is_time(text: str, formats: tuple[str, ...]) -> bool:
    """Tell whether a text is a time or a day by some formats or has an offset, whichever year it names.

    >>> is_time("2024-02-30", ("%Y-%m-%d",)), is_time("2024-02-29", ("%Y-%m-%d",)), is_time("2024-02-29T10:00Z", ())
    (False, True, True)
    """
    if not _DIGIT.search(text):  # most texts: asked of every cell of free text, and strptime is slow to say no
        return False
    if re.match(_OFFSET, text):
        return True
    for item in formats:
        try:
            # One text at a time: pandas, which reads whole columns, takes a hundred times as long for it.
            datetime.strptime(text, item)  # noqa: DTZ007  only whether it can be read
        except ValueError:
            continue
        return True
    return False


@lru_cache(maxsize=64)
def days(dates: tuple[date, ...], zone: str) -> NDArray[np.int64]:
    """Return first and last second of local days, int64 UTC seconds, shape (n, 2); the array cannot be written to."""
    first = pd.DatetimeIndex(np.array([day.isoformat() for day in dates], dtype="datetime64[us]"))
    starts, nexts = (_local_seconds(at, zone, True) for at in (first, first + pd.Timedelta(days=1)))
    bounds = np.column_stack([starts, nexts - 1])
    bounds.setflags(write=False)  # the same array is returned every time
    return bounds


def end_of_day(at: int, zone: str) -> int:
    """Return the last second of the local day that an instant is in, int64 UTC seconds."""
    local = pd.Timestamp(at, unit="s", tz="UTC").tz_convert(zone)
    return int(days((local.date(),), zone)[0, 1])


def _local_seconds(local: pd.DatetimeIndex, zone: str, summer: bool) -> NDArray[np.int64]:
    """Return UTC seconds of local times. ``summer``: of an hour that comes twice the first; one never was moves on."""
    moved = np.asarray(local >= _FAR)
    return _utc_seconds(_localised(_within_range(local), zone, "shift_forward", summer)) + moved * _CYCLE_SECONDS


def _within_range(local: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return local times, those at the end of the year 9999 moved into a year that zones can be asked about."""
    return local.where(~np.asarray(local >= _FAR), local - _CYCLE)


def _localised(local: pd.DatetimeIndex, zone: str, nonexistent: Any, summer: bool) -> pd.DatetimeIndex:
    return local.tz_localize(zone, ambiguous=np.full(len(local), summer), nonexistent=nonexistent)


def _utc_seconds(instants: pd.DatetimeIndex) -> NDArray[np.int64]:
    return np.asarray(instants.tz_convert("UTC").as_unit("s").asi8)
