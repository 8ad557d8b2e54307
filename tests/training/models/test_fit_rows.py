"""Fit rows are chosen on validation: every candidate ranks the same lists; one candidate is no choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from fixtures.drawn_samples import sample_of
from numpy.typing import NDArray

from threat.measuring.list_length import ListLength
from threat.release.documents.settings import FitRows
from training.cohorts.sample import Sample
from training.config import Settings, load
from training.models.fit_rows import choose_fit_rows


@dataclass(frozen=True)
class Cohort:
    """What ``choose_fit_rows`` reads of a labelled cohort; the labels of the index rows lie."""

    settings: Settings
    fitted_on: FitRows = "index"

    def refitted_on(self, fit_rows: FitRows) -> Cohort:
        return replace(self, fitted_on=fit_rows)

    def list_length(self, cycle: NDArray[np.int64]) -> ListLength:
        return ListLength(40)

    def pairs(self) -> list[tuple[Sample, Sample]]:
        measured = [drawn(seed, 2_000) for seed in (1, 2)]
        if self.fitted_on == "index":
            fit = drawn(3, 400)
            fit = replace(fit, label=1 - fit.label)
        else:
            fit = drawn(4, 1_000)
        return [(fit, rows) for rows in measured]


def drawn(seed: int, n: int) -> Sample:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)).astype(np.float32)
    label = (rng.random(n) < 1 / (1 + np.exp(3 - 2 * values[:, 0]))).astype(np.uint8)
    return replace(sample_of(values, label), person=np.arange(n) + 10_000 * seed, cycle=np.full(n, seed))


def slope(sample: Sample) -> Any:
    """Rank by the feature, in the direction that the fit rows say."""
    sign = np.sign(np.corrcoef(sample.values[:, 0], sample.label)[0, 1])
    return lambda values: sign * values[:, 0].astype(np.float64)


def settings_of(*fit_rows: FitRows) -> Settings:
    return load("demo", cohort={"kind": "incident", "fit_rows": list(fit_rows)})


def test_rows_that_mislead_are_left_and_of_equals_the_first_named_is_chosen() -> None:
    cohort: Any = Cohort(settings_of("index", "monthly", "both"))
    chosen, choice = choose_fit_rows(cohort, slope)
    assert choice is not None
    assert (chosen.fitted_on, choice.chosen, choice.best) == ("monthly", "monthly", "monthly")
    index, monthly, both = choice.options
    assert (index.mean_recall, index.difference) == (0.0, -monthly.mean_recall)
    assert monthly.mean_recall == both.mean_recall
    assert (choice.rows, choice.lists, choice.places) == (4_000, 2, (10, 20, 40, 80, 160))


def test_one_candidate_is_no_choice_and_nothing_is_fitted() -> None:
    def refuse(sample: Sample) -> Any:
        raise AssertionError("fitted")

    cohort: Any = Cohort(settings_of("monthly"))
    chosen, choice = choose_fit_rows(cohort, refuse)
    assert (chosen.fitted_on, choice) == ("monthly", None)
