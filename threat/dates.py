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

NO_DAY = "on a day not known"
"""When something was of which no source gives the day: said in place of the day that stands in its row."""


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


def short_day(at: datetime | int, as_of: datetime | int, zone: str) -> str:
    """Return the local day of an instant for running text: without the year in the calendar year of the list's date.

    ``as_of``: of the list, whose date is its UTC date. ``zone``: in which the day of the instant is said.

    >>> christmas, summer = 1_735_084_800, 1_719_788_400
    >>> short_day(summer, christmas, "Europe/London"), short_day(summer, christmas + 30 * 86_400, "Europe/London")
    ('1 Jul', '1 Jul 2024')
    """
    when = local(at, zone).date()
    year = "" if when.year == local(as_of, "UTC").year else f" {when.year}"
    return f"{when.day} {when:%b}{year}"


def days_before(at: datetime | int, as_of: datetime | int, zone: str) -> int:
    """Return the days from the local day of an instant to the date of a list; negative for a day to come.

    >>> days_before(1_719_788_400, 1_719_792_000, "Europe/London"), days_before(1_719_788_400, 1_719_792_000, "UTC")
    (0, 1)
    """
    return (local(as_of, "UTC").date() - local(at, zone).date()).days


def how_long(days: int) -> str:
    """Return a number of days (0 or more) as people say it: days, then weeks, months and years, rounded half up.

    Days are said up to 4 weeks, weeks up to 3 months, months up to 2 years.

    >>> how_long(1), how_long(27), how_long(28), how_long(52), how_long(150), how_long(900)
    ('1 day', '27 days', '4 weeks', '7 weeks', 'about 5 months', 'about 2 years')
    """
    if days < _DAYS_UNTIL_WEEKS:
        return "1 day" if days == 1 else f"{days} days"
    if days < _DAYS_UNTIL_MONTHS:
        return f"{_rounded(days, 7)} weeks"
    if (months := _rounded(days, _DAYS_OF_MONTH)) < _MONTHS_UNTIL_YEARS:
        return f"about {months} months"
    return f"about {_rounded(days, _DAYS_OF_YEAR)} years"


def how_long_ago(at: datetime | int, as_of: datetime | int, zone: str) -> str:
    """Return how long before the date of a list an instant was; "in ..." for a day to come.

    >>> how_long_ago(1_719_788_400, 1_719_792_000 + 19 * 86_400, "Europe/London")
    '19 days ago'
    >>> how_long_ago(1_719_792_000, 1_719_792_000, "UTC"), how_long_ago(1_719_792_000, 1_719_700_000, "UTC")
    ('on the day of the list', 'in 2 days')
    """
    days = days_before(at, as_of, zone)
    if days == 0:
        return "on the day of the list"
    return f"{how_long(days)} ago" if days > 0 else f"in {how_long(-days)}"


_DAYS_UNTIL_WEEKS, _DAYS_UNTIL_MONTHS, _MONTHS_UNTIL_YEARS = 28, 91, 24
"""Where people change the unit: "27 days" but "4 weeks", "13 weeks" but "about 3 months". A week is exact enough to be
said without "about"; a month and a year are not."""

_DAYS_OF_MONTH, _DAYS_OF_YEAR = 30.436875, 365.2425
"""Mean lengths in the Gregorian calendar."""


def _rounded(days: int, unit: float) -> int:
    return int(days / unit + 0.5)


def local(at: datetime | int, zone: str) -> datetime:
    """Return an aware datetime or UTC seconds as a datetime in a zone (a name such as Europe/London)."""
    when = instant(at) if isinstance(at, int) else at
    return when.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
