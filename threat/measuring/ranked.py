"""Ranked data: rows with their outcomes, the events no row covers, and one order of the rows. Checked once, here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from threat.errors import BadInput, ThreatError, UsageError, raise_all

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


LEFT_OUT = "left_out"
"""Column of ``predictions.parquet``: true for a row that is on the lists and in no figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKeys:
    """Which distinct outcome events the rows could have foreseen: any integer keys.

    ``row`` and ``event`` are pairs: the window of that row holds that event. ``outside``: the events no row covers.
    """

    row: Ints
    event: Ints
    outside: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Rows of one or more lists with their outcomes, ready to be measured by any order of the rows.

    Of n rows: ``label`` (float64: 1 an outcome in the window, 0 none, NaN not known), ``credit`` (outcome events
    credited to the row: an event that several rows could have foreseen is shared among them, so that each event counts
    once), ``person`` (0 to ``persons`` - 1; rows of one person are never treated as independent) and ``cycle`` (rows
    of one cycle compete for the places of one list). Of m outcome events that no row covers: ``outside_person``,
    ``outside_credit``. ``keys``: the distinct events, where they are known. ``left_out`` (bool): rows that were ranked
    and take their places on the lists, and count in no figure: nothing was left to foresee of them, and nobody could
    know. Their label is NaN and their credit 0. ``outside_cycle``: the cycle whose list missed the event, of each event
    outside; None where not known.

    Raises BadInput, with every problem at once, when the columns cannot be right.
    """

    label: Floats
    credit: Floats
    person: Ints
    persons: int
    cycle: Ints
    outside_person: Ints
    outside_credit: Floats
    left_out: NDArray[np.bool_]
    keys: EventKeys | None = None
    outside_cycle: Ints | None = None

    @classmethod
    def of(  # noqa: PLR0913  the columns of one table, each by its name
        cls,
        *,
        label: ArrayLike,
        credit: ArrayLike | None = None,
        person: ArrayLike | None = None,
        cycle: ArrayLike | None = None,
        outside_person: ArrayLike = (),
        outside_credit: ArrayLike | None = None,
        left_out: ArrayLike | None = None,
        keys: EventKeys | None = None,
        outside_cycle: ArrayLike | None = None,
    ) -> Labelled:
        """Number the persons. Default: credit is the label, each row its own person, one list, and no row left out.

        A person is an integer id or any other value; a negative id or a missing value is a person of its own. Cycles
        that are integers keep their numbers; any others are numbered in sorted order.

        >>> rows = Labelled.of(label=[1, 0, 1], person=[7, 7, -1], outside_person=[9])
        >>> rows.person.tolist(), rows.outside_person.tolist(), rows.persons
        ([1, 1, 0], [2], 3)
        """
        labels = np.asarray(label, dtype=np.float64)
        n = len(labels)
        unmeasured = np.zeros(n, np.bool_) if left_out is None else np.asarray(left_out, dtype=np.bool_)
        if len(unmeasured) == n:  # otherwise the check below says so
            labels = np.where(unmeasured, np.nan, labels)
        outsiders = np.asarray(outside_person, dtype=np.int64)
        people = np.full(n, -1, dtype=np.int64) if person is None else _person_ids(person)
        everyone = np.concatenate([people, outsiders])
        # An unknown person shares no history with anyone: each gets a key of its own, below all ids.
        persons, number = np.unique(
            np.where(everyone < 0, -1 - np.arange(len(everyone)), everyone), return_inverse=True
        )
        return cls(
            label=labels,
            credit=np.nan_to_num(labels) if credit is None else np.asarray(credit, dtype=np.float64),
            person=number[: len(people)],
            persons=len(persons),
            cycle=np.zeros(n, np.int64) if cycle is None else _cycle_numbers(np.asarray(cycle)),
            outside_person=number[len(people) :],
            outside_credit=np.ones(len(outsiders))
            if outside_credit is None
            else np.asarray(outside_credit, dtype=np.float64),
            left_out=unmeasured,
            keys=keys,
            outside_cycle=None if outside_cycle is None else np.asarray(outside_cycle, dtype=np.int64),
        )

    @classmethod
    def from_tables(cls, predictions: pa.Table, outcomes: pd.DataFrame) -> Labelled:
        """Read the test cohort of a RUN back: ``predictions.parquet``, and ``outcomes.parquet`` as a frame.

        The evaluation and the audit of a RUN both start from these columns, so that both number the persons alike and
        one seed draws the same persons for both. Predictions made before rows were left out have no such column.
        """
        inside, outside = outcomes[outcomes["row"] >= 0], outcomes[outcomes["row"] < 0]
        return cls.of(
            label=predictions.column("label").to_numpy(),
            credit=predictions.column("credit").to_numpy(),
            person=predictions.column("subject_id").to_numpy(),
            cycle=predictions.column("fold").to_numpy(),
            outside_person=outside["subject_id"].to_numpy(),
            outside_credit=outside["credit"].to_numpy(),
            outside_cycle=outside["fold"].to_numpy(np.int64) if "fold" in outside.columns else None,
            left_out=predictions.column(LEFT_OUT).to_numpy() if LEFT_OUT in predictions.column_names else None,
            keys=EventKeys(
                row=inside["row"].to_numpy(np.int64),
                event=inside["incident"].to_numpy(np.int64),
                outside=outside["incident"].to_numpy(np.int64),
            ),
        )

    def __post_init__(self) -> None:
        raise_all(_problems(self))

    def __len__(self) -> int:
        return len(self.label)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Mask of the rows that figures count: all but those left out."""
        return ~self.left_out

    @property
    def n(self) -> int:
        """Number of rows that figures count."""
        return int(self.counted.sum())

    @property
    def has_known_label(self) -> NDArray[np.bool_]:
        """Mask of the rows whose outcome is known."""
        return ~np.isnan(self.label)

    @property
    def hit(self) -> NDArray[np.bool_]:
        """Mask of the rows with an outcome."""
        return self.label > 0

    @property
    def events(self) -> int:
        """Outcome events inside the rows and outside: distinct where keys are known, otherwise the rounded credit."""
        if self.keys is None:
            return round(float(self.credit.sum() + self.outside_credit.sum()))
        return len(np.unique(np.concatenate([self.keys.event, self.keys.outside])))

    @property
    def events_inside(self) -> int:
        """Outcome events that the window of some row holds, counted as in ``events``."""
        return round(float(self.credit.sum())) if self.keys is None else len(np.unique(self.keys.event))

    @property
    def people_with_events(self) -> int:
        """Distinct persons with an outcome event, inside the rows or outside."""
        return len(np.unique(np.concatenate([self.person[self.credit > 0], self.outside_person])))

    def part(self, keep: NDArray[np.bool_]) -> Labelled:
        """The rows where ``keep``, without the events outside; persons keep their numbers, so draws still apply."""
        keys = self.keys
        if keys is not None:
            place, kept = np.cumsum(keep) - 1, keep[keys.row]
            keys = EventKeys(row=place[keys.row[kept]], event=keys.event[kept], outside=keys.outside[:0])
        return replace(
            self,
            label=self.label[keep],
            credit=self.credit[keep],
            person=self.person[keep],
            cycle=self.cycle[keep],
            left_out=self.left_out[keep],
            outside_person=self.outside_person[:0],
            outside_credit=self.outside_credit[:0],
            outside_cycle=None if self.outside_cycle is None else self.outside_cycle[:0],
            keys=keys,
        )

    def of_cycles(self, cycles: Ints) -> Labelled:
        """The rows of these cycles and the events outside that their lists missed; persons keep their numbers.

        Only for rows of which ``outside_cycle`` is known.
        """
        rows = self.part(np.isin(self.cycle, cycles))
        if self.outside_cycle is None:
            raise ValueError("it is not known which lists missed the events outside")
        missed = np.isin(self.outside_cycle, cycles)
        keys = rows.keys
        if keys is not None and self.keys is not None:
            keys = replace(keys, outside=self.keys.outside[missed])
        return replace(
            rows,
            outside_person=self.outside_person[missed],
            outside_credit=self.outside_credit[missed],
            outside_cycle=self.outside_cycle[missed],
            keys=keys,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """Scored rows by cycle, then falling score.

    ``rows``: row numbers in that order. ``lists``: (start, end) positions of each cycle. ``tie_start``, ``tie_end``:
    of each position, the bounds of the rows with its score in its cycle.
    """

    rows: Ints
    lists: list[tuple[int, int]]
    tie_start: Ints
    tie_end: Ints


@dataclass(frozen=True, kw_only=True)  # no slots: the order is worked out once and kept
class Ranked:
    """Labelled rows in one order: ``score`` (n; higher is listed first, NaN is never listed), ``probability`` (n).

    Raises BadInput, with every problem at once, when score or probability cannot be right.
    """

    rows: Labelled
    score: Floats
    probability: Floats | None = None

    def __post_init__(self) -> None:
        problems: list[ThreatError] = []
        columns = {"score": self.score} | ({} if self.probability is None else {"probability": self.probability})
        _same_length(problems, columns, len(self.rows))
        if self.probability is not None:
            given = self.probability[~np.isnan(self.probability)]
            if (outside := (given < 0) | (given > 1)).any():
                problems.append(BadInput("Probabilities are not all between 0 and 1.", value=given[outside][0]))
        raise_all(problems)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def ranks(self) -> Ints:
        """Rank of each row among all rows (n): 0 for the lowest score, equal for equal scores, -1 for never listed.

        Rankings of the same rows with equal ranks have equal figures: lists, areas and ties depend on nothing else of a
        score. All lists count together, because AUC compares rows of different lists.
        """
        ranks = np.full(len(self), -1, np.int64)
        scored = ~np.isnan(self.score)
        ranks[scored] = np.unique(self.score[scored], return_inverse=True)[1]
        return ranks

    @cached_property
    def order(self) -> Order:
        """Sort once: every list length and every replicate uses the same order."""
        scored = np.flatnonzero(~np.isnan(self.score))
        score, cycle = self.score[scored], self.rows.cycle[scored]
        sort = np.lexsort((-score, cycle))
        score, cycle, rows = score[sort], cycle[sort], scored[sort]
        if not len(rows):
            none = np.zeros(0, np.int64)
            return Order(none, [], none, none)
        new_cycle = np.append(True, cycle[1:] != cycle[:-1])
        new_tie = new_cycle | np.append(True, score[1:] != score[:-1])
        starts, which = np.flatnonzero(new_tie), np.cumsum(new_tie) - 1
        lists = np.flatnonzero(new_cycle)
        ends = np.append(lists[1:], len(rows))
        return Order(
            rows,
            list(zip(lists.tolist(), ends.tolist(), strict=True)),
            starts[which],
            np.append(starts[1:], len(rows))[which],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Who is selected: the first ``capacity`` places of each list, or every score of at least ``threshold``.

    Raises UsageError unless exactly one is given and is a number that can be used.
    """

    capacity: float | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        if (self.capacity is None) == (self.threshold is None):
            given = "neither" if self.capacity is None else "both"
            raise UsageError(
                "Of a capacity and a threshold, not exactly one is given.",
                value=given,
                way_out="--capacity K | --threshold T",
            )
        if self.capacity is not None and not self.capacity > 0:
            raise UsageError("The capacity is not above 0.", value=self.capacity)
        if self.threshold is not None and not np.isfinite(self.threshold):
            raise UsageError("The threshold is not a finite number.", value=self.threshold)


def _person_ids(person: ArrayLike) -> Ints:
    """Person ids as int64: integers as they are, anything else numbered by its distinct values; missing is -1."""
    series = pd.Series(np.asarray(person))
    if pd.api.types.is_integer_dtype(series):
        return series.to_numpy(dtype=np.int64)
    codes, _ = pd.factorize(series)
    return np.asarray(codes, dtype=np.int64)


def _cycle_numbers(cycle: NDArray[Any]) -> Ints:
    """Integers as they are, anything else numbered in sorted order."""
    if np.issubdtype(cycle.dtype, np.integer):
        return cycle.astype(np.int64)
    return np.unique(cycle, return_inverse=True)[1].astype(np.int64)


def _problems(rows: Labelled) -> list[ThreatError]:
    problems: list[ThreatError] = []
    columns = {"credit": rows.credit, "person": rows.person, "cycle": rows.cycle, "left_out": rows.left_out}
    _same_length(problems, columns, len(rows))
    if rows.outside_cycle is not None and len(rows.outside_cycle) != len(rows.outside_person):
        problems.append(
            BadInput(
                f"The events outside have {len(rows.outside_cycle)} cycles for {len(rows.outside_person)} persons.",
                way_out="give each event outside the cycle whose list missed it",
            )
        )
    if len(rows.outside_credit) != len(rows.outside_person):
        problems.append(
            BadInput(
                f"The events outside have {len(rows.outside_credit)} credits for {len(rows.outside_person)} persons.",
                way_out="give each event outside one credit",
            )
        )
    wrong = ~np.isnan(rows.label) & (rows.label != 0) & (rows.label != 1)
    if wrong.any():
        problems.append(
            BadInput(
                "The labels hold a value that is neither 0 nor 1.",
                value=rows.label[wrong][0],
                way_out="leave it empty where not known",
            )
        )
    if len(rows.left_out) == len(rows.credit) == len(rows) and (rows.credit[rows.left_out] > 0).any():
        problems.append(BadInput("The credit of a row that is left out is not 0.", way_out="credit other rows"))
    for name, credit in {"a row": rows.credit, "an event outside": rows.outside_credit}.items():
        bad = ~(np.isfinite(credit) & (credit >= 0))
        if bad.any():
            problems.append(BadInput(f"The credit of {name} is below 0 or not a number.", value=credit[bad][0]))
    return problems


def _same_length(problems: list[ThreatError], columns: Mapping[str, NDArray[Any]], n: int) -> None:
    """Add a problem for every column that has another length than the labels."""
    problems += [
        BadInput(f"The column {name} has {len(column)} values, but there are {n} labels.")
        for name, column in columns.items()
        if len(column) != n
    ]
