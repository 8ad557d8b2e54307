"""Three-way verdicts as drawn tables."""

from __future__ import annotations

import pytest

from fairness.verdicts import holm, of_interval, of_ratio
from threat.measuring.figure import Verdict

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH


def test_holm() -> None:
    # Worked by hand: 0.01*4, max(0.04, 0.02*3), max(0.06, 0.03*2), max(0.06, 0.5).
    assert holm([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.7, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("p_below", "p_above_adjusted", "expected"),
    [
        (0.75, 0.25, FAIL),
        (0.74, 0.26, NOT_ENOUGH),
        (0.90, 0.30, NOT_ENOUGH),  # worse than the line by itself, but not after adjustment: look closer, never a pass
        (0.10, 0.90, PASS),
        (0.11, 0.89, NOT_ENOUGH),
        (0.50, 1.00, NOT_ENOUGH),
    ],
)
def test_of_ratio(p_below: float, p_above_adjusted: float, expected: Verdict) -> None:
    assert of_ratio(p_below, p_above_adjusted, fail_at=0.75, pass_at=0.90) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.8, 1.25, PASS), (0.79, 1.0, NOT_ENOUGH), (1.0, 1.3, NOT_ENOUGH), (1.3, 2.0, FAIL), (0.2, 0.7, FAIL)],
)
def test_of_interval(low: float, high: float, expected: Verdict) -> None:
    assert of_interval((low, high), (0.8, 1.25)) == expected


def test_without_an_interval_there_is_not_enough_evidence() -> None:
    assert of_interval(None, (0.8, 1.25)) == NOT_ENOUGH
