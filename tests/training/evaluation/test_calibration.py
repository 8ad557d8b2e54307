"""Slope, observed over expected and bins of probabilities that are right, and of some that are not."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.ranked_rows import crowd

from threat.measuring.ranked import Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling
from training.evaluation.calibration import calibration, recalibration_line


def with_probability(labelled: Labelled, p: np.ndarray) -> Ranked:
    return Ranked(rows=labelled, score=p, probability=p)


def test_calibration_of_true_probabilities_is_right_and_of_squeezed_ones_is_not() -> None:
    labelled, p = crowd(20_000, 1)
    draws = Draws.of(labelled.persons, Resampling(replicates=60, seed=1))
    got = calibration(with_probability(labelled, p), draws)
    for name, right in (("slope", 1.0), ("observed_over_expected", 1.0)):
        low, high = getattr(got, name).interval
        assert low < right < high
        assert high - low < 0.15
    odds = np.log(p / (1 - p))
    halved = 1 / (1 + np.exp(-odds / 2))
    assert recalibration_line(with_probability(labelled, halved), draws)[1][0] == pytest.approx(
        2 * got.slope.value, rel=0.01
    )
    assert sum(bin_.observed.n for bin_ in got.bins) == 20_000
    for bin_ in got.bins:
        assert bin_.low <= bin_.expected <= bin_.high
        assert bin_.observed.value == pytest.approx(bin_.expected, abs=0.05)
    assert np.isnan(recalibration_line(with_probability(labelled, np.full(20_000, 0.1)), draws)[1]).all()
