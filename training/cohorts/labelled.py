"""From a store to what can be fitted: folds, cohorts, labels as known at each date, and the features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix, build, load_catalogue
from threat.errors import BadInput
from threat.history.deaths import Deaths
from threat.history.sightings import Sightings
from threat.history.snapshot import Snapshot
from threat.measuring.list_length import ListLength
from threat.policy import Policy
from threat.release.documents.cohort import FitCounts, LeftOutRows
from training.cohorts import cohort as cohorts
from training.cohorts.cohort import Cohort, Lists
from training.cohorts.feed_lag import delayed, feed_lags
from training.cohorts.folds import Fold, Folds, draw
from training.cohorts.left_out import Hindsight, LeftOut
from training.cohorts.outcomes import recorded_outcomes
from training.cohorts.sample import DrawnRows, Ints, Sample, draw_fit_rows
from training.config import Settings

SUBJECT_GROUPS = 4
"""Groups of subjects to choose across where there is no room for validation in time: each group is measured by a fit
on the three others, so three quarters of the few outcomes of a short history are learnt from."""


@dataclass(frozen=True, slots=True)
class LabelledCohort:
    """A cohort in its folds, labelled as known at each fold's fit date, with the features of the rows in use.

    ``labels``: by name of fold, uint8, one per row of ``cohort``. ``fit_rows``: by name of fold, the rows to fit on.
    ``left_out``: by name of fold, the rows of ``cohort`` that are neither fitted on nor measured, as known at the same
    date. ``positions``: the rows of ``cohort`` that are in ``matrix``, in its order. ``lags``: of each feed, seconds by
    source system. ``fit_counts``: by name of fold, how many rows, relationships, subjects and outcomes there were to
    fit on.
    """

    snapshot: Snapshot
    sightings: Sightings
    settings: Settings
    policy: Policy
    catalogue: Catalogue
    folds: Folds
    cohort: Cohort
    labels: dict[str, NDArray[np.uint8]]
    left_out: dict[str, LeftOut]
    fit_rows: dict[str, DrawnRows]
    positions: Ints
    matrix: Matrix
    lags: dict[str, int]
    fit_counts: dict[str, FitCounts]

    @property
    def lag(self) -> int:
        """The lag of the slowest feed, seconds."""
        return max(self.lags.values(), default=0)

    @property
    def constraints(self) -> tuple[Literal[-1, 0, 1], ...]:
        """Monotone directions, one per feature."""
        return tuple(definition.direction for definition in self.catalogue)

    @property
    def sensitive(self) -> list[str]:
        """Names of the features that are declared sensitive."""
        return [definition.name for definition in self.catalogue if definition.sensitive]

    @property
    def test_positions(self) -> Ints:
        """Positions in the cohort of the rows of ``test_lists``, in their order."""
        return self.cohort.of(self.folds.test.measure)

    @property
    def test_lists(self) -> Lists:
        """The complete lists that the test is measured on: rows alone, no outcome."""
        return self.cohort.lists(self.folds.test.measure)

    @property
    def test_matrix(self) -> Matrix:
        """Features of the rows of ``test_lists``, in their order."""
        return replace(self.matrix, values=self.values_of(self.test_positions), rows=self.test_lists.rows)

    def values_of(self, rows: Ints) -> NDArray[np.float32]:
        """Features (m, d) of rows of the cohort, given by their m positions in it."""
        # Plain search: ``positions`` holds every row that is fitted or measured, so a check would be dead code.
        return self.matrix.values[np.searchsorted(self.positions, rows)]

    def fit_sample(self, fold: Fold) -> Sample:
        """The drawn fit rows of a fold, labelled by what was recorded before its fit date."""
        drawn = self.fit_rows[fold.name]
        return self._sample(drawn.positions, fold.name, drawn.weight)

    def measured(self, fold: Fold, known_at: str) -> Sample:
        """The rows a fold is measured on, labelled by what was on record at the fit date of ``known_at``.

        All but those left out, as far as was known at that date.
        """
        rows = self.cohort.of(fold.measure)
        rows = rows[~self.left_out[known_at].rows[rows]]
        return self._sample(rows, known_at, np.ones(len(rows)))

    def _sample(self, rows: Ints, known_at: str, weight: NDArray[np.float64]) -> Sample:
        """Rows of the cohort, given by their positions in it, labelled as known at the fit date of ``known_at``."""
        return Sample(
            values=self.values_of(rows),
            label=self.labels[known_at][rows],
            weight=weight,
            person=self.cohort.rows.subject[rows],
            cycle=self.cohort.cycle[rows],
        )

    def list_length(self, cycle: Ints) -> ListLength:
        """How long lists are, of rows on these lists (n numbers): the settings' capacity, or else a share of the mean
        list for an incident cohort and the policy's capacity for a monthly one."""
        settings = self.settings
        if settings.capacity is None and settings.cohort.kind == "incident":
            return ListLength.of_share(settings.cohort.capacity_share, len(cycle), len(np.unique(cycle)))
        return ListLength(settings.capacity or self.policy.capacity)

    def pairs(self) -> list[tuple[Sample, Sample]]:
        """(fit, measure) pairs to choose on: the validation folds, or groups of subjects within the test's fit rows.

        Either way every label was on record before the test's fit date. Raises BadInput when so few subjects had an
        outcome that one group holds them all.
        """
        if self.folds.validation:
            return [(self.fit_sample(fold), self.measured(fold, "test")) for fold in self.folds.validation]
        whole = self.fit_sample(self.folds.test)
        _, person = np.unique(whole.person, return_inverse=True)
        people = int(person.max()) + 1
        group = np.random.default_rng(self.settings.seed).permutation(people)[person] % SUBJECT_GROUPS
        parts = [(whole.part(group != number), whole.part(group == number)) for number in range(SUBJECT_GROUPS)]
        if not all(fit.label.any() and len(measured.label) for fit, measured in parts):
            raise BadInput(
                "Too few subjects among the fit rows had an outcome to choose across groups of subjects.",
                value=f"{int(whole.label.sum())} rows with an outcome, {people} subjects",
                where=str(self.snapshot.store_path),
                way_out="load more history, or choose a rung that happens more often (Y4)",
            )
        return parts


def catalogue_of(settings: Settings) -> Catalogue:
    """The catalogue less ``features_without``. Raises UsageError for a name that isn't in it."""
    whole = load_catalogue()
    for name in settings.features_without:
        whole[name]
    remaining = [name for name in whole.names if name not in settings.features_without]
    return whole if len(remaining) == len(whole) else whole.only(remaining)


def prepare(
    snapshot: Snapshot, settings: Settings, policy: Policy, sightings: Sightings | None = None
) -> LabelledCohort:
    """Draw the folds, build every cohort, label and sample its rows, and compute the features that are needed.

    Records and withdrawals reach every as-of, and labels every fit date, with the lag of their feed.

    ``sightings``: other than the snapshot's own only to show what a leak would do. Raises BadInput when the history
    holds no outcome to learn from, UsageError when it is too short for the folds.
    """
    lags = feed_lags(snapshot)
    lag = max(lags.values(), default=0)
    # Of the history itself, whatever sightings the features are to be computed from.
    deaths = Deaths.of(delayed(snapshot.sightings(), lags))
    sightings = delayed(snapshot.sightings(), lags) if sightings is None else sightings
    catalogue = catalogue_of(settings)
    folds = _folds(snapshot, settings)
    cohort = cohorts.build(snapshot, folds.cycles(), settings.cohort, policy, lag)
    _refuse_empty_lists(cohort, folds, snapshot)
    labels, left_out, fit_rows, counts = {}, {}, {}, {}
    for number, fold in enumerate(folds.all):
        # A record of the last days before the fit date had not reached us by then.
        outcomes = recorded_outcomes(snapshot, settings, fold.fit_date - lag, lags)
        deaths_by_then = deaths.known_before(fold.fit_date)
        hindsight = Hindsight(
            deaths_by_then, outcomes, snapshot.relationships, fold.fit_date - lag, settings.horizon_days
        )
        labels[fold.name], left_out[fold.name] = hindsight.labels(cohort.rows), hindsight.left_out(cohort.rows)
        of_fold = cohort.of(fold.fit)
        rows = of_fold[~left_out[fold.name].rows[of_fold]]
        fit_rows[fold.name] = draw_fit_rows(labels[fold.name], rows, settings.sampling, settings.seed + number)
        counts[fold.name] = _counts(
            cohort, rows, labels[fold.name], fit_rows[fold.name], left_out[fold.name].count(of_fold)
        )
        if not counts[fold.name].rows_with_outcome:
            raise BadInput(
                f"No {settings.rung} outcome was on record by the fit date of {fold.name}: nothing to learn from.",
                value=f"{len(rows)} rows",
                where=str(snapshot.store_path),
                way_out="load more history, or choose a rung that happens more often (Y4)",
            )
    needed = [drawn.positions for drawn in fit_rows.values()] + [cohort.of(fold.measure) for fold in folds.all]
    positions = np.unique(np.concatenate(needed))
    matrix = build(sightings, cohort.rows.take(positions), catalogue)
    return LabelledCohort(
        snapshot=snapshot,
        sightings=sightings,
        settings=settings,
        policy=policy,
        catalogue=catalogue,
        folds=folds,
        cohort=cohort,
        labels=labels,
        left_out=left_out,
        fit_rows=fit_rows,
        positions=positions,
        matrix=matrix,
        lags=lags,
        fit_counts=counts,
    )


def _folds(snapshot: Snapshot, settings: Settings) -> Folds:
    """Draw the folds between the first and the last record of the snapshot."""
    latest_record = cohorts.label_knowledge(snapshot)
    if not latest_record:
        raise BadInput(
            "The history holds no events to train on.", where=str(snapshot.store_path), way_out="threat load ..."
        )
    return draw(
        settings.calendar,
        settings.horizon_days,
        history_start=cohorts.history_start(snapshot),
        label_knowledge=latest_record,
        spread=settings.cohort.kind == "incident",
    )


def _refuse_empty_lists(cohort: Cohort, folds: Folds, snapshot: Snapshot) -> None:
    for fold in folds.all:
        if not len(cohort.of(fold.measure)):
            raise BadInput(
                f"Nobody is on the lists that {fold.name} is measured on.",
                where=str(snapshot.store_path),
                way_out="load records up to the present, or check the eligibility policy",
            )


def _counts(
    cohort: Cohort, rows: Ints, labels: NDArray[np.uint8], drawn: DrawnRows, left_out: LeftOutRows
) -> FitCounts:
    return FitCounts(
        rows=len(rows),
        relationships=len(np.unique(cohort.rows.relationship_id[rows])),
        subjects=len(np.unique(cohort.rows.subject[rows])),
        rows_with_outcome=int(labels[rows].sum()),
        sampled_rows=len(drawn),
        left_out=left_out,
    )
