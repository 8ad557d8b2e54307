"""How far the features of the test have moved from the fit rows, and how many rows lie where hardly any was fitted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features import Matrix, build, load_catalogue
from threat.release.documents.drift import Drift, FeatureDrift
from training.cohorts.labelled import LabelledCohort
from training.cohorts.sample import Sample

Floats = NDArray[np.float64]

LENGTH_OF_RECORD = "subject_history_days"
"""The feature that says how long the record of a subject is."""

_HIGH = 0.99
"""Percentile of the fit rows beyond which a model has seen hardly anything: one row in a hundred of the fit rows is."""
_LEAST_SHIFT = 0.25
"""Standard deviations from which a feature counts as shifted: a quarter, half of a difference that is called medium."""
_LEAST_ROWS = 30
"""Fit rows with a value below which a feature is not compared: of one or two values no spread can be told (on real
records one such feature shifted by 458 standard deviations)."""
_LEAST_SPREAD = 1e-9
"""Standard deviation under which a feature does not vary: rounding of a constant."""


def drift_of(labelled: LabelledCohort, matrix: Matrix) -> Drift:
    """Compare the test's rows with the rows that its fold is fitted on: rows alone, no outcome.

    No model reads the length of record, because it grows with the record: it is computed for this alone.
    """
    test = labelled.folds.test
    alone = load_catalogue().only([LENGTH_OF_RECORD])
    fitted, later = (
        build(labelled.sightings, rows, alone).values for rows in (labelled.fit_rows_of(test), labelled.test_lists.rows)
    )
    fit = labelled.fit_sample(test)
    record = compared(LENGTH_OF_RECORD, fitted[:, 0], fit.weight, later[:, 0])
    return drift(fit, matrix.values, labelled.catalogue.names, record)


def drift(
    fit: Sample, values: NDArray[np.float32], names: Sequence[str], length_of_record: FeatureDrift | None = None
) -> Drift:
    """Compare the test's ``values`` (n, d) with the weighted fit rows, feature by feature.

    ``length_of_record``: that of the subjects, compared in the same way; None where not known.
    """
    by_name = {
        name: compared(name, fit.values[:, place], fit.weight, values[:, place]) for place, name in enumerate(names)
    }
    features = [feature for feature in by_name.values() if feature is not None]
    features.sort(key=lambda feature: (-abs(feature.shift), feature.feature))
    return Drift(
        least_shift=_LEAST_SHIFT,
        shifted=sum(abs(feature.shift) > _LEAST_SHIFT for feature in features),
        length_of_record=length_of_record,
        features=tuple(features),
    )


def compared(name: str, fitted: NDArray[np.float32], weight: Floats, later: NDArray[np.float32]) -> FeatureDrift | None:
    """Compare one feature of the test (m) with the weighted fit rows (n), each on the rows where it has a value.

    None for a feature that does not vary on the fit rows, or that fewer than 30 of them have. Test rows twice as long
    on record as the fit rows:

    >>> days = np.arange(200, dtype=np.float32)
    >>> record = compared(LENGTH_OF_RECORD, days, np.ones(200), 2 * days)
    >>> record.beyond, record.test_rows, round(record.shift, 2)  # every day above 197, the 99th percentile
    (101, 200, 1.72)
    """
    present = np.isfinite(fitted)
    column, weight, test = fitted[present].astype(np.float64), weight[present], later[np.isfinite(later)]
    if len(column) < _LEAST_ROWS:
        return None
    mean = float(np.average(column, weights=weight))
    spread = float(np.sqrt(np.average((column - mean) ** 2, weights=weight)))
    if spread <= _LEAST_SPREAD:
        return None
    return FeatureDrift(
        feature=name,
        fit_rows=len(column),
        test_rows=len(test),
        beyond=int((test > percentile(column, weight, _HIGH)).sum()),
        shift=(float(test.mean(dtype=np.float64)) - mean) / spread if len(test) else 0.0,
    )


def percentile(values: Floats, weight: Floats, share: float) -> float:
    """Return the least of ``values`` (n) that this share of the weight does not exceed.

    >>> percentile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0]), 0.9)
    2.0
    """
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    # Sums of weights differ in their last bits: a value exactly at the share counts as reaching it.
    return float(values[order][np.searchsorted(total, share * total[-1] * (1 - 1e-12))])
