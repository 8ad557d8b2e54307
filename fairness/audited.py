"""What is audited, as the checks for faults look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.characteristics import Characteristic
from fairness.delays import Entries
from threat.measuring.by_group import Grouping
from threat.measuring.ranked import Cut, Ints, Ranked
from threat.measuring.resampling import places_of

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Audited:
    """What is looked at: the ranking, its cut, the ways its rows are divided, and when its outcomes were entered."""

    ranked: Ranked
    cut: Cut
    items: Sequence[Characteristic]
    groupings: Sequence[Grouping]
    entries: Entries | None = None

    @property
    def labelled(self) -> Ints:
        """Numbers of the rows whose outcome is known."""
        return np.flatnonzero(self.ranked.rows.has_known_label)

    def people(self, rows: Ints) -> int:
        """Distinct persons of some rows: what the rows are worth in a test, as rows of one person tell one thing."""
        # Marked rather than np.unique, which took half of an audit of a million rows.
        seen = np.zeros(self.ranked.rows.persons, np.bool_)
        seen[self.ranked.rows.person[rows]] = True
        return int(seen.sum())

    def listed(self) -> NDArray[np.bool_]:
        """Mask of the rows on the list; of rows that share a place, those that have at least half of one."""
        if self.cut.capacity is not None:
            return places_of(self.ranked, self.cut.capacity) >= _HALF
        return np.asarray(self.ranked.score >= (self.cut.threshold or 0.0))

    @property
    def scored(self) -> Ints:
        """Numbers of the rows that have a score."""
        return np.flatnonzero(~np.isnan(self.ranked.score))
