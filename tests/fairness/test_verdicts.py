"""Three-way verdicts as drawn tables."""

from __future__ import annotations

import itertools

import pytest

from fairness.verdicts import FAIL, NOT_ENOUGH, PASS, combine, holm, of_interval, of_ratio


@pytest.mark.parametrize("verdicts", list(itertools.product([PASS, FAIL, NOT_ENOUGH], repeat=3)))
def test_any_fail_fails_and_only_all_passes_pass(verdicts: tuple[str, ...]) -> None:
    expected = FAIL if FAIL in verdicts else PASS if set(verdicts) == {PASS} else NOT_ENOUGH
    assert combine(verdicts) == expected


def test_no_verdict_at_all_is_not_a_pass() -> None:
    assert combine([]) == NOT_ENOUGH


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
def test_of_ratio(p_below: float, p_above_adjusted: float, expected: str) -> None:
    assert of_ratio(p_below, p_above_adjusted, fail_at=0.75, pass_at=0.90) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.8, 1.25, PASS), (0.79, 1.0, NOT_ENOUGH), (1.0, 1.3, NOT_ENOUGH), (1.3, 2.0, FAIL), (0.2, 0.7, FAIL)],
)
def test_of_interval(low: float, high: float, expected: str) -> None:
    assert of_interval(low, high, (0.8, 1.25)) == expected
