"""Whether explanations are of the score is measured, and can come out false."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from threat.release.ranking_model import RankingModel
from training.checks import contributions_sum

VALUES = np.zeros((3, 2), dtype=np.float32)


class Booster:
    """Stands in for LightGBM: every score is 1, and its contributions miss it by ``off`` in one row."""

    def __init__(self, off: float) -> None:
        self.off = off

    def predict(self, values: NDArray[np.float32], **asked: Any) -> NDArray[np.float64]:
        if "raw_score" in asked:
            return np.ones(len(values))
        parts = np.tile([0.25, 0.25, 0.5], (len(values), 1))
        parts[1, 0] += self.off
        return parts


@pytest.mark.parametrize(("off", "holds"), [(0.0, True), (1.9e-6, True), (2.1e-6, False), (-0.5, False)])
def test_the_largest_difference_decides(off: float, holds: bool) -> None:
    check = contributions_sum(RankingModel(Booster(off), None, ("a", "b")), VALUES, threads=1)
    assert check.largest_difference == pytest.approx(abs(off) / 2, abs=1e-15)
    assert (check.rows, check.threshold, check.holds) == (3, 1e-6, holds)
