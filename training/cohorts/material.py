"""From a store to what can be fitted: folds, cohorts, labels as known at each date, and the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import Catalogue, Matrix, build, load_catalogue
from threat.asof import NEVER
from threat.errors import BadInput, UsageError
from threat.history.sightings import Rows, Sightings
from threat.history.snapshot import Snapshot
from threat.outcomes import label, occurrences
from threat.rungs import rules_of
from training.cohorts import cohort as cohorts
from training.cohorts.cohort import Cohort, Ints
from training.cohorts.feed_lag import delayed, feed_lags
from training.cohorts.folds import Fold, Folds, draw
from training.config import SamplingSettings, Settings
from training.models.trees import Sample


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a training reads. ``positions``: the rows of ``cohort`` that are in ``matrix``, in its order."""

    snapshot: Snapshot
    sightings: Sightings
    settings: Settings
    catalogue: Catalogue
    folds: Folds
    cohort: Cohort
    labels: dict[str, NDArray[np.uint8]]
    samples: dict[str, tuple[Ints, NDArray[np.float64]]]
    positions: Ints
    matrix: Matrix
    lag: int
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def constraints(self) -> list[int]:
        """Monotone directions, one per feature."""
        return [definition.direction for definition in self.catalogue]

    def at(self, rows: Ints) -> Ints:
        """Places in the matrix of rows of the cohort."""
        return np.searchsorted(self.positions, rows)

    def fit_sample(self, fold: Fold) -> Sample:
        """The sampled fit rows of a fold, labelled by what was recorded before its fit date."""
        rows, weight = self.samples[fold.name]
        return Sample(self.matrix.values[self.at(rows)], self.labels[fold.name][rows], weight)

    def measured(self, fold: Fold, known: str) -> Sample:
        """The complete cohort a fold is measured on, labelled by what was recorded before the fit date of ``known``."""
        rows = self.cohort.of(fold.measure)
        return Sample(self.matrix.values[self.at(rows)], self.labels[known][rows], np.ones(len(rows)))

    def pairs(self) -> list[tuple[Sample, Sample]]:
        """(fit, measure) pairs to choose on: the validation folds, or groups of subjects within the test's fit rows.

        Either way every label was on record before the test's fit date. Raises BadInput when so few subjects had an
        outcome that one group holds them all.
        """
        if self.folds.validation:
            return [(self.fit_sample(fold), self.measured(fold, "test")) for fold in self.folds.validation]
        rows, _ = self.samples["test"]
        whole = self.fit_sample(self.folds.test)
        _, person = np.unique(self.cohort.rows.subject[rows], return_inverse=True)
        group = np.random.default_rng(self.settings.seed).permutation(int(person.max()) + 1)[person] % SUBJECT_GROUPS
        parts = [(whole.part(group != number), whole.part(group == number)) for number in range(SUBJECT_GROUPS)]
        if not all(fitted.label.any() and len(measured.label) for fitted, measured in parts):
            raise BadInput(
                "Choosing across groups of subjects needs outcomes of several subjects among the fit rows.",
                value=f"{int(whole.label.sum())} rows with an outcome, {int(person.max()) + 1} subjects",
                where=str(self.snapshot.store_path),
                way_out="load more history, or choose a rung that happens more often (Y4)",
            )
        return parts


SUBJECT_GROUPS = 4


def catalogue_of(settings: Settings) -> Catalogue:
    """The catalogue less ``features_without``. Raises UsageError for a name that isn't in it."""
    whole = load_catalogue()
    for name in settings.features_without:
        whole[name]
    left = [name for name in whole.names if name not in settings.features_without]
    return whole if len(left) == len(whole) else whole.only(left)


def prepare(snapshot: Snapshot, settings: Settings, policy: Any, sightings: Sightings | None = None) -> Material:
    """Read, draw the folds, build every cohort, label, sample and compute the features of the rows that are needed.

    Records and withdrawals reach every as-of, and labels every fit date, with the lag of their feed.

    ``sightings``: other than the snapshot's own only to show what a leak would do. Raises BadInput when the history
    holds no outcome to learn from, UsageError when it is too short for the folds.
    """
    lags = feed_lags(snapshot)
    lag = max(lags.values(), default=0)
    sightings = delayed(snapshot.sightings(), lags) if sightings is None else sightings
    catalogue = catalogue_of(settings)
    known = cohorts.label_knowledge(snapshot)
    if not known:
        raise BadInput("A history to train on holds events.", where=str(snapshot.store_path), way_out="threat load ...")
    folds = draw(
        settings.calendar,
        settings.horizon_days,
        history_start=cohorts.history_start(snapshot),
        label_knowledge=known,
        spread=settings.cohort.kind == "incident",
    )
    cohort = cohorts.build(snapshot, folds.cycles(), settings.cohort, policy, lag)
    for fold in (*folds.validation, folds.test):
        if not len(cohort.of(fold.measure)):
            raise BadInput(
                f"Nobody is on the lists that {fold.name} is measured on.",
                where=str(snapshot.store_path),
                way_out="load records up to the present, or check the eligibility policy",
            )
    labels, samples, counts = {}, {}, {}
    for number, fold in enumerate((*folds.validation, folds.test)):
        found = found_by(snapshot, settings, fold.fit_date - lag)
        labels[fold.name] = label(found, cohort.rows, settings.horizon_days)
        rows = cohort.of(fold.fit)
        samples[fold.name] = sample(labels[fold.name], rows, settings.sampling, settings.seed + number)
        counts[fold.name] = _counts(cohort, rows, labels[fold.name], samples[fold.name][0])
        if not counts[fold.name]["rows_with_outcome"]:
            raise BadInput(
                f"No {settings.rung} outcome was on record by the fit date of {fold.name}: nothing to learn from.",
                value=f"{len(rows)} rows",
                where=str(snapshot.store_path),
                way_out="load more history, or choose a rung that happens more often (Y4)",
            )
    needed = [rows for rows, _ in samples.values()]
    needed += [cohort.of(fold.measure) for fold in (*folds.validation, folds.test)]
    positions = np.unique(np.concatenate(needed))
    matrix = build(sightings, cohorts.take(cohort.rows, positions), catalogue)
    return Material(
        snapshot, sightings, settings, catalogue, folds, cohort, labels, samples, positions, matrix, lag, counts
    )


def _counts(cohort: Cohort, rows: Ints, labels: NDArray[np.uint8], sampled: Ints) -> dict[str, int]:
    return {
        "rows": len(rows),
        "relationships": len(np.unique(cohort.rows.relationship_id[rows])),
        "subjects": len(np.unique(cohort.rows.subject[rows])),
        "rows_with_outcome": int(labels[rows].sum()),
        "sampled_rows": len(sampled),
    }


def sample(
    labels: NDArray[np.uint8], rows: Ints, settings: SamplingSettings, seed: int
) -> tuple[Ints, NDArray[np.float64]]:
    """Fit rows, sorted, and their weights: every row with an outcome at 1, a draw of the rest at their inverse share.

    For fitting only; cohorts that are measured or calibrated on stay complete.
    """
    positive = labels[rows] > 0
    without = rows[~positive]
    size = min(len(without), max(settings.floor, settings.negatives_per_positive * int(positive.sum())))
    drawn = np.random.default_rng(seed).choice(without, size, replace=False) if size < len(without) else without
    both = np.concatenate([rows[positive], drawn])
    weight = np.concatenate([np.ones(int(positive.sum())), np.full(size, len(without) / max(size, 1))])
    order = np.argsort(both, kind="stable")
    return both[order], weight[order]


def found_by(snapshot: Snapshot, settings: Settings, recorded_before: int | None) -> pd.DataFrame:
    """Outcomes of the rung on record before a date (None: all), or only those that bring a new severe kind."""
    found = occurrences(snapshot, settings.rung, recorded_before)
    return only_new_kinds(snapshot, found, settings.rung, recorded_before) if settings.new_charges_only else found


def only_new_kinds(snapshot: Snapshot, found: pd.DataFrame, rung: str, recorded_before: int | None) -> pd.DataFrame:
    """The occurrences whose incident carries a kind of the rung that no earlier incident of the subject carried.

    A sensitivity: where a later record may be the same case coming back, a kind seen before proves nothing new. It also
    leaves out true repeats of the same kind, so it errs low. As known before ``recorded_before``; compares ids as
    recorded. Raises UsageError for a rung about the person at risk alone.
    """
    rules = rules_of(rung)
    if any(rule.attributed_to == "person_at_risk" for rule in rules):
        raise UsageError("new_charges_only is for outcomes of a relationship.", value=rung)
    table = snapshot.query(
        """
        WITH severe AS (
            SELECT subject_id, kind, incident_id, min(occurred_at) AS at
            FROM events
            WHERE subject_id IS NOT NULL AND kind IN (SELECT unnest(?)) AND recorded_at < ?
            GROUP BY ALL
        )
        SELECT DISTINCT a.incident_id FROM severe a
        WHERE NOT EXISTS (
            SELECT 1 FROM severe b
            WHERE b.subject_id = a.subject_id AND b.kind = a.kind AND b.incident_id <> a.incident_id AND b.at <= a.at
        )
        """,
        [
            sorted({kind for rule in rules for kind in rule.all_of}),
            NEVER if recorded_before is None else recorded_before,
        ],
    )
    fresh = table.column(0).to_numpy()
    return found[found["incident_id"].isin(fresh)]


def test_rows(material: Material) -> tuple[Ints, Rows]:
    """The complete test cohort: positions in the cohort, and the rows."""
    positions = material.cohort.of(material.folds.test.measure)
    return positions, cohorts.take(material.cohort.rows, positions)


def index_rows(material: Material) -> Rows | None:
    """The index rows that share an outcome of the test with its rows (None for a monthly cohort)."""
    settings = material.settings
    lists = material.folds.test.measure
    return cohorts.index_rows(material.snapshot, lists, settings.cohort, settings.horizon_days, material.lag)


def names_of(catalogue: Catalogue, *, sensitive: bool) -> Sequence[str]:
    """Feature names, all that are (or aren't) declared sensitive."""
    return [definition.name for definition in catalogue if definition.sensitive == sensitive]
