"""What is audited, as the checks for faults look at it, and from where on chance is no longer believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.characteristics import Characteristic
from threat.measuring.by_group import Grouping
from threat.measuring.ranked import Cut, Ints, Ranked
from threat.measuring.resampling import places_of

LEVEL = 1e-4
"""Probability, over all cells of a check together, at which chance is no longer believed: an audit is made a few times
a year, so a false alarm comes once in a lifetime."""

FEW = 20
"""Rows of a group below which equal labels or scores say nothing."""

CLEAR = 1.5
"""Least ratio of two label rates that is called a jump: with many rows a test finds differences that do not matter."""


_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Audited:
    """What is looked at: the ranking, its cut, and the ways its rows are divided."""

    ranked: Ranked
    cut: Cut
    items: Sequence[Characteristic]
    groupings: Sequence[Grouping]

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
