"""The one boundary rule of time, half-open everywhere.

- Visible at an as-of: ``recorded_at < as_of`` and not withdrawn before it (``withdrawn_at >= as_of`` or never).
- A look-back window of *d* days holds ``as_of - d <= occurred_at < as_of``.
- A label window of *h* days holds ``as_of <= occurred_at < as_of + h``.

Outside, times are aware datetimes; inside, int64 UTC seconds. A day is 86,400 seconds. Nothing here reads the clock.
All predicates take scalars or NumPy arrays of int64 seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from threat.errors import UsageError

DAY = 86_400
"""Seconds in a day, by definition: windows do not follow daylight saving."""

NEVER = (1 << 62) - 1
"""The instant that never comes: ``until`` of an open stay, ``visible_until`` of a row never withdrawn."""


def seconds(when: datetime) -> int:
    """Aware datetime to int64 UTC seconds (whole seconds, rounded down). Raises UsageError when it has no time zone."""
    if when.tzinfo is None:
        raise UsageError(
            "A time needs a time zone.", value=when.isoformat(), way_out="add one, for example 2024-06-01T00:00+00:00"
        )
    return int(when.timestamp() // 1)


def instant(at: int) -> datetime:
    """Int64 UTC seconds to an aware UTC datetime."""
    return datetime.fromtimestamp(int(at), tz=UTC)


def parse_as_of(text: str) -> int:
    """Read an as-of written by a person: ISO 8601 with a time zone. A bare date means 00:00 UTC of that day.

    Returns int64 UTC seconds. Raises UsageError for anything else.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "An as-of is a date or a time in ISO 8601.", value=text, way_out="2024-06-01 or 2024-06-01T08:00+01:00"
        ) from None
    if len(text) <= 10:
        when = when.replace(tzinfo=UTC)
    return seconds(when)


def show(at: int) -> str:
    """Int64 UTC seconds as ISO 8601 text in UTC; ``never`` for NEVER."""
    return "never" if at >= NEVER else instant(at).isoformat()


def visible(recorded_at: Any, withdrawn_at: Any, as_of: Any) -> Any:
    """True where a row could be seen at ``as_of``."""
    return (recorded_at < as_of) & (withdrawn_at >= as_of)


def in_look_back(occurred_at: Any, as_of: Any, days: float) -> Any:
    """True where ``as_of - days <= occurred_at < as_of``."""
    return (occurred_at < as_of) & (occurred_at >= as_of - int(days * DAY))


def in_label_window(occurred_at: Any, as_of: Any, days: float) -> Any:
    """True where ``as_of <= occurred_at < as_of + days``."""
    return (occurred_at >= as_of) & (occurred_at < as_of + int(days * DAY))
