"""Due times: each line of ``clocks.txt``, and what holds whenever a clock begins."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from fixtures.drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

from serving.casework.clocks import Clocks, Due, due_in_words, overdue
from serving.casework.policy import Calendar, Rule, load_casework_policy
from serving.casework.working_calendar import bank_holidays, year_to_compare
from threat.asof import DAY, seconds
from threat.errors import UsageError

LONDON = ZoneInfo("Europe/London")
CLOCKS = Clocks(load_casework_policy())
DRAWN = [
    line
    for line in Path(__file__).with_name("clocks.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
STARTS = st.integers(seconds(datetime(2026, 1, 1, tzinfo=UTC)), seconds(datetime(2028, 12, 1, tzinfo=UTC)))
RULES = st.sampled_from(get_args(Rule))


def read(words: list[str]) -> int:
    """UTC seconds of a local time with its weekday, both of which must be right."""
    weekday, day, clock, offset = words
    when = datetime.fromisoformat(f"{day}T{clock}{offset}")
    local = when.astimezone(LONDON)
    assert f"{local:%a %Y-%m-%d %H:%M}" == f"{weekday} {day} {clock}", words
    return seconds(when)


@pytest.mark.parametrize("line", DRAWN)
def test_a_clock_is_due_when_drawn(line: str) -> None:
    rule, *words = line.split()
    assert CLOCKS.due(rule, read(words[:4])).at == read(words[4:])


def test_every_unit_of_a_clock_is_drawn_across_both_changes_of_the_hour() -> None:
    drawn_rules = {line.split()[0] for line in DRAWN}
    assert {CLOCKS.policy.clocks[rule].calendar for rule in drawn_rules} == {"always", "unit_hours", "working", "days"}
    offsets = {(line.split()[4], line.split()[8]) for line in DRAWN}
    assert offsets >= {("+00:00", "+01:00"), ("+01:00", "+00:00")}


def test_a_due_time_says_its_clock_and_what_it_runs_on() -> None:
    assert CLOCKS.due("grade_must_see", 1_800_000_000) == Due(1_800_014_400, "grade_must_see", "always")
    assert CLOCKS.due("grade_referral", 1_800_000_000).calendar == "working"
    with pytest.raises(UsageError, match=r"Not a clock of the policy\.\n  found: grade"):
        CLOCKS.due("grade", 0)


def test_a_day_on_which_the_force_is_closed_is_skipped() -> None:
    calendar = CLOCKS.policy.calendar.model_copy(update={"closed_on": frozenset({date(2027, 3, 4)})})
    section = CLOCKS.policy.section.model_copy(update={"calendar": calendar})
    clocks = Clocks(replace(CLOCKS.policy, section=section))
    began = read("Wed 2027-03-03 14:20 +00:00".split())
    assert clocks.due("decide_look_closer", began).at == read("Fri 2027-03-05 14:20 +00:00".split())
    assert clocks.due("grade_must_see", began) == CLOCKS.due("grade_must_see", began)


@drawn(400)
@given(RULES, STARTS, st.integers(0, 40 * DAY))
def test_what_begins_later_is_never_due_earlier_and_nothing_is_due_before_it_begins(
    rule: Rule, start: int, later: int
) -> None:
    due = CLOCKS.due(rule, start).at
    assert start < due <= CLOCKS.due(rule, start + later).at


@drawn(400)
@given(st.sampled_from([rule for rule in get_args(Rule) if CLOCKS.policy.clocks[rule].calendar == "working"]), STARTS)
def test_no_working_clock_is_due_outside_working_hours(rule: Rule, start: int) -> None:
    due = datetime.fromtimestamp(CLOCKS.due(rule, start).at, tz=LONDON)
    assert due.weekday() < 5
    assert due.date() not in bank_holidays(due.year)
    assert CLOCKS.working.is_open(due)


@drawn(200)
@given(st.sampled_from([rule for rule in get_args(Rule) if CLOCKS.policy.clocks[rule].calendar == "days"]), STARTS)
def test_a_clock_of_days_is_due_at_a_local_midnight(rule: Rule, start: int) -> None:
    due = datetime.fromtimestamp(CLOCKS.due(rule, start).at, tz=LONDON)
    assert (due.hour, due.minute, due.second) == (0, 0, 0)


@drawn(200)
@given(RULES, STARTS, st.sampled_from(["UTC", "Europe/London", "America/New_York", "Pacific/Auckland"]))
def test_a_clock_does_not_depend_on_how_its_beginning_was_written(rule: Rule, start: int, zone: str) -> None:
    written = datetime.fromtimestamp(start, tz=ZoneInfo(zone)).isoformat()
    assert CLOCKS.due(rule, seconds(datetime.fromisoformat(written))) == CLOCKS.due(rule, start)


def test_a_thing_is_overdue_at_the_very_second_it_is_due() -> None:
    assert [overdue(1000, now) for now in (999, 1000, 1001)] == [False, True, True]


def test_due_times_in_words() -> None:
    now = read("Tue 2027-04-06 13:00 +01:00".split())
    said = {
        "Tue 2027-04-06 13:40 +01:00": "by 13:40 today",
        "Wed 2027-04-07 09:05 +01:00": "by 09:05 tomorrow",
        "Fri 2027-04-09 17:00 +01:00": "by Fri 9 April 17:00",
        "Wed 2027-04-07 00:00 +01:00": "by the end of today",
        "Thu 2027-04-08 00:00 +01:00": "by the end of tomorrow",
        "Fri 2027-04-30 00:00 +01:00": "by the end of Thu 29 April",
        "Thu 2028-01-06 09:00 +00:00": "by Thu 6 January 2028 09:00",
        "Tue 2027-04-06 13:00 +01:00": "just past its time",
        "Tue 2027-04-06 12:59 +01:00": "1 minute past its time",
        "Tue 2027-04-06 12:01 +01:00": "59 minutes past its time",
        "Tue 2027-04-06 10:00 +01:00": "3 hours past its time",
        "Mon 2027-04-05 12:00 +01:00": "25 hours past its time",
        "Sat 2027-04-03 12:00 +01:00": "3 days past its time",
    }
    assert {text: due_in_words(read(text.split()), now, "Europe/London") for text in said} == said


def test_unit_hours_end_before_their_last_second() -> None:
    at = read("Tue 2027-03-02 08:00 +00:00".split())
    assert [CLOCKS.in_unit_hours(at + later) for later in (-1, 0, 10 * 3600 - 1, 10 * 3600)] == [
        False,
        True,
        True,
        False,
    ]


def test_the_bank_holidays_are_those_of_the_law_with_the_days_observed_instead() -> None:
    """England and Wales, on weekdays; whoever compares a year with the government's list draws it here."""
    weekdays = {year: [f"{day:%d %b}" for day in bank_holidays(year) if day.weekday() < 5] for year in (2026, 2027)}
    assert weekdays == {
        2026: ["01 Jan", "03 Apr", "06 Apr", "04 May", "25 May", "31 Aug", "25 Dec", "28 Dec"],
        2027: ["01 Jan", "26 Mar", "29 Mar", "03 May", "31 May", "30 Aug", "27 Dec", "28 Dec"],
    }


def test_somebody_compared_the_bank_holidays_of_sixty_days_ahead() -> None:
    """Fails when it is time: compare the next year's days, draw them above, and raise the year in the policy."""
    assert year_to_compare(CLOCKS.policy.calendar, datetime.now(UTC).date()) is None


def test_the_year_to_compare_is_asked_for_sixty_days_before_it() -> None:
    calendar: Calendar = CLOCKS.policy.calendar.model_copy(update={"bank_holidays_checked_until": 2027})
    assert year_to_compare(calendar, date(2027, 11, 1)) is None
    assert year_to_compare(calendar, date(2027, 11, 2)) == 2028
    assert year_to_compare(calendar, date(2028, 2, 1)) == 2028


def test_the_library_of_holidays_is_imported_by_working_days_alone() -> None:
    code = (
        "import sys\nfrom serving.casework.clocks import Clocks\n"
        "from serving.casework.policy import load_casework_policy\nclocks = Clocks(load_casework_policy())\n"
        "clocks.due('grade_must_see', 0)\nassert 'holidays' not in sys.modules\n"
        "clocks.due('grade_referral', 1_800_000_000)\nassert 'holidays' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
