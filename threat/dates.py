"""Dates and clock times as people read them, each in the zone that it is said in.

- What a record says (when a thing happened, was recorded, begins or ends) is said in the zone of the force
  (``Policy.time_zone``): ``day`` and ``moment``. A fact that a source dates by its day alone is one of a local day, and
  ``moment`` says that day without a clock time.
- An as-of, and up to when a delivery says that it covers its feed, is named by its UTC date in every zone:
  ``as_of_day`` and ``as_of_moment``. People ask for a list by day, which is 00:00 UTC of that day, and the list's id
  has that date. Said in a zone west of UTC, the list of 1 July would be called the list of 30 June.
- What the product itself did (made a list, put a model in service, saw an acceptance expire) is said in UTC as well, as
  its documents have it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from threat.asof import instant


def day(at: datetime | int, zone: str) -> str:
    """Return the local day of an aware datetime or of UTC seconds.

    A day in summer begins at 23:00 UTC of the day before, in London:

    >>> day(1_719_788_400, "Europe/London"), day(1_719_788_400, "UTC"), day(1_719_788_400, "America/New_York")
    ('1 July 2024', '30 June 2024', '30 June 2024')
    """
    return date_in_words(local(at, zone).date())


def moment(at: datetime | int, zone: str, *, by_day: bool = False) -> str:
    """Return the local day and clock time; the day alone where the source dates by day (``by_day``).

    >>> moment(1_719_788_400, "Europe/London"), moment(1_719_788_400, "Europe/London", by_day=True)
    ('1 July 2024, 00:00', '1 July 2024')
    """
    return day(at, zone) if by_day else f"{day(at, zone)}, {local(at, zone):%H:%M}"


def as_of_day(as_of: datetime | int) -> str:
    """Return the UTC date of an as-of.

    >>> as_of_day(1_719_792_000)
    '1 July 2024'
    """
    return day(as_of, "UTC")


def as_of_moment(as_of: datetime | int) -> str:
    """Return the UTC date and clock time of an as-of, or of what the product did, with the zone.

    >>> as_of_moment(1_719_792_000)
    '1 July 2024, 00:00 UTC'
    """
    return f"{moment(as_of, 'UTC')} UTC"


def date_in_words(when: date) -> str:
    """Return a date as people write it.

    >>> date_in_words(date(2024, 7, 1))
    '1 July 2024'
    """
    return f"{when.day} {when:%B %Y}"


def local(at: datetime | int, zone: str) -> datetime:
    """Return an aware datetime or UTC seconds as a datetime in a zone (a name such as Europe/London)."""
    when = instant(at) if isinstance(at, int) else at
    return when.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
