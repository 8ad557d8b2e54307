"""Which rows to fit on: chosen on validation, while what is measured stays the complete cohort."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from threat.release.documents.chosen import OptionChoice
from training.cohorts.labelled import LabelledCohort, candidate_fit_rows
from training.cohorts.sample import Sample
from training.models.base import fit_base
from training.models.choosing import ValidationLists, choose

Scores = Callable[[NDArray[np.float32]], NDArray[np.float64]]
Fit = Callable[[Sample], Scores]
"""Fits one model to a sample and returns what scores values (n, d)."""


def choose_fit_rows(labelled: LabelledCohort, fit: Fit | None = None) -> tuple[LabelledCohort, OptionChoice | None]:
    """Return the cohort fitted on the chosen rows, and how they were chosen; None where there was one candidate.

    Every candidate's fits rank the same complete validation lists, subjects who are measured left out of every fit.
    ``fit``: None for the base, which costs a second where trees cost minutes.
    """
    fit = fit or partial(_fit_base, labelled)
    candidates = candidate_fit_rows(labelled.settings)
    if len(candidates) == 1:
        return labelled.refitted_on(candidates[0]), None
    scores: dict[str, NDArray[np.float64]] = {}
    measured: list[Sample] = []
    for fit_rows in candidates:
        pairs = labelled.refitted_on(fit_rows).pairs()
        measured = [rows for _, rows in pairs]
        scores[fit_rows] = np.concatenate([fit(sample)(rows.values) for sample, rows in pairs])
    length = labelled.list_length(np.concatenate([rows.cycle for rows in measured]))
    choice = choose(scores, ValidationLists.of(measured, length, seed=labelled.settings.seed))
    chosen = next(fit_rows for fit_rows in candidates if fit_rows == choice.chosen)
    return labelled.refitted_on(chosen), choice


def _fit_base(labelled: LabelledCohort, sample: Sample) -> Scores:
    settings = labelled.settings
    fitted = fit_base(sample, labelled.catalogue, settings.base, horizon_days=settings.horizon_days, seed=settings.seed)
    return fitted.base.score
