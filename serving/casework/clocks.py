"""When a thing is due, by the clocks of the policy: computed once, kept with the clock's name, never computed again.

A due time is the first second after the time allowed, as every end of the product is (``threat.asof``): what is due by
13:40 is in time at 13:39:59 and overdue at 13:40:00.

Hours run day and night, and are whole hours across the change of clocks. Working days skip weekends, bank holidays and
the force's own days. Days are local days: what is due in 28 days is due by the end of the 28th, whatever the hour it
began and whichever of the days between has 23 hours or 25.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from serving.casework.policy import CalendarName, CaseworkPolicy, Clock, Rule
from serving.casework.working_calendar import WorkingCalendar, begins
from threat.asof import ended, seconds
from threat.dates import local
from threat.errors import UsageError

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due: ``at``, UTC seconds, by which clock of the policy, and what that clock runs on."""

    at: int
    rule: Rule
    calendar: CalendarName


@dataclass(frozen=True)
class Clocks:
    """The clocks of a policy. ``policy.version`` is what an act keeps next to a due time."""

    policy: CaseworkPolicy

    def due(self, rule: Rule, started_at: int) -> Due:
        """Return when something is due that began at ``started_at`` (UTC seconds). Raises UsageError for no clock.

        >>> from serving.casework.policy import load_casework_policy
        >>> Clocks(load_casework_policy()).due("decide_act_today", 1_800_000_000)
        Due(at=1800014400, rule='decide_act_today', calendar='always')
        """
        clock = self.policy.clocks.get(rule)
        if clock is None:
            raise UsageError("Not a clock of the policy.", value=rule, where="casework.clocks")
        return Due(self._at(clock, started_at), rule, clock.calendar)

    def in_unit_hours(self, at: int) -> bool:
        """Tell whether somebody of the unit is there at an instant, UTC seconds; otherwise the duty contact is told."""
        hours = self.policy.calendar.unit_hours
        return hours.begin <= local(at, self.policy.time_zone).time() < hours.end

    @cached_property
    def working(self) -> WorkingCalendar:
        """Return the days and hours of work."""
        return WorkingCalendar(self.policy.calendar, ZoneInfo(self.policy.time_zone))

    def _at(self, clock: Clock, started_at: int) -> int:
        if clock.hours is not None:
            return started_at + clock.hours * _HOUR
        start = local(started_at, self.policy.time_zone)
        if clock.unit_hours is not None:
            return seconds(begins(self.policy.calendar.unit_hours, start)) + clock.unit_hours * _HOUR
        if clock.working_days is not None:
            return seconds(self._working(start, clock.working_days, clock.at))
        if clock.months is not None:
            return self._end_of(_months_after(start.date(), clock.months))
        return self._end_of(start.date() + timedelta(days=clock.days or 0))

    def _working(self, start: datetime, days: int, at: time | None) -> datetime:
        if at is None:
            start = self.working.opening_from(start)
            # The clock time alone: an hour that comes twice is one clock time, and working hours hold none such.
            at = start.time().replace(fold=0)
        return self.working.at(self.working.working_days_after(start.date(), days), at)

    def _end_of(self, day: date) -> int:
        return seconds(self.working.at(day + timedelta(days=1), time.min))


def overdue(due_at: int, now: int) -> bool:
    """Tell whether a due time has come; both in UTC seconds. At its very second a thing is overdue.

    >>> overdue(100, 99), overdue(100, 100)
    (False, True)
    """
    return bool(ended(due_at, now))


def due_in_words(due_at: int, now: int, zone: str) -> str:
    """Return a due time as pages say it, seen from ``now``; both in UTC seconds, said in the zone of the force.

    The end of a local day is said by that day. 1_617_710_400 is 6 April 2021, 13:00 in London.

    >>> now = 1_617_710_400
    >>> [due_in_words(now + later, now, "Europe/London") for later in (2400, 86_400 + 14_400, 3 * 86_400, -3 * 3600)]
    ['by 13:40 today', 'by 17:00 tomorrow', 'by Fri 9 April 13:00', '3 hours past its time']
    >>> [due_in_words(now + later, now, "Europe/London") for later in (11 * 3600, 11 * 3600 + 5 * 86_400)]
    ['by the end of today', 'by the end of Sun 11 April']
    """
    if overdue(due_at, now):
        return _past(now - due_at)
    due, today = local(due_at, zone), local(now, zone).date()
    if due.time() == time.min:
        return f"by the end of {_day(local(due_at - 1, zone).date(), today)}"
    day = _day(due.date(), today)
    return f"by {due:%H:%M} {day}" if day in ("today", "tomorrow") else f"by {day} {due:%H:%M}"


def _day(day: date, today: date) -> str:
    if day == today:
        return "today"
    if day == today + timedelta(days=1):
        return "tomorrow"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%a} {day.day} {day:%B}{year}"


def _past(late: int) -> str:
    for unit, word in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if late >= unit * (2 if unit == _DAY else 1):
            count = late // unit
            return f"{count} {word}{'' if count == 1 else 's'} past its time"
    return "just past its time"


def _months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
