"""From a store to what can be fitted: folds, cohorts, labels as known at each date, and the features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from features import Catalogue, Matrix, build, load_catalogue
from threat.asof import show
from threat.errors import BadInput
from threat.history.deaths import Deaths
from threat.history.sightings import Rows, Sightings
from threat.history.snapshot import Snapshot
from threat.measuring.list_length import ListLength
from threat.policy import Policy
from threat.release.documents.cohort import FitCounts
from threat.release.documents.settings import FitRows, RowKind
from training.cohorts import cohort as cohorts
from training.cohorts.cohort import Cohort, Lists
from training.cohorts.feed_lag import delayed, feed_lags
from training.cohorts.folds import Fold, Folds, draw
from training.cohorts.index_incidents import linked_group
from training.cohorts.labelled_rows import (
    KINDS,
    LabelledRows,
    draw_of_folds,
    fit_counts,
    fittable,
    joined_samples,
    positions_in_use,
)
from training.cohorts.left_out import Hindsight, LeftOut
from training.cohorts.outcomes import recorded_outcomes
from training.cohorts.random_days import random_days
from training.cohorts.sample import Ints, Sample
from training.config import Settings

SUBJECT_GROUPS = 4
"""Groups of subjects to choose across where there is no room for validation in time: each group is measured by a fit
on the three others, so three quarters of the few outcomes of a short history are learnt from."""


@dataclass(frozen=True, slots=True)
class LabelledCohort:
    """A cohort in its folds, labelled as known at each fold's fit date, with the features of the rows in use.

    ``rows``: by kind of row; those of ``measured_kind`` are the complete cohort, which is measured and calibrated on,
    any other is fitted on alone. ``fitted_on``: which of them are fitted on (see ``refitted_on``). ``lags``: of each
    feed, seconds by source system.
    """

    snapshot: Snapshot
    sightings: Sightings
    settings: Settings
    policy: Policy
    catalogue: Catalogue
    folds: Folds
    rows: dict[RowKind, LabelledRows]
    fitted_on: FitRows
    lags: dict[str, int]

    @property
    def lag(self) -> int:
        """The lag of the slowest feed, seconds."""
        return max(self.lags.values(), default=0)

    @property
    def complete(self) -> LabelledRows:
        """The rows of the complete cohort."""
        return self.rows[measured_kind(self.settings)]

    @property
    def cohort(self) -> Cohort:
        """The complete cohort in every cycle of the folds."""
        return self.complete.cohort

    @property
    def constraints(self) -> tuple[Literal[-1, 0, 1], ...]:
        """Monotone directions, one per feature."""
        return tuple(definition.direction for definition in self.catalogue)

    @property
    def sensitive(self) -> list[str]:
        """Names of the features that are declared sensitive."""
        return [definition.name for definition in self.catalogue if definition.sensitive]

    @property
    def test_lists(self) -> Lists:
        """The complete lists that the test is measured on: rows alone, no outcome."""
        return self.cohort.lists(self.folds.test.measure)

    def test_matrix(self) -> Matrix:
        """Compute the features of the rows of ``test_lists``, in their order.

        Not with the features of the other rows: until everything is fitted the test's would take a third of the memory.
        """
        return build(self.sightings, self.test_lists.rows, self.catalogue)

    @property
    def fit_kinds(self) -> list[LabelledRows]:
        """The kinds of row that are fitted on, one after another."""
        return [self.rows[kind] for kind in KINDS[self.fitted_on]]

    @property
    def fit_counts(self) -> dict[str, FitCounts]:
        """Rows, relationships, subjects and outcomes that each fold is fitted on, counted, by name of fold."""
        return {fold.name: fit_counts(self.fit_kinds, fold, self.folds) for fold in self.folds.all}

    def refitted_on(self, fit_rows: FitRows) -> LabelledCohort:
        """The same cohort, fitted on other rows. What is measured stays as it is."""
        return replace(self, fitted_on=fit_rows)

    def fit_sample(self, fold: Fold) -> Sample:
        """The drawn fit rows of a fold, labelled by what was recorded before its fit date."""
        return joined_samples([rows.fit_sample(fold) for rows in self.fit_kinds])

    def fit_rows_of(self, fold: Fold) -> Rows:
        """The rows of ``fit_sample``, in their order."""
        return cohorts.joined([rows.fit_rows_of(fold) for rows in self.fit_kinds])

    def measured(self, fold: Fold) -> Sample:
        """The rows a validation fold is measured on, labelled by what was on record at the test's fit date.

        All but those left out, as far as was known at that date.
        """
        test = self.folds.test.name
        return self.complete.sample(_measured(self.cohort, fold, self.complete.left_out[test]), test)

    def list_length(self, cycle: Ints) -> ListLength:
        """Return the length of lists of rows on these lists (n numbers of cycles).

        The settings' capacity; otherwise a share of the mean list for an incident cohort, the policy's capacity for a
        monthly one.
        """
        settings = self.settings
        if settings.capacity is None and settings.cohort.kind == "incident":
            return ListLength.of_share(settings.cohort.capacity_share, len(cycle), len(np.unique(cycle)))
        return ListLength(settings.capacity or self.policy.capacity)

    def pairs(self) -> list[tuple[Sample, Sample]]:
        """(fit, measure) pairs to choose on: the validation folds, or groups of subjects within the test's fit cycles.

        Either way every label was on record before the test's fit date, and what is measured is the same complete
        lists whatever rows are fitted on. Raises BadInput when so few subjects had an outcome that one group holds them
        all.
        """
        if self.folds.validation:
            return [(self.fit_sample(fold), self.measured(fold)) for fold in self.folds.validation]
        fit, measured = (
            self.fit_sample(self.folds.test),
            self.complete.sample(self.complete.may_fit[self.folds.test.name], self.folds.test.name),
        )
        fit_group, measured_group = self._subject_groups(fit.person), self._subject_groups(measured.person)
        parts = [
            (fit.part(fit_group != number), measured.part(measured_group == number)) for number in range(SUBJECT_GROUPS)
        ]
        for number, (others, group) in enumerate(parts, start=1):
            if others.label.any() and len(group.label):
                continue
            raise BadInput(
                "Too few subjects among the fit rows had an outcome to choose across groups of subjects: without group "
                f"{number} of {SUBJECT_GROUPS}, {int(others.label.sum())} rows with an outcome are left to fit on.",
                value=f"{int(fit.label.sum())} rows with an outcome ({self.fitted_on}), of "
                f"{len(np.unique(fit.person[fit.label > 0]))} subjects; {len(group.label)} rows of the group",
                where=str(self.snapshot.store_path),
                way_out="load more history, or choose a rung that happens more often (Y4)",
            )
        return parts

    def _subject_groups(self, persons: Ints) -> Ints:
        """Return the group of each of n persons who are subjects of rows that may be fitted on in the test.

        Groups are of the subjects of every kind of row, so that a subject who is measured is fitted on by no kind; the
        ids that were ever found to be one person are in one group.
        """
        test = self.folds.test.name
        subjects = np.concatenate([rows.cohort.rows.subject[rows.may_fit[test]] for rows in self.rows.values()])
        people = np.unique(linked_group(self.snapshot.links, subjects))
        group = np.random.default_rng(self.settings.seed).permutation(len(people)) % SUBJECT_GROUPS
        return group[np.searchsorted(people, linked_group(self.snapshot.links, persons))]


def measured_kind(settings: Settings) -> RowKind:
    """Return the kind of the rows that a training is measured on."""
    return "index" if settings.cohort.kind == "incident" else "monthly"


def candidate_fit_rows(settings: Settings) -> list[FitRows]:
    """Return which rows may be fitted on, the simplest first: those of the settings, or else the cohort's own."""
    return settings.cohort.fit_rows or [measured_kind(settings)]


def catalogue_of(settings: Settings) -> Catalogue:
    """Return what models read of the catalogue, with ``features_with`` and less ``features_without``.

    Raises UsageError for a name that isn't in the catalogue.
    """
    whole = load_catalogue()
    for name in (*settings.features_with, *settings.features_without):
        whole[name]
    return whole.only(
        definition.name
        for definition in whole
        if (definition.read_by_model or definition.name in settings.features_with)
        and definition.name not in settings.features_without
    )


def prepare(
    snapshot: Snapshot, settings: Settings, policy: Policy, sightings: Sightings | None = None
) -> LabelledCohort:
    """Draw the folds, build every cohort, label and sample its rows, and compute the features that are needed.

    Records and withdrawals reach every as-of, and labels every fit date, with the lag of their feed.

    ``sightings``: other than the snapshot's own only to show what a leak would do. Raises BadInput when the history
    holds no outcome to learn from, or is too short for the folds.
    """
    lags = feed_lags(snapshot)
    lag = max(lags.values(), default=0)
    # Of the history itself, whatever sightings the features are to be computed from.
    deaths = Deaths.of(delayed(snapshot.sightings(), lags))
    sightings = delayed(snapshot.sightings(), lags) if sightings is None else sightings
    catalogue = catalogue_of(settings)
    folds = _folds(snapshot, settings)
    complete = cohorts.build(snapshot, folds.cycles(), settings.cohort, policy, lag)
    _refuse_empty_lists(complete, folds, snapshot)
    hindsights = {
        # A record of the last days before the fit date had not reached us by then.
        fold.name: Hindsight(
            deaths.known_before(fold.fit_date),
            recorded_outcomes(snapshot, settings, fold.fit_date - lag, lags),
            snapshot.relationships,
            fold.fit_date - lag,
            settings.horizon_days,
        )
        for fold in folds.all
    }
    candidates = candidate_fit_rows(settings)
    bare = LabelledCohort(
        snapshot=snapshot,
        sightings=sightings,
        settings=settings,
        policy=policy,
        catalogue=catalogue,
        folds=folds,
        rows={},
        fitted_on=candidates[0],
        lags=lags,
    )
    kinds = {kind for fit_rows in candidates for kind in KINDS[fit_rows]} - {measured_kind(settings)}
    of_kind = {kind: _rows_of_kind(bare, kind) for kind in sorted(kinds)} | {measured_kind(settings): complete}
    labelled = replace(
        bare, rows={kind: _labelled_rows(bare, kind, cohort, hindsights) for kind, cohort in of_kind.items()}
    )
    for fit_rows in candidates:
        _refuse_nothing_to_learn(labelled.refitted_on(fit_rows))
    return labelled


def prepare_test(snapshot: Snapshot, settings: Settings, policy: Policy) -> LabelledCohort:
    """Draw the folds and build the lists of the test, as ``prepare`` does: what ``open_test`` reads, nothing to fit on.

    For computing a sealed RUN again: the rows that are fitted on take most of the time and memory of ``prepare``.
    Raises BadInput for a history without events or too short for the folds, or without a row on the lists.
    """
    lags = feed_lags(snapshot)
    sightings, catalogue, folds = (
        delayed(snapshot.sightings(), lags),
        catalogue_of(settings),
        _folds(snapshot, settings),
    )
    cycles = folds.test.measure
    cohort = cohorts.build(snapshot, cycles, settings.cohort, policy, max(lags.values(), default=0))
    if not len(cohort):
        raise BadInput(
            "Nobody is on the lists of the test.",
            value=f"{len(cycles)} lists without a row, from {show(cycles[0].start)}",
            where=str(snapshot.store_path),
            way_out="check the eligibility policy and the snapshot that the RUN names",
        )
    kind, none = measured_kind(settings), np.zeros(0, np.int64)
    matrix = build(sightings, cohort.rows.take(none), catalogue)
    return LabelledCohort(
        snapshot=snapshot,
        sightings=sightings,
        settings=settings,
        policy=policy,
        catalogue=catalogue,
        folds=folds,
        rows={kind: LabelledRows(kind, cohort, {}, {}, {}, {}, none, matrix)},
        fitted_on=candidate_fit_rows(settings)[0],
        lags=lags,
    )


def _rows_of_kind(bare: LabelledCohort, kind: RowKind) -> Cohort:
    """Build rows that are fitted on alone: of the cycles that some fold is fitted on, and no others."""
    fitted = sorted({cycle for fold in bare.folds.all for cycle in fold.fit}, key=lambda cycle: cycle.start)
    if kind == "monthly":
        return cohorts.monthly(bare.snapshot, fitted, bare.policy, bare.lag)
    if kind == "index":
        return cohorts.indexed(bare.snapshot, fitted, bare.settings.cohort.after_seconds, bare.policy, bare.lag)
    return random_days(bare.snapshot, fitted, bare.policy, lag=bare.lag, seed=bare.settings.seed)


def _labelled_rows(
    bare: LabelledCohort, kind: RowKind, cohort: Cohort, hindsights: dict[str, Hindsight]
) -> LabelledRows:
    """Label rows as known at each fold's fit date, draw those to fit on, and compute the features of the rows in use.

    ``hindsights``: by name of fold, what was on record by its fit date.
    """
    folds, settings = bare.folds, bare.settings
    labels = {name: hindsight.labels(cohort.rows) for name, hindsight in hindsights.items()}
    left_out = {name: hindsight.left_out(cohort.rows, labels[name]) for name, hindsight in hindsights.items()}
    may_fit: dict[str, Ints] = {}
    for fold in folds.all:
        of_fold = fittable(cohort, fold, folds)
        may_fit[fold.name] = of_fold[~left_out[fold.name].rows[of_fold]]
    drawn = draw_of_folds(labels, may_fit, settings)
    test, blocks = folds.test.name, []
    if kind == measured_kind(settings):
        blocks = [_measured(cohort, fold, left_out[test]) for fold in folds.validation]
        # Across groups of subjects, the complete lists of the fit cycles are measured.
        blocks = blocks or [may_fit[test]]
    positions = positions_in_use(blocks, [rows.positions for rows in drawn.values()])
    places = np.full(len(cohort), len(positions))
    places[positions] = np.arange(len(positions))
    matrix = build(bare.sightings, cohort.rows.take(positions), bare.catalogue)
    return LabelledRows(kind, cohort, labels, left_out, may_fit, drawn, places, matrix)


def _measured(cohort: Cohort, fold: Fold, left_out: LeftOut) -> Ints:
    """Positions of the rows of a fold's lists, without those left out."""
    rows = cohort.of(fold.measure)
    return rows[~left_out.rows[rows]]


def _refuse_nothing_to_learn(labelled: LabelledCohort) -> None:
    """Raise BadInput, naming fold and rows, where no outcome was on record by the fit date."""
    settings, several = labelled.settings, len(candidate_fit_rows(labelled.settings)) > 1
    for name, counts in labelled.fit_counts.items():
        if not counts.rows_with_outcome:
            raise BadInput(
                f"No {settings.rung} outcome was on record by the fit date of {name}: nothing to learn from.",
                value=f"{counts.rows} rows ({labelled.fitted_on})",
                where=str(labelled.snapshot.store_path),
                way_out="load more history, or choose a rung that happens more often (Y4)"
                + (f", or leave {labelled.fitted_on} out of cohort.fit_rows" if several else ""),
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
                value=f"{len(fold.measure)} lists without a row, from {show(fold.measure[0].start)}",
                where=str(snapshot.store_path),
                way_out="load records up to the present, or check the eligibility policy",
            )
