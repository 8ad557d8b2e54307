"""Verdicts as drawn tables."""

from __future__ import annotations

import pytest

from fairness.policy import load_policy
from fairness.verdicts import Seen, holm, of_cell, of_interval
from threat.measuring.figure import Verdict
from threat.release.documents.fairness_verdict import FairnessVerdict

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH
ALERT = FairnessVerdict.ALERT


def test_holm() -> None:
    # Worked by hand: 0.01*4, max(0.04, 0.02*3), max(0.06, 0.03*2), max(0.06, 0.5).
    assert holm([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.7, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("p_beyond", "p_adjusted", "cases", "chance", "expected"),
    [
        (0.999, 0.10, 60, 0.0, FAIL),
        (0.999, 0.11, 60, 0.0, ALERT),  # worse than the line by itself, but not after adjustment: never a pass
        (0.75, 1.0, 60, 0.24, ALERT),
        (0.74, 1.0, 60, 0.01, NOT_ENOUGH),
        (0.80, 1.0, 2, 0.25, NOT_ENOUGH),  # none caught of two: a fair ranking shows as much one time in four
        (0.999, 0.10, 2, 0.26, FAIL),
        (0.10, 1.0, 20, 1.0, PASS),
        (0.10, 1.0, 19.9, 1.0, NOT_ENOUGH),
        (0.11, 1.0, 60, 1.0, NOT_ENOUGH),
    ],
)
def test_of_cell(p_beyond: float, p_adjusted: float, cases: float, chance: float, expected: str) -> None:
    assert of_cell(Seen(p_beyond, p_adjusted, cases, chance, chance_if_worse=0.05), load_policy()) == expected


def test_no_group_passes_that_could_as_well_be_treated_far_worse() -> None:
    assert of_cell(Seen(0.01, 1.0, 170, 1.0, chance_if_worse=0.06), load_policy()) == NOT_ENOUGH


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([PASS, FAIL, ALERT, NOT_ENOUGH], FAIL),
        ([PASS, ALERT, NOT_ENOUGH], ALERT),
        ([PASS, NOT_ENOUGH], NOT_ENOUGH),
        ([PASS, PASS], PASS),
        ([], NOT_ENOUGH),
    ],
)
def test_the_worst_verdict_is_that_of_all(verdicts: list[str], expected: str) -> None:
    assert FairnessVerdict.all_of(map(FairnessVerdict, verdicts)) == expected


def test_values_that_both_kinds_of_verdict_have_are_equal() -> None:
    assert {verdict.value for verdict in FairnessVerdict} - {verdict.value for verdict in Verdict} == {"alert"}
    assert FairnessVerdict.FAIL == Verdict.FAIL
    assert {verdict.words for verdict in Verdict} < {verdict.words for verdict in FairnessVerdict}


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.8, 1.25, PASS), (0.79, 1.0, NOT_ENOUGH), (1.0, 1.3, NOT_ENOUGH), (1.3, 2.0, FAIL), (0.2, 0.7, FAIL)],
)
def test_of_interval(low: float, high: float, expected: Verdict) -> None:
    assert of_interval((low, high), (0.8, 1.25)) == expected


def test_without_an_interval_there_is_not_enough_evidence() -> None:
    assert of_interval(None, (0.8, 1.25)) == NOT_ENOUGH
