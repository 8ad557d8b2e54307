"""Dates as people write them, in UTC."""

from __future__ import annotations

from datetime import date, datetime

from threat.asof import instant


def day(when: date | int) -> str:
    """1 June 2024, from a date, an aware datetime or UTC seconds."""
    when = instant(when) if isinstance(when, int) else when
    return f"{when.day} {when:%B %Y}"


def moment(when: datetime | int) -> str:
    """1 June 2024, 08:00, from an aware datetime or UTC seconds."""
    when = instant(when) if isinstance(when, int) else when
    return f"{day(when)}, {when:%H:%M}"
