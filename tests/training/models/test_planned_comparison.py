"""The plan knows validation alone: its standard error shrinks with the days of outcomes that the test will cover."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fixtures.drawn_samples import sample_of

from features import load_catalogue
from threat.asof import DAY
from threat.history.sightings import Rows
from threat.measuring.list_length import ListLength
from threat.release.documents.settings import ComparisonSettings
from training.cohorts.folds import Cycle, Fold, Folds
from training.models.planned_comparison import days_of_outcomes, plan_comparison

NAMES = load_catalogue().names
ROWS = 400


def cycles(first: int, last: int) -> tuple[Cycle, ...]:
    month = 30 * DAY
    return tuple(Cycle(number, number * month, (number + 1) * month, number * month) for number in range(first, last))


def labelled(test_months: int, graded: bool = False, places: int = 20) -> Any:
    """A cohort of which validation covers three months, and the test so many."""
    validation = Fold("validation 1", 0, cycles(0, 6), cycles(12, 15))
    test = Fold("test", 0, cycles(0, 12), cycles(24, 24 + test_months))
    values = np.full((ROWS, len(NAMES)), np.nan, np.float32)
    values[:, NAMES.index("subject_harm_sum_365d")] = np.arange(ROWS) % 7
    if graded:
        values[0, NAMES.index("latest_grade")] = 2.0
    folds = Folds((validation,), test, label_knowledge=0, horizon_days=180, embargo_days=0)
    against = ["rule_latest_grade", "rule_trailing_year_harm", "elastic_net"]
    settings = SimpleNamespace(seed=7, horizon_days=180, comparison=ComparisonSettings(against=against))
    ids = np.zeros(0, np.int64)
    matrix = load_matrix(values[:0], Rows(ids, ids, ids, ids))
    cohort = SimpleNamespace(
        settings=settings,
        folds=folds,
        catalogue=load_catalogue(),
        complete=SimpleNamespace(matrix=matrix),
        list_length=lambda cycle: ListLength(places),
    )
    label = (np.arange(ROWS) % 10 == 0).astype(np.uint8)
    return cohort, replace(sample_of(values, label), person=np.arange(ROWS) // 2, cycle=np.repeat([1, 2], ROWS // 2))


def load_matrix(values: np.ndarray, rows: Rows) -> Any:
    from features.matrix import Matrix

    return Matrix.of(values, rows, load_catalogue())


def planned(test_months: int = 3, graded: bool = False, places: int = 20) -> Any:
    cohort, sample = labelled(test_months, graded, places)
    rng = np.random.default_rng(1)
    model = sample.label + rng.normal(size=ROWS)
    return plan_comparison(cohort, [sample], {"score": model, "elastic_net": model + 0.3 * rng.normal(size=ROWS)})


def test_every_ranking_of_the_settings_is_planned() -> None:
    plan = planned()
    assert (plan.rows_with_outcome, plan.people, plan.days, plan.test_days) == (40, 40, 240.0, 240.0)
    by_name = {item.name: item for item in plan.rankings}
    assert list(by_name) == ["rule_latest_grade", "rule_trailing_year_harm", "elastic_net"]
    assert by_name["rule_latest_grade"].power is None  # nobody was graded: there is nothing to rank by
    harm, regression = by_name["rule_trailing_year_harm"].power, by_name["elastic_net"].power
    assert 0 < regression.standard_error < harm.standard_error < 0.2
    assert regression.detectable == pytest.approx(2.8016 * regression.standard_error, rel=1e-4)
    assert planned(graded=True).rankings[0].power is not None


def test_lists_that_catch_fewer_than_ten_outcomes_give_no_power() -> None:
    assert [item.power for item in planned(places=1).rankings] == [None, None, None]


def test_twice_the_days_of_outcomes_halve_the_variance() -> None:
    """Three lists look 240 days ahead, eleven 480."""
    short, long = (planned(months).rankings[2].power.standard_error for months in (3, 11))
    assert long == pytest.approx(short / 2**0.5)


def test_days_that_two_stretches_cover_count_once() -> None:
    assert days_of_outcomes([cycles(0, 3), cycles(3, 6)], horizon_days=180) == 150 + 180
    assert days_of_outcomes([cycles(0, 1), cycles(24, 25)], horizon_days=180) == 360
