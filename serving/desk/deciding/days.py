"""Days of a form as times, in the zone of the force."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from threat.asof import seconds


def begin_of(text: str, zone: str) -> int | None:
    """Return the first second of a day (``2027-03-28``), UTC seconds; None for a text that is no day.

    >>> begin_of("2027-03-28", "Europe/London"), begin_of("soon", "Europe/London")
    (1806192000, None)
    """
    try:
        named = date.fromisoformat(text)
    except ValueError:
        return None
    return seconds(datetime.combine(named, time.min, ZoneInfo(zone)))


def end_of(text: str, zone: str) -> int | None:
    """Return the first second after a day, UTC seconds: by then a thing is due "by the end of" that day.

    >>> end_of("2027-03-28", "Europe/London")  # a day of 23 hours
    1806274800
    """
    begun = begin_of(text, zone)
    if begun is None or text >= "9999-12-31":
        return None
    following = date.fromisoformat(text) + timedelta(days=1)
    return begin_of(following.isoformat(), zone)
