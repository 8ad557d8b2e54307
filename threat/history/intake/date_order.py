"""Whether the dates of a file are day first or month first, as far as the data says; a profile that has it wrong loads.

01/02/2024 is read without a word either way. Only a day after the 12th says which is right, and small exports may have
none; then what the dates mean says something: nothing is recorded before it happens, and nothing after it was loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from threat.asof import DAY
from threat.history.intake.profile import Profile
from threat.history.intake.sheet import Sheet
from threat.history.intake.times import parsed

_DAY_OR_MONTH = re.compile(r"%-?([dm])")
_YEAR = re.compile(r"%-?[Yy]")

_PROVEN_BY = 50_000
"""Rows of a column looked at first: in a column of right dates some are after the 12th, and all texts of a large export
need not be read a second time."""


class _Readings(NamedTuple):
    """Times of one column, a row each and NaT where not read: ``ours`` by the profile, ``other`` by the other order."""

    ours: pd.Series[Any]
    other: pd.Series[Any]


def other_order(layout: str) -> str:
    """Return a format with day and month changed over; as it is where there is only one order, such as year first.

    >>> other_order("%d/%m/%Y %H:%M"), other_order("%m-%d-%y"), other_order("%Y-%m-%d"), other_order("%d %b %Y")
    ('%m/%d/%Y %H:%M', '%d-%m-%y', '%Y-%m-%d', '%d %b %Y')
    """
    parts, year = _DAY_OR_MONTH.findall(layout), _YEAR.search(layout)
    first = _DAY_OR_MONTH.search(layout)
    if sorted(parts) != ["d", "m"] or first is None or (year is not None and year.start() < first.start()):
        return layout
    return _DAY_OR_MONTH.sub(lambda match: match[0][:-1] + ("m" if match[1] == "d" else "d"), layout)


def say_date_order(sheet: Sheet, profile: Profile, loaded_at: int) -> None:
    """Say on a sheet when its dates may be of the other order than the profile's, or when the data cannot tell.

    ``loaded_at``: int64 UTC seconds. Nothing is changed: rows whose dates cannot be read are quarantined as ever.
    """
    formats = tuple(other_order(layout) for layout in profile.formats)
    columns = {
        column.name: column.source
        for column in sheet.file.columns
        if column.type == "time" and not column.absent and column.source in sheet.raw.column_names
    }
    if formats == profile.formats or not sheet.own_rows:
        return
    written = {name: sheet.raw.column(source).slice(0, sheet.own_rows) for name, source in columns.items()}
    if any(_is_proven(column, profile.formats, formats) for column in written.values()):
        return
    texts = {name: column.to_pandas() for name, column in written.items()}
    readings = {
        name: _Readings(_read(column, profile.formats), _read(column, formats)) for name, column in texts.items()
    }
    _say(sheet, readings, ("day", "month") if _is_day_first(profile.formats) else ("month", "day"), loaded_at)


def _say(sheet: Sheet, readings: Mapping[str, _Readings], orders: tuple[str, str], loaded_at: int) -> None:
    """Say what the two readings of a file show. ``orders``: what comes first by the profile, and what by the other."""
    # Midday and other times in the text are the same in either order: what differs is the date.
    only_ours = sum(int((of.ours.notna() & of.other.isna()).sum()) for of in readings.values())
    only_other = sum(int((of.ours.isna() & of.other.notna()).sum()) for of in readings.values())
    either = sum(int((of.ours.notna() & of.other.notna() & (of.ours != of.other)).sum()) for of in readings.values())
    if only_ours or not (only_other or either):
        return
    name, (order, opposite) = sheet.file.path, orders
    if only_other:
        sheet.warnings.append(
            f"The dates of {name} may be {opposite} first: {only_other:,} of them can be read only so, and none only "
            f"{order} first, as the profile says."
        )
        return
    ours, other = (_cannot_be({name: of[place] for name, of in readings.items()}, loaded_at) for place in (0, 1))
    both = (
        f"The dates of {name} can be read {order} first, as the profile says, and {opposite} first, {either:,} of them "
        "with another meaning"
    )
    if ours > other:
        sheet.warnings.append(
            f"{both}. They may be {opposite} first: read {order} first, {ours:,} rows happened after they were "
            f"recorded or lie after this load; {opposite} first, {other:,}."
        )
    else:
        sheet.notices.append(f"{both}: nothing in the file says which is right.")


def _is_day_first(formats: tuple[str, ...]) -> bool:
    layout = next(layout for layout in formats if other_order(layout) != layout)
    return _DAY_OR_MONTH.findall(layout)[0] == "d"


def _is_proven(texts: pa.ChunkedArray, formats: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether one of the first texts can be read in the profile's order alone."""
    few = texts.slice(0, _PROVEN_BY).unique().drop_null().to_pandas().astype("str")
    return bool((_read(few, formats).notna() & _read(few, other).isna()).any())


def _read(texts: pd.Series[Any], formats: tuple[str, ...]) -> pd.Series[Any]:
    """Return the local times of texts without an offset, NaT where no format reads the text."""
    codes, unique = pd.factorize(texts)
    times = parsed(pd.Series(unique, dtype="str"), formats)[0].to_numpy()
    # The unit of the times: a NaT without one is deprecated in NumPy.
    return pd.Series(np.append(times, np.array(["NaT"], dtype=times.dtype))[codes], index=texts.index)


def _cannot_be(times: dict[str, pd.Series[Any]], loaded_at: int) -> int:
    """Count the rows that happened on a day after their recording, or whose days lie after the day of the load."""
    days = {name: column.dt.normalize() for name, column in times.items() if name in ("occurred_at", "recorded_at")}
    # A day more: the load's own day has not the same name in every zone.
    latest = pd.Timestamp(loaded_at + DAY, unit="s").normalize()
    wrong: NDArray[np.bool_] = np.zeros(len(next(iter(times.values()))), dtype=bool)
    for column in days.values():
        wrong |= (column > latest).to_numpy()
    if len(days) > 1:
        wrong |= (days["occurred_at"] > days["recorded_at"]).to_numpy()
    return int(wrong.sum())
