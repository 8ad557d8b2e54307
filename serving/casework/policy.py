"""What a force signs for casework: clocks, limits and shares, the section ``casework`` of ``threat/policy.yaml``.

The file says what each number means. A policy of before 2026.4 has no such section: it makes lists and no cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from serving.casework.shipped import Closed, typed
from threat.errors import UsageError
from threat.policy import load_policy
from threat.vocabulary import kinds

Rule = Literal[
    "see_must_see",
    "grade_must_see",
    "grade_referral",
    "decide_act_today",
    "decide_look_closer",
    "answer_proposal",
    "plan_immediate",
    "plan_serious",
    "plan_present",
    "review_immediate_at_first",
    "review_immediate",
    "review_serious",
    "review_present",
    "review_watching",
    "acknowledge_referral_out",
    "outcome_of_referral_out",
    "answer_referral_in",
    "answer_immediate_danger",
    "tell_person_at_risk",
    "disclosure_scheme",
    "conference_repeat",
    "end_inactive",
    "look_again",
]
"""The clocks, by the names that code uses and that are stored with each due time."""

CalendarName = Literal["always", "unit_hours", "working", "days"]
"""What a clock runs on: every hour, unit hours, working hours, or whole local days."""


def _clock_time(given: Any) -> Any:
    # YAML reads 08:00 without quotes as 480, a number to the base of sixty.
    if isinstance(given, str):
        try:
            return time.fromisoformat(given)
        except ValueError:
            pass
    raise ValueError('not a clock time in quotes, such as "08:00"')


def _kind(given: Any) -> Any:
    if given not in kinds():
        raise ValueError("not a kind of the vocabulary")
    return given


ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Days = Annotated[int, Field(ge=1, strict=True)]
OneIn = Annotated[int, Field(ge=2, strict=True)]
Kind = Annotated[str, BeforeValidator(_kind)]


class Hours(Closed):
    """From ``begin`` up to, and not including, ``end``, in local time."""

    begin: ClockTime
    end: ClockTime

    @model_validator(mode="after")
    def _in_order(self) -> Hours:
        if self.begin >= self.end:
            raise ValueError(f"the hours end at {self.end:%H:%M}, not after they begin at {self.begin:%H:%M}")
        return self


class Calendar(Closed):
    """Days and hours of work; ``bank_holidays_checked_until``: the last year whose days a person has compared."""

    bank_holidays: Literal["england_and_wales"]
    bank_holidays_checked_until: int = Field(ge=2026, le=2100, strict=True)
    closed_on: frozenset[date]
    working_hours: Hours
    unit_hours: Hours


_LONGEST = 3660
"""Days that a clock may run at most: a number with a digit too many is a mistake."""


class Clock(Closed):
    """How long a thing may take, in exactly one unit. ``at``: the clock time of the last working day."""

    hours: int | None = Field(default=None, ge=1, le=24 * _LONGEST, strict=True)
    unit_hours: int | None = Field(default=None, ge=1, le=24, strict=True)
    working_days: int | None = Field(default=None, ge=1, le=_LONGEST, strict=True)
    days: int | None = Field(default=None, ge=1, le=_LONGEST, strict=True)
    months: int | None = Field(default=None, ge=1, le=120, strict=True)
    at: ClockTime | None = None

    @model_validator(mode="after")
    def _of_one_unit(self) -> Clock:
        given = [name for name in ("hours", "unit_hours", "working_days", "days", "months") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"a clock of {' and '.join(given) or 'no unit'}, not of exactly one")
        if self.at is not None and self.working_days is None:
            raise ValueError("a clock time without working_days")
        return self

    @property
    def calendar(self) -> CalendarName:
        """Return what the clock runs on."""
        if self.hours is not None:
            return "always"
        if self.unit_hours is not None:
            return "unit_hours"
        return "working" if self.working_days is not None else "days"


class Sitting(Closed):
    """Limits of one sitting, in cases."""

    cases_at_most: int = Field(ge=1, strict=True)
    strangulation_at_most: int = Field(ge=1, strict=True)


class Closing(Closed):
    """What keeps a case from being closed or let go."""

    severe_kinds: tuple[Kind, ...] = Field(min_length=1)
    severe_within_days: Days
    end_within_days: Days
    decider_may_confirm: bool = Field(strict=True)


class Section(Closed):
    """The section ``casework`` of a policy, as it stands in the file."""

    calendar: Calendar
    clocks: dict[Rule, Clock]
    keep_in_view_days: Days
    roll_limit_days: Days
    risen_places: int = Field(ge=1, strict=True)
    plans_at_once: int = Field(ge=1, strict=True)
    sealed_one_in: OneIn
    second_reader_one_in: OneIn
    sitting: Sitting
    brings_back: tuple[Kind, ...]
    closing: Closing
    safe_contact_days: Days


class _Document(Closed):
    casework: Section


@dataclass(frozen=True, slots=True)
class CaseworkPolicy:
    """The policy that acts are judged by.

    ``version`` and ``time_zone``: of the whole policy. ``reviews_per_cycle``: its capacity, and ``cycle_days``.
    ``brings_back``: kinds of record that bring a case back, every must-see kind among them.
    """

    version: str
    time_zone: str
    reviews_per_cycle: int
    cycle_days: int
    brings_back: frozenset[str]
    section: Section

    @property
    def calendar(self) -> Calendar:
        """Return the days and hours of work."""
        return self.section.calendar

    @property
    def clocks(self) -> Mapping[Rule, Clock]:
        """Return the clocks by name."""
        return self.section.clocks


def load_casework_policy(path: str | Path | None = None) -> CaseworkPolicy:
    """Read what a policy says of casework (None: the one shipped). Raises UsageError with every problem."""
    policy, where = load_policy(path), "threat/policy.yaml" if path is None else str(path)
    if not policy.casework:
        raise UsageError(
            "The policy has no section casework.",
            where=where,
            way_out="since 2026.4 it says when things are due; copy the section of threat/policy.yaml and sign it",
        )
    section = typed({"casework": dict(policy.casework)}, _Document, where, _problems).casework
    return CaseworkPolicy(
        version=policy.version,
        time_zone=policy.time_zone,
        reviews_per_cycle=policy.capacity,
        cycle_days=policy.cycle_days,
        brings_back=frozenset({*policy.must_see_kinds, *section.brings_back}),
        section=section,
    )


def _problems(document: _Document) -> list[str]:
    section = document.casework
    out = [f"casework.clocks lacks the clock {name}." for name in get_args(Rule) if name not in section.clocks]
    if section.keep_in_view_days > section.roll_limit_days:
        out.append("casework.keep_in_view_days is longer than casework.roll_limit_days.")
    if section.sitting.strangulation_at_most > section.sitting.cases_at_most:
        out.append("casework.sitting.strangulation_at_most is more than casework.sitting.cases_at_most.")
    watching = section.clocks.get("review_watching")
    if watching is not None and watching.days != section.keep_in_view_days:
        out.append("casework.clocks.review_watching is another number of days than casework.keep_in_view_days.")
    for name, clock in section.clocks.items():
        hours = section.calendar.working_hours
        if clock.at is not None and not hours.begin <= clock.at <= hours.end:
            out.append(f"casework.clocks.{name}: {clock.at:%H:%M} is outside working hours.")
    return out
