"""Who may be a child at an as-of: birth years as they were on record, read under every reference of a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threat.history.links import Links
from threat.history.persons import BirthRows, may_be_under
from threat.history.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Births:
    """Every birth year ever recorded, and who is who. Read once a snapshot: a training asks about a hundred as-ofs."""

    rows: BirthRows
    links: Links

    @classmethod
    def of(cls, tables: Tables, links: Links) -> Births:
        """Read the persons of some batches; ``links`` say who is who."""
        return cls(BirthRows.read(tables), links)

    def at(self, as_of: int) -> BirthYears:
        """Return the birth years as on record at ``as_of`` (UTC seconds), under the ids as resolved then."""
        return BirthYears(as_of, self.rows.known_as(lambda recorded_ids: self.links.resolve(recorded_ids, as_of)))


@dataclass(frozen=True, slots=True, eq=False)
class BirthYears:
    """The birth years on record at an as-of; ``rows`` has ids as resolved there. ``BirthRows.latest`` has the rule."""

    as_of: int
    rows: BirthRows

    def may_be_under(self, persons: ArrayLike, age: int) -> NDArray[np.bool_]:
        """Mask of the persons who may be under ``age`` at the as-of, bool[n]: ``persons.may_be_under`` has the rule."""
        year = self.years(persons)
        return may_be_under(year, np.full(len(year), self.as_of, dtype=np.int64), age)

    def years(self, persons: ArrayLike) -> NDArray[np.float64]:
        """Return each person's year of birth, float64[n]; NaN where none is on record."""
        return np.append(self.rows.birth_year.astype(np.float64), np.nan)[self.rows.latest(persons, self.as_of)]

    def since_when(self, persons: ArrayLike) -> NDArray[np.int64]:
        """Return when each person's birth year was recorded, int64[n] UTC seconds; 0 without a birth year."""
        return np.append(self.rows.recorded_at, 0)[self.rows.latest(persons, self.as_of)]
