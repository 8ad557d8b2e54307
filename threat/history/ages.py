"""Who may be a child at an as-of: birth years as they were on record, read under every reference of a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import instant, on_record
from threat.history.links import Links
from threat.history.persons import OLDEST, may_be_under
from threat.history.sightings import NO_PERSON
from threat.history.sorted_ids import position
from threat.history.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Births:
    """Every birth year ever recorded, in any order: ``person`` as recorded, ``birth_year``, ``recorded_at``; int64.

    Read once a snapshot: a training asks about a hundred as-ofs.
    """

    person: NDArray[np.int64]
    birth_year: NDArray[np.int64]
    recorded_at: NDArray[np.int64]
    links: Links

    @classmethod
    def of(cls, tables: Tables, links: Links) -> Births:
        """Read the persons of some batches; ``links`` say who is who."""
        table = tables.table("persons", ["person_id", "birth_year", "recorded_at"])
        table = table.filter(pc.is_valid(table.column("birth_year")))
        person, year, recorded = (column.to_numpy().astype(np.int64) for column in table.columns)
        return cls(person, year, recorded, links)

    def at(self, as_of: int) -> BirthYears:
        """Return the birth years on record at ``as_of`` (UTC seconds), the latest recorded of each person.

        A year that makes the person unborn or older than 110 at the as-of counts as not recorded, and so does a blank:
        neither takes back what an earlier row said. Of two years recorded in one second the later year counts, so that
        a doubt is never decided against a child.
        """
        age = _year(as_of) - self.birth_year
        possible = np.flatnonzero(on_record(self.recorded_at, as_of) & (age >= 0) & (age <= OLDEST))
        person = self.links.resolve(self.person[possible], as_of)
        recorded, year = self.recorded_at[possible], self.birth_year[possible]
        order = np.lexsort((year, recorded, person))
        order = order[person[order] != NO_PERSON]
        latest = np.ones(len(order), dtype=np.bool_)
        latest[:-1] = person[order][1:] != person[order][:-1]
        chosen = order[latest]
        return BirthYears(as_of, person[chosen], year[chosen], recorded[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class BirthYears:
    """The birth year of every person who has a possible one on record at an as-of, sorted by person.

    ``person``: int64 ids as resolved at the as-of. ``birth_year``: int64. ``since``: when that year was recorded,
    int64 UTC seconds.
    """

    as_of: int
    person: NDArray[np.int64]
    birth_year: NDArray[np.int64]
    since: NDArray[np.int64]

    def may_be_under(self, persons: ArrayLike, age: int) -> NDArray[np.bool_]:
        """Mask of the persons who may be under ``age`` at the as-of, bool[n]: ``persons.may_be_under`` has the rule."""
        at = position(np.atleast_1d(np.asarray(persons, dtype=np.int64)), self.person)
        year = np.append(self.birth_year.astype(np.float64), np.nan)[at]
        return may_be_under(year, np.full(len(at), self.as_of, dtype=np.int64), age)

    def since_when(self, persons: ArrayLike) -> NDArray[np.int64]:
        """Return when each person's birth year was recorded, int64[n] UTC seconds; 0 without a birth year."""
        at = position(np.atleast_1d(np.asarray(persons, dtype=np.int64)), self.person)
        out = np.zeros(len(at), dtype=np.int64)
        out[at >= 0] = self.since[at[at >= 0]]
        return out


def _year(as_of: int) -> int:
    return instant(as_of).year
