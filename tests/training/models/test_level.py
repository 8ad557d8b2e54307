"""A warning where the rows fitted on changed their rate of outcomes between the folds and the released model."""

from __future__ import annotations

import numpy as np
import pytest

from training.cohorts.sample import Sample
from training.models.level import moved_level


def rows(with_outcome: int, without: int, weight: float = 1.0) -> Sample:
    """Rows with an outcome of weight 1, and rows without of a weight."""
    n = with_outcome + without
    label = (np.arange(n) < with_outcome).astype(np.uint8)
    return Sample(
        values=np.zeros((n, 1), np.float32),
        label=label,
        weight=np.where(label > 0, 1.0, weight),
        person=np.arange(n),
        cycle=np.zeros(n, np.int64),
    )


def pairs(*fits: Sample, measured: tuple[int, ...] = (100, 100)) -> list[tuple[Sample, Sample]]:
    return [(fit, rows(number // 2, number - number // 2)) for fit, number in zip(fits, measured, strict=False)]


def test_a_rate_that_fell_between_the_folds_and_the_model_is_said_with_its_factor() -> None:
    # odds of 4 to 96 and of 2 to 98: a factor of 2.04; 100 outcomes measured, so 2 standard errors are a factor of 1.22
    [warning] = moved_level(pairs(rows(4, 96), rows(4, 96)), rows(2, 98))
    assert warning == (
        "The level of the probabilities was learnt from models fitted on rows of which 4.0% had an outcome, and "
        "the model is fitted on rows of which 2.0% had: outcomes may be expected too seldom, by a factor of up to "
        "about 2.0."
    )


def test_a_rate_that_rose_makes_outcomes_expected_too_often() -> None:
    [warning] = moved_level(pairs(rows(2, 98), rows(2, 98)), rows(4, 96))
    assert "expected too often, by a factor of up to about 2.0" in warning


@pytest.mark.parametrize(("final", "said"), [(rows(122, 878), False), (rows(126, 874), True)])
def test_a_movement_within_two_standard_errors_is_not_said(final: Sample, said: bool) -> None:
    # From 10%: log odds of .224 and .260 higher, against 2 / sqrt(64) = .25.
    assert bool(moved_level(pairs(rows(100, 900), measured=(128,)), final)) == said


def test_each_fit_counts_by_the_rows_it_measures_and_rows_by_their_weight() -> None:
    # 300 rows measured at 2% (weighed: 2 to 98) and 100 at 6%: 3% in all.
    fits = rows(2, 49, weight=2.0), rows(6, 94)
    [warning] = moved_level(pairs(*fits, measured=(300, 100)), rows(12, 88))
    assert "of which 3.0% had an outcome" in warning


def test_without_an_outcome_nothing_is_compared() -> None:
    assert moved_level(pairs(rows(0, 100)), rows(4, 96)) == ()
    assert moved_level(pairs(rows(4, 96)), rows(0, 100)) == ()
    assert moved_level([(rows(4, 96), rows(0, 50))], rows(1, 99)) == ()
