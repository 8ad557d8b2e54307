"""What is recorded of persons themselves: the year of birth, as known at an as-of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import on_record
from threat.history.sightings import NO_PERSON
from threat.history.tables import Tables

OLDEST = 110
"""Age in years above which a birth year says nothing: a person of that age is rarer than a slip of the pen.

Systems write 1900 and 1901 for "not known", and a birth year in the future is a slip too.
"""

Resolve = Callable[[NDArray[np.int64]], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class BirthRows:
    """Every birth year ever recorded, sorted by (``person``, ``recorded_at``, ``birth_year``); int64 each.

    A row without a year says nothing about it and is left out.
    """

    person: NDArray[np.int64]
    birth_year: NDArray[np.int64]
    recorded_at: NDArray[np.int64]

    @classmethod
    def read(cls, tables: Tables) -> BirthRows:
        """Read the persons of some batches, under the ids that they were recorded with."""
        table = tables.table("persons", ["person_id", "birth_year", "recorded_at"])
        table = table.filter(pc.is_valid(table.column("birth_year")))
        return cls(*(column.to_numpy().astype(np.int64) for column in table.columns)).known_as(lambda ids: ids)

    def known_as(self, resolve: Resolve) -> BirthRows:
        """Return the rows under other ids: ``resolve`` maps an id as recorded to the id of who the person is."""
        person = resolve(self.person)
        order = np.lexsort((self.birth_year, self.recorded_at, person))
        return BirthRows(person[order], self.birth_year[order], self.recorded_at[order])

    def latest(self, persons: ArrayLike, as_of: ArrayLike) -> NDArray[np.int64]:
        """Return the place of the row that says each person's year of birth at an as-of, int64[n]; -1 for none.

        ``as_of``: int64 UTC seconds, one in all or one per person. The year recorded last counts. A year that makes the
        person unborn or older than 110 at the as-of says nothing, and takes back nothing that an earlier row said. Of
        two years recorded in one second the later year counts, so that a doubt is never decided against a child.
        NO_PERSON is nobody and has no year.

        Person 7 was born in 1990, by the row of second 10; the row of second 20 has a year that nobody can have:

        >>> rows = BirthRows(np.array([7, 7, 7]), np.array([1980, 1990, 1900]), np.array([10, 10, 20]))
        >>> rows.latest([7, 7, 8], np.array([10, 1_717_200_000, 99])).tolist()
        [-1, 1, -1]
        """
        ids = np.atleast_1d(np.asarray(persons, dtype=np.int64))
        at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape)
        year_then = _years(at)
        first = np.searchsorted(self.person, ids, side="left")
        place = np.where(ids == NO_PERSON, first, np.searchsorted(self.person, ids, side="right")) - 1
        while True:
            # Back from the last row to the last that was on record and possible: few persons have more than one.
            left = np.flatnonzero(place >= first)
            age = year_then[left] - self.birth_year[place[left]]
            left = left[~on_record(self.recorded_at[place[left]], at[left]) | (age < 0) | (age > OLDEST)]
            if not len(left):
                return np.where(place >= first, place, -1)
            place[left] -= 1


def birth_years(
    tables: Tables, person_ids: ArrayLike, as_of: ArrayLike, resolve: Resolve = lambda recorded_ids: recorded_ids
) -> NDArray[np.float64]:
    """Return the year of birth of each person as known at an as-of; NaN where none was on record.

    ``person_ids``: int64[n]. ``as_of``: int64 UTC seconds, one in all or one per person. ``resolve``: from ids as
    recorded to ids as ``person_ids`` has them, for persons who were found to be one. ``BirthRows.latest`` has the rule.
    """
    rows = BirthRows.read(tables).known_as(resolve)
    return np.append(rows.birth_year.astype(np.float64), np.nan)[rows.latest(person_ids, as_of)]


def may_be_under(birth_year: NDArray[np.float64], as_of: NDArray[np.int64], age: int) -> NDArray[np.bool_]:
    """Mask of the birth years that make it possible to be under ``age`` at the as-of; False for NaN.

    The birthday is not known, so somebody born in 2008 may be 15 until the last day of 2024:

    >>> from threat.asof import parse_as_of
    >>> last_day = np.array([parse_as_of("2024-12-31")] * 4)
    >>> may_be_under(np.array([2009, 2008, 2007, np.nan]), last_day, 16).tolist()
    [True, True, False, False]
    """
    return _years(as_of) - birth_year - 1 < age


def _years(as_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the calendar year of each instant, UTC."""
    return as_of.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
