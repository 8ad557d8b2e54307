"""Rows of which nothing was left to foresee, though nobody could know: left out of fitting and of every figure.

A party had died by the as-of, or an outcome of the relationship was over by the as-of, and neither was on record yet. A
live list holds such a row, so lists are cut first; then the row is removed, because neither label would be true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.history.deaths import Deaths
from threat.history.relationships import Relationships
from threat.history.sightings import Rows
from threat.outcomes import label, unrecorded
from threat.release.documents.cohort import CompetingDeaths, LeftOutRows

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Which of n rows are left out, and why: ``by_death`` (a party had died), ``by_outcome`` (an outcome was over)."""

    by_death: Bools
    by_outcome: Bools

    @property
    def rows(self) -> Bools:
        """Mask of the rows left out for either reason (n)."""
        return self.by_death | self.by_outcome

    def count(self, among: Ints) -> LeftOutRows:
        """Count the rows at these positions by reason; a row with both reasons is counted as a death."""
        death = self.by_death[among]
        return LeftOutRows(
            death_not_yet_recorded=int(death.sum()),
            outcome_not_yet_recorded=int((self.by_outcome[among] & ~death).sum()),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Hindsight:
    """What was on record by a date of everybody's deaths and of one rung's outcomes.

    ``outcomes``: as ``training.cohorts.outcomes.recorded_outcomes`` gives them. ``cut``: the date, UTC seconds; parties
    are followed through the merges known then.
    """

    deaths: Deaths
    outcomes: pd.DataFrame
    relationships: Relationships
    cut: int
    horizon_days: int

    def labels(self, rows: Rows) -> NDArray[np.uint8]:
        """Return 1 for each row with an outcome in its label window, else 0 (n)."""
        return label(self.outcomes, rows, self.horizon_days)

    def left_out(self, rows: Rows, labels: NDArray[np.uint8] | None = None) -> LeftOut:
        """Return which rows are left out. Cohorts hold nobody who was on record as dead, so a death is unrecorded.

        A death known by its day alone, on the as-of's own day, is not before the as-of where it is the outcome itself.
        ``labels``: of the rows, where they are computed already.
        """
        dead = np.zeros(len(rows), np.bool_)
        for by_then, at_cut in self._parties(rows):
            for person in (by_then, at_cut):
                dead |= self.deaths.on_record(person, rows.as_of) | self.deaths.unrecorded(person, rows.as_of)
        labels = self.labels(rows) if labels is None else labels
        return LeftOut(dead & (labels == 0), unrecorded(self.outcomes, rows))

    def competing(self, rows: Rows, among: Bools) -> CompetingDeaths:
        """Count the rows without an outcome, ``among`` these, of which a party died within the horizon, and the dead.

        A party who died of the outcome itself is no competing death: their row has an outcome.
        """
        without_outcome = among & (self.labels(rows) == 0)
        died, people = np.zeros(len(rows), np.bool_), []
        for by_then, at_cut in self._parties(rows):
            of_party = np.zeros(len(rows), np.bool_)
            for person in (by_then, at_cut):
                of_party |= self.deaths.died_within(person, rows.as_of, self.horizon_days)
            of_party &= without_outcome
            died |= of_party
            people.append(at_cut[of_party])
        return CompetingDeaths(rows=int(died.sum()), people=len(np.unique(np.concatenate(people))))

    def _parties(self, rows: Rows) -> tuple[tuple[Ints, Ints], ...]:
        """Each party as known at the as-of and as known at the cut: a death may be on record under either id."""
        at_cut = self.relationships.rows(rows.relationship_id, self.cut)
        return (rows.subject, at_cut.subject), (rows.at_risk, at_cut.at_risk)
