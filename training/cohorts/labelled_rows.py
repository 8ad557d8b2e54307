"""Rows of one kind that folds are fitted on: labelled as known at each fit date, drawn, with their features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features import Matrix
from threat.asof import DAY
from threat.history.sightings import Rows
from threat.release.documents.cohort import FitCounts, LeftOutRows
from threat.release.documents.settings import FitRows, RowKind
from training.cohorts.cohort import Cohort
from training.cohorts.folds import Fold, Folds
from training.cohorts.left_out import LeftOut
from training.cohorts.sample import DrawnRows, Ints, Sample, draw_fit_rows
from training.config import Settings

KINDS: dict[FitRows, tuple[RowKind, ...]] = {
    "monthly": ("monthly",),
    "index": ("index",),
    "both": ("monthly", "index"),
    "random_day": ("random_day",),
}
"""Kinds of row, one after another, that a fit reads; ``both`` leaves each row its own weight."""


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Rows of one kind in the cycles of the folds.

    By name of fold: ``labels`` (uint8, one per row of ``cohort``) and ``left_out`` (rows neither fitted on nor
    measured), both as known at its fit date; ``may_fit`` (positions of the rows that its dates allow to be fitted on,
    those left out removed); ``drawn`` (those of them that are fitted on). ``matrix``: the features of the rows in use
    before the test is opened; ``places``: where in it each row of ``cohort`` is, its length for a row that is not.
    """

    kind: RowKind
    cohort: Cohort
    labels: dict[str, NDArray[np.uint8]]
    left_out: dict[str, LeftOut]
    may_fit: dict[str, Ints]
    drawn: dict[str, DrawnRows]
    places: Ints
    matrix: Matrix

    def values_of(self, rows: Ints) -> NDArray[np.float32]:
        """Features (m, d) of rows of the cohort, given by their m positions in it. Not to be written to.

        Raises IndexError for a row that is not in the matrix.
        """
        places = self.places[rows]
        first, last = places.min(initial=len(self.matrix)), places.max(initial=0)
        if last < len(self.matrix) and np.array_equal(places, np.arange(first, last + 1)):
            # The measured rows stand together: a copy of them took a quarter of a gigabyte on 65,000 relationships.
            return self.matrix.values[first : last + 1]
        return self.matrix.values[places]

    def sample(self, rows: Ints, known_at: str, weight: NDArray[np.float64] | None = None) -> Sample:
        """Rows of the cohort, given by their positions in it, labelled as known at the fit date of ``known_at``."""
        return Sample(
            values=self.values_of(rows),
            label=self.labels[known_at][rows],
            weight=np.ones(len(rows)) if weight is None else weight,
            person=self.cohort.rows.subject[rows],
            cycle=self.cohort.cycle[rows],
        )

    def fit_sample(self, fold: Fold) -> Sample:
        """The drawn fit rows of a fold, labelled by what was recorded before its fit date."""
        drawn = self.drawn[fold.name]
        return self.sample(drawn.positions, fold.name, drawn.weight)

    def fit_rows_of(self, fold: Fold) -> Rows:
        """The drawn fit rows of a fold."""
        return self.cohort.rows.take(self.drawn[fold.name].positions)


def positions_in_use(blocks: Sequence[Ints], drawn: Sequence[Ints]) -> Ints:
    """Return every position once: those of each block together, in its order, then what else was drawn, rising.

    >>> positions_in_use([np.array([4, 5, 6])], [np.array([1, 4]), np.array([0, 1])]).tolist()
    [4, 5, 6, 0, 1]
    """
    rest = np.unique(np.concatenate([np.zeros(0, np.int64), *drawn]))
    every = np.concatenate([np.zeros(0, np.int64), *blocks, rest])
    _, first = np.unique(every, return_index=True)
    return every[np.sort(first)]


def fittable(cohort: Cohort, fold: Fold, folds: Folds) -> Ints:
    """Positions of the rows of a fold's fit cycles whose windows had closed, embargo included, by its fit date.

    Row by row, not cycle by cycle: a cycle that has closed for rows at its start may be open for later rows of it.
    """
    rows = cohort.of(fold.fit)
    wait = (folds.horizon_days + folds.embargo_days) * DAY
    return rows[cohort.rows.as_of[rows] + wait <= fold.fit_date]


def draw_of_folds(
    labels: dict[str, NDArray[np.uint8]], may_fit: dict[str, Ints], settings: Settings
) -> dict[str, DrawnRows]:
    """Draw the fit rows of each fold, each fold with a seed of its own."""
    return {
        name: draw_fit_rows(labels[name], rows, settings.sampling, settings.seed + number)
        for number, (name, rows) in enumerate(may_fit.items())
    }


def fit_counts(kinds: Sequence[LabelledRows], fold: Fold, folds: Folds) -> FitCounts:
    """Count the rows of one or more kinds that a fold is fitted on."""

    def each(read: str) -> Iterator[Ints]:
        return (getattr(rows.cohort.rows, read)[rows.may_fit[fold.name]] for rows in kinds)

    left_out = [rows.left_out[fold.name].count(fittable(rows.cohort, fold, folds)) for rows in kinds]
    return FitCounts(
        rows=sum(len(rows.may_fit[fold.name]) for rows in kinds),
        relationships=len(np.unique(np.concatenate([*each("relationship_id")]))),
        subjects=len(np.unique(np.concatenate([*each("subject")]))),
        rows_with_outcome=sum(int(rows.labels[fold.name][rows.may_fit[fold.name]].sum()) for rows in kinds),
        sampled_rows=sum(len(rows.drawn[fold.name]) for rows in kinds),
        left_out=LeftOutRows(
            death_not_yet_recorded=sum(counted.death_not_yet_recorded for counted in left_out),
            outcome_not_yet_recorded=sum(counted.outcome_not_yet_recorded for counted in left_out),
        ),
    )


def joined_samples(samples: Sequence[Sample]) -> Sample:
    """The rows of several samples, one sample after another."""
    if len(samples) == 1:
        return samples[0]
    names = ("values", "label", "weight", "person", "cycle")
    return Sample(*(np.concatenate([getattr(sample, name) for sample in samples]) for name in names))
