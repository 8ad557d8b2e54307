"""Which days and hours the unit works: no weekend, no bank holiday, no day on which the force is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from serving.casework.policy import Calendar, Hours

_SATURDAY = 5
_DAY = timedelta(days=1)


@cache
def bank_holidays(year: int) -> dict[date, str]:
    """Return the bank holidays of England and Wales in a year, by day, with the days observed instead.

    A day that is moved to a weekday is there twice: as the day itself, and as the day observed.
    """
    # Imported here: it takes a tenth of a second or two, and only working days ask for it.
    from holidays import country_holidays

    return dict(sorted(country_holidays("GB", subdiv="ENG", years=year, language="en_GB").items()))


LEAD = timedelta(days=60)
"""How long ahead somebody must have compared the bank holidays of a year: plans and reviews are dated that far."""


def year_to_compare(calendar: Calendar, today: date) -> int | None:
    """Return the year whose bank holidays somebody has to compare by now; None where all are compared.

    The library computes every year by rule, so that it has days for a year does not say that they are right.
    """
    year = (today + LEAD).year
    return year if year > calendar.bank_holidays_checked_until else None


@dataclass(frozen=True)
class WorkingCalendar:
    """The working days and hours of a unit in its time zone. All times it takes and gives are local and aware."""

    calendar: Calendar
    zone: ZoneInfo

    def is_working_day(self, day: date) -> bool:
        """Tell whether the unit works on a day."""
        closed = day in self.calendar.closed_on or day in bank_holidays(day.year)
        return day.weekday() < _SATURDAY and not closed

    def is_open(self, when: datetime) -> bool:
        """Tell whether an instant lies in working hours: from when they begin, up to and not at their end."""
        hours = self.calendar.working_hours
        return self.is_working_day(when.date()) and hours.begin <= when.time() < hours.end

    def next_working_day(self, day: date) -> date:
        """Return the first working day after a day."""
        day += _DAY
        while not self.is_working_day(day):
            day += _DAY
        return day

    def working_days_after(self, day: date, count: int) -> date:
        """Return the working day that is ``count`` working days after a day."""
        for _ in range(count):
            day = self.next_working_day(day)
        return day

    def opening_from(self, when: datetime) -> datetime:
        """Return the instant itself where it lies in working hours, otherwise when they next begin."""
        begin = self.calendar.working_hours.begin
        if self.is_open(when):
            return when
        if self.is_working_day(when.date()) and when.time() < begin:
            return self.at(when.date(), begin)
        return self.at(self.next_working_day(when.date()), begin)

    def at(self, day: date, clock: time) -> datetime:
        """Return a clock time of a day in the zone."""
        return datetime.combine(day, clock, tzinfo=self.zone)


def begins(hours: Hours, when: datetime) -> datetime:
    """Return the instant itself where it lies in hours that are every day's, otherwise when they next begin."""
    if hours.begin <= when.time() < hours.end:
        return when
    day = when.date() if when.time() < hours.begin else when.date() + _DAY
    return datetime.combine(day, hours.begin, tzinfo=when.tzinfo)
