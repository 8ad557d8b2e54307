"""Forward-chained folds. Nothing used to fit, choose or calibrate may have been learnt after the fold's fit date.

For every fold, with horizon h and embargo e:

- a fit row's window has closed and its late records have had time to arrive: ``as_of + h + e <= fit_date``;
- fit labels are those recorded before the fit date;
- the fit date is not after the first as-of the fold is measured on.

The test is the last stretch whose windows close (embargo included) by the label-knowledge date. Validation folds end
early enough for their labels to be known at the test's fit date: they choose and calibrate, so they obey the same rule.

Drawn for months, two validation folds of two lists, a test of three, h = 180 days and e = 30 (F: as-ofs fitted on;
M: lists measured on; each line is one fold; the bars are the fit dates)::

                     2021        2022                    2023                  2024-01-01: label knowledge
                     J...   ...N D J F M A M J J A S O N D J F M A M J J A ...
    validation_1     FFFFFFFFFFF             |M M                              fit date 2022-06-01
    validation_2     FFFFFFFFFFFFF F             |M M                          fit date 2022-08-01
    test             FFFFFFFFFFFFF F F F F F F F F F             |M M M        fit date 2023-04-01
                                                   <-- h + e --->     <-- h + e --> 2023-12-28

The test's last as-of (2023-06-01) plus 210 days is 2023-12-28, by the label-knowledge date. The test's fit date less
210 days is 2022-09-03, so 2022-09-01 is the last as-of to fit on, and the last one that validation may measure.
``tests/training/cohorts/test_folds.py`` holds these very dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from threat.asof import DAY, instant, seconds, show
from threat.errors import UsageError
from training.config import CalendarSettings


@dataclass(frozen=True, slots=True)
class Cycle:
    """One list: rows with ``start <= as_of < end`` (a monthly cohort has its only as-of at ``start``). UTC seconds."""

    number: int
    start: int
    end: int
    last_as_of: int


@dataclass(frozen=True, slots=True)
class Fold:
    """``fit``: cycles whose rows may be fitted on at ``fit_date``; ``measure``: the cycles it is measured on."""

    name: str
    fit_date: int
    fit: tuple[Cycle, ...]
    measure: tuple[Cycle, ...]


@dataclass(frozen=True, slots=True)
class Folds:
    """Validation folds in order of time, the test fold, and the date up to which labels are known."""

    validation: tuple[Fold, ...]
    test: Fold
    label_knowledge: int
    horizon_days: int
    embargo_days: int

    @property
    def all(self) -> tuple[Fold, ...]:
        """The validation folds, then the test."""
        return (*self.validation, self.test)

    def cycles(self) -> list[Cycle]:
        """Every cycle used by any fold, once, in order of time."""
        used = {cycle for fold in self.all for cycle in (*fold.fit, *fold.measure)}
        return sorted(used, key=lambda cycle: cycle.start)

    def as_dict(self) -> dict[str, Any]:
        """For ``folds.json``: every date a reviewer needs to check the rule."""
        return {
            "label_knowledge": show(self.label_knowledge),
            "horizon_days": self.horizon_days,
            "embargo_days": self.embargo_days,
            "rule": "as_of + horizon + embargo <= fit date <= first as-of measured; labels recorded before fit date",
            "folds": [_fold_dict(fold) for fold in self.all],
        }


def _fold_dict(fold: Fold) -> dict[str, Any]:
    return {
        "name": fold.name,
        "fit_date": show(fold.fit_date),
        "fit_from": show(fold.fit[0].start),
        "fit_last_as_of": show(fold.fit[-1].last_as_of),
        "fit_cycles": len(fold.fit),
        "measured_from": show(fold.measure[0].start),
        "measured_last_as_of": show(fold.measure[-1].last_as_of),
        "measured_cycles": [{"cycle": cycle.number, "start": show(cycle.start)} for cycle in fold.measure],
    }


def cycles(first: int, last: int, every: str, *, spread: bool) -> list[Cycle]:
    """Whole cycles that start at or after ``first`` and end at or before ``last`` (UTC seconds).

    ``every``: ``month`` (from the first, 00:00 UTC) or ``week`` (from Monday, 00:00 UTC). ``spread``: as-ofs lie
    anywhere within the cycle; otherwise only at its start, which may then be as late as ``last``.
    """
    starts: list[datetime] = []
    at = instant(first).replace(hour=0, minute=0, second=0, microsecond=0)
    at = at.replace(day=1) if every == "month" else at - timedelta(days=at.weekday())
    while seconds(at) <= last:
        starts.append(at)
        at = _next(at, every)
    starts.append(at)
    out: list[Cycle] = []
    for start, end in pairwise(starts):
        last_as_of = seconds(end) - 1 if spread else seconds(start)
        if seconds(start) >= first and last_as_of <= last:
            out.append(Cycle(len(out), seconds(start), seconds(end), last_as_of))
    return out


def _next(at: datetime, every: str) -> datetime:
    if every == "week":
        return at + timedelta(days=7)
    return datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)


def draw(
    calendar: CalendarSettings, horizon_days: int, *, history_start: int, label_knowledge: int, spread: bool
) -> Folds:
    """The folds that fit between the first record and the label-knowledge date (UTC seconds).

    Raises UsageError, with the days wanted and the days there are, when they don't fit.
    """
    wait = (horizon_days + calendar.embargo_days) * DAY
    every = cycles(history_start + calendar.look_back_days * DAY, label_knowledge, calendar.cycle, spread=spread)

    def known_by(date: int) -> list[Cycle]:
        return [cycle for cycle in every if cycle.last_as_of + wait <= date]

    test = known_by(label_knowledge)[-calendar.test_cycles :]
    if len(test) < calendar.test_cycles:
        raise _no_room("test", calendar, horizon_days, history_start, label_knowledge)
    fit_date = test[0].start
    wanted = calendar.validation_folds * calendar.validation_cycles
    measured = known_by(fit_date)[-wanted:] if wanted else []
    if len(measured) < wanted or not known_by(fit_date):
        raise _no_room("validation", calendar, horizon_days, history_start, label_knowledge)
    validation = []
    for i in range(calendar.validation_folds):
        part = measured[i * calendar.validation_cycles : (i + 1) * calendar.validation_cycles]
        fit = known_by(part[0].start)
        if not fit:
            raise _no_room(f"validation fold {i + 1}", calendar, horizon_days, history_start, label_knowledge)
        validation.append(Fold(f"validation_{i + 1}", part[0].start, tuple(fit), tuple(part)))
    return Folds(
        tuple(validation),
        Fold("test", fit_date, tuple(known_by(fit_date)), tuple(test)),
        label_knowledge,
        horizon_days,
        calendar.embargo_days,
    )


def _no_room(
    what: str, calendar: CalendarSettings, horizon_days: int, history_start: int, label_knowledge: int
) -> UsageError:
    days = {"month": 31, "week": 7}[calendar.cycle]
    lists = calendar.test_cycles + calendar.validation_folds * calendar.validation_cycles + 1
    windows = 3 if calendar.validation_folds else 2
    wanted = calendar.look_back_days + windows * (horizon_days + calendar.embargo_days) + lists * days
    return UsageError(
        f"The history is too short for the folds: no room for the {what}.",
        value=f"{(label_knowledge - history_start) // DAY} days of records, about {wanted} wanted in whole cycles: "
        f"look-back {calendar.look_back_days}, {windows} times horizon {horizon_days} + embargo "
        f"{calendar.embargo_days}, {lists} cycles of up to {days}",
        where=f"{show(history_start)} to {show(label_knowledge)}",
        way_out="shorten horizon_days, look_back_days, test_cycles or validation folds, or load more history",
    )
