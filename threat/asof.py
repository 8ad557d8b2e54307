"""The one boundary rule of time, half-open everywhere.

- Visible at an as-of: ``recorded_at < as_of`` and not withdrawn before it (``withdrawn_at >= as_of`` or never).
- A look-back window of *d* days holds ``as_of - d <= occurred_at < as_of``.
- A label window of *h* days holds ``as_of <= occurred_at < as_of + h``, and what began before, is not over at the
  as-of and was not yet on record (``threat.asof_labels``).

```
        recorded_at < as_of: known        recorded_at >= as_of: not known
  ------[-------- look-back of d days --------[-------- label window of h days --------[------> time
     as_of - d                              as_of                                  as_of + h
```

Outside, times are aware datetimes; inside, int64 UTC seconds. A day is 86,400 seconds. Nothing here reads the clock.

No other module compares the time of a record with an as-of by hand, but for the lines that
``tests/threat/test_one_rule_of_time.py`` lists with their reasons: the test reads all modules. The predicates take
scalars or NumPy arrays of int64 seconds; ``threat.asof_compiled`` is the same functions as machine code for the loops
of the fold engine, and ``on_record_sql`` is ``on_record`` for a query.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from threat.errors import UsageError

DAY = 86_400
"""Seconds in a day, by definition: windows do not follow daylight saving."""

NEVER = (1 << 62) - 1
"""The instant that never comes: ``until`` of an open stay, ``visible_until`` of a row never withdrawn.

Not the largest int64: the feed's lag is added to times and an as-of subtracted from them, and neither may overflow.
"""


def seconds(when: datetime) -> int:
    """Return an aware datetime as int64 UTC seconds, rounded down. Raises UsageError when it has no time zone."""
    if when.tzinfo is None:
        raise UsageError(
            f"The time {when.isoformat()} has no time zone.", way_out="add one, for example 2024-06-01T00:00+00:00"
        )
    return int(when.timestamp() // 1)


def instant(at: int) -> datetime:
    """Return int64 UTC seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(int(at), tz=UTC)


def parse_as_of(text: str) -> int:
    """Read an as-of written by a person: ISO 8601 with a time zone. A bare date means 00:00 UTC of that day.

    Returns int64 UTC seconds. Raises UsageError for anything else.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "The as-of is not a date or time in ISO 8601.", value=text, way_out="2024-06-01 or 2024-06-01T08:00+01:00"
        ) from None
    # A date alone has at most ten characters: a list is asked for by day, and people type no zone with a day.
    if len(text) <= 10:
        when = when.replace(tzinfo=UTC)
    return seconds(when)


def show(at: int) -> str:
    """Return int64 UTC seconds as ISO 8601 text in UTC; ``never`` for NEVER."""
    return "never" if at >= NEVER else instant(at).isoformat()


def span(days: float) -> int:
    """Return a number of days in whole seconds, rounded down.

    >>> span(0.5)
    43200
    """
    return int(days * DAY)


def on_record(recorded_at: Any, as_of: Any) -> Any:
    """Mask of what was on record just before ``as_of``, withdrawn since or not."""
    return recorded_at < as_of


def on_record_sql(recorded_at: str) -> str:
    """Return ``on_record`` as a condition of SQL on a column, with a ``?`` for the as-of.

    >>> on_record_sql("recorded_at")
    'recorded_at < ?'
    """
    return f"{recorded_at} < ?"


def how_many_on_record(recorded_at: Any, as_of: Any) -> Any:
    """Count the entries of a sorted array of times that are ``on_record`` at each as-of.

    >>> import numpy as np
    >>> how_many_on_record(np.array([10, 20, 20, 30]), np.array([20, 21])).tolist()
    [1, 3]
    """
    return recorded_at.searchsorted(as_of, side="left")


def withdrawn(withdrawn_at: Any, as_of: Any) -> Any:
    """Mask of what was withdrawn or corrected before ``as_of``."""
    return withdrawn_at < as_of


def visible(recorded_at: Any, withdrawn_at: Any, as_of: Any) -> Any:
    """Mask of what could be seen at ``as_of``: known and not withdrawn.

    >>> [visible(at, NEVER, 100) for at in (99, 100)]
    [True, False]
    >>> [visible(0, withdrawn_at, 100) for withdrawn_at in (99, 100)]
    [False, True]
    """
    return (recorded_at < as_of) & (withdrawn_at >= as_of)


def within(at: Any, start: Any, end: Any) -> Any:
    """Mask of the half-open window ``start <= at < end``.

    >>> [within(at, 10, 20) for at in (9, 10, 19, 20)]
    [False, True, True, False]
    """
    return (at >= start) & (at < end)


def look_back_bounds(as_of: Any, days: float) -> tuple[Any, Any]:
    """Return the first instant of a look-back window, and the first instant after it.

    >>> look_back_bounds(10 * DAY, 3) == (7 * DAY, 10 * DAY)
    True
    """
    return as_of - int(days * DAY), as_of


def label_bounds(as_of: Any, days: float) -> tuple[Any, Any]:
    """Return the first instant of a label window, and the first instant after it.

    >>> label_bounds(10 * DAY, 3) == (10 * DAY, 13 * DAY)
    True
    """
    return as_of, as_of + int(days * DAY)


def happened(occurred_at: Any, as_of: Any) -> Any:
    """Mask of what lay in the past at ``as_of``; what is known in advance may not."""
    return occurred_at < as_of


def ended(until: Any, as_of: Any) -> Any:
    """Mask of the stays and orders that were over at ``as_of``: ``until`` is the first instant after a stay.

    >>> [ended(until, 100) for until in (99, 100, 101)]
    [True, True, False]
    """
    return until <= as_of


def in_look_back(occurred_at: Any, as_of: Any, days: float) -> Any:
    """Mask of ``as_of - days <= occurred_at < as_of``."""
    return (occurred_at < as_of) & (occurred_at >= as_of - int(days * DAY))


def in_label_window(occurred_at: Any, as_of: Any, days: float) -> Any:
    """Mask of ``as_of <= occurred_at < as_of + days``."""
    return (occurred_at >= as_of) & (occurred_at < as_of + int(days * DAY))


def near(at: Any, as_of: Any, days: float) -> Any:
    """Mask of ``as_of - days <= at < as_of + days``: what lies within some days of an as-of, before or after.

    >>> [near(at, 10 * DAY, 3) for at in (7 * DAY - 1, 7 * DAY, 13 * DAY - 1, 13 * DAY)]
    [False, True, True, False]
    """
    return (at >= as_of - int(days * DAY)) & (at < as_of + int(days * DAY))
