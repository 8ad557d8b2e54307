"""Forward-chained folds. Nothing used to fit, choose or calibrate may have been learnt after the fold's fit date.

For every fold, with horizon h and embargo e:

- a fit row's window has closed and its late records have had time to arrive: ``as_of + h + e <= fit_date``;
- fit labels are those recorded before the fit date;
- the fit date is not after the first as-of the fold is measured on.

The test is the last stretch whose windows close (embargo included) by the label-knowledge date. Validation folds end
early enough for their labels to be known at the test's fit date: they choose and calibrate, so they obey the same rule.

Drawn by the month, for lists of a month, h = 180 days, e = 30, two validation folds of two lists and a test of three,
on records from 2020-01-01 to 2024-01-01 with a year of look-back::

                  2021        2022        2023        2024
                  JFMAMJJASONDJFMAMJJASONDJFMAMJJASONDJ
    validation_1  fffffffffff......mm                       f  as-ofs that are fitted on
    validation_2  fffffffffffff......mm                     .  their windows close and late records arrive: h + e
    test          fffffffffffffffffffff......mmm......|     m  lists that are measured, the first at the fit date
                                                            |  label knowledge

The lists of validation end where the fit as-ofs of the test end: their labels, too, are known at the test's fit date.
The example of ``draw`` prints these dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from threat.asof import DAY, instant, seconds, show
from threat.errors import BadInput
from threat.release.documents.folds import FoldPlan, MeasuredCycle, TestOpening
from threat.release.documents.folds import Folds as FoldsDocument
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
        """Return every cycle used by any fold, once, in order of time."""
        used = {cycle for fold in self.all for cycle in (*fold.fit, *fold.measure)}
        return sorted(used, key=lambda cycle: cycle.start)

    def document(self, opening: TestOpening) -> FoldsDocument:
        """Return ``folds.json``: every date a reviewer needs to check the rule."""
        return FoldsDocument(
            label_knowledge=show(self.label_knowledge),
            horizon_days=self.horizon_days,
            embargo_days=self.embargo_days,
            rule="as_of + horizon + embargo <= fit date <= first as-of measured; labels recorded before fit date",
            folds=tuple(_plan(fold) for fold in self.all),
            test_opening=opening,
        )


def _plan(fold: Fold) -> FoldPlan:
    return FoldPlan(
        name=fold.name,
        fit_date=show(fold.fit_date),
        fit_from=show(fold.fit[0].start),
        fit_last_as_of=show(fold.fit[-1].last_as_of),
        fit_cycles=len(fold.fit),
        measured_from=show(fold.measure[0].start),
        measured_last_as_of=show(fold.measure[-1].last_as_of),
        measured_cycles=tuple(MeasuredCycle(cycle=cycle.number, start=show(cycle.start)) for cycle in fold.measure),
    )


def cycles(first: int, last: int, every: str, *, spread: bool) -> list[Cycle]:
    """Return the whole cycles that start at or after ``first`` and end at or before ``last`` (UTC seconds).

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
    """Draw the folds that fit between the first record and the label-knowledge date (UTC seconds).

    ``spread``: as-ofs are anywhere within a cycle, as in a cohort indexed on an incident; otherwise at its start.
    Raises BadInput, with the days wanted and the days there are, when the folds don't fit.

    The folds that the module's docstring draws:

    >>> from threat.asof import parse_as_of
    >>> calendar = CalendarSettings(test_cycles=3, validation_folds=2, validation_cycles=2, embargo_days=30)
    >>> start, end = parse_as_of("2020-01-01"), parse_as_of("2024-01-01")
    >>> for fold in draw(calendar, 180, history_start=start, label_knowledge=end, spread=False).all:
    ...     fitted, measured = [show(fold.fit[i].start)[:7] for i in (0, -1)], [show(m.start)[:7] for m in fold.measure]
    ...     print(fold.name, "fitted on", *fitted, "measured on", *measured)
    validation_1 fitted on 2021-01 2021-11 measured on 2022-06 2022-07
    validation_2 fitted on 2021-01 2022-01 measured on 2022-08 2022-09
    test fitted on 2021-01 2022-09 measured on 2023-04 2023-05 2023-06
    """
    wait = (horizon_days + calendar.embargo_days) * DAY
    all_cycles = cycles(history_start + calendar.look_back_days * DAY, label_knowledge, calendar.cycle, spread=spread)

    def closed_by(date: int) -> list[Cycle]:
        return [cycle for cycle in all_cycles if cycle.last_as_of + wait <= date]

    test = closed_by(label_knowledge)[-calendar.test_cycles :]
    if len(test) < calendar.test_cycles:
        raise _no_room("test", calendar, horizon_days, history_start, label_knowledge)
    fit_date = test[0].start
    wanted = calendar.validation_folds * calendar.validation_cycles
    measured = closed_by(fit_date)[-wanted:] if wanted else []
    if len(measured) < wanted or not closed_by(fit_date):
        raise _no_room("validation", calendar, horizon_days, history_start, label_knowledge)
    validation = []
    for i in range(calendar.validation_folds):
        part = measured[i * calendar.validation_cycles : (i + 1) * calendar.validation_cycles]
        fit = closed_by(part[0].start)
        if not fit:
            raise _no_room(f"validation fold {i + 1}", calendar, horizon_days, history_start, label_knowledge)
        validation.append(Fold(f"validation_{i + 1}", part[0].start, tuple(fit), tuple(part)))
    return Folds(
        tuple(validation),
        Fold("test", fit_date, tuple(closed_by(fit_date)), tuple(test)),
        label_knowledge,
        horizon_days,
        calendar.embargo_days,
    )


def _no_room(
    what: str, calendar: CalendarSettings, horizon_days: int, history_start: int, label_knowledge: int
) -> BadInput:
    # About: whole cycles leave days over at both ends, so the sum is what surely suffices, not the least there is.
    days = {"month": 31, "week": 7}[calendar.cycle]
    lists = calendar.test_cycles + calendar.validation_folds * calendar.validation_cycles + 1
    windows = 3 if calendar.validation_folds else 2
    wanted = calendar.look_back_days + windows * (horizon_days + calendar.embargo_days) + lists * days
    return BadInput(
        f"The history is too short for the folds: no room for the {what}.",
        value=f"{(label_knowledge - history_start) // DAY} days of records, about {wanted} wanted in whole cycles: "
        f"look-back {calendar.look_back_days}, {windows} times horizon {horizon_days} + embargo "
        f"{calendar.embargo_days}, {lists} cycles of up to {days}",
        where=f"{show(history_start)} to {show(label_knowledge)}",
        way_out="shorten horizon_days, look_back_days, test_cycles or validation folds, start from the preset "
        "short_record, or load more history",
    )
