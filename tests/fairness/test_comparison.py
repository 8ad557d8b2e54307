"""Groups compared: fair and unfair rankings, small groups, and people with several rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.audits import audited, by_code, capacity_of, one_group, simulated

from fairness.characteristics import MISSING


@pytest.mark.parametrize("seed", range(5))
def test_an_unfair_ranking_fails(seed: int) -> None:
    score, label, group = simulated({"A": 0.7, "B": 0.35}, {"A": 400, "B": 200}, seed)
    report = audited(score, label, one_group(group), capacity=capacity_of(score))
    assert report.verdict == "fail"
    b, recall = by_code(report)["B"], by_code(report)["B"].of("recall")
    assert (b.verdict, recall.verdict) == ("fail", "fail")
    assert recall.p_beyond > 0.99
    assert recall.ratio_interval[0] < recall.ratio < recall.ratio_interval[1] < 0.8
    assert recall.others == pytest.approx(by_code(report)["A"].recall.value)
    assert by_code(report)["A"].of("recall").p_beyond < 0.01  # no pass: of A few outcomes are on record off the list


@pytest.mark.parametrize("seed", range(5))
def test_a_fair_ranking_with_many_events_passes(seed: int) -> None:
    score, label, group = simulated({"A": 0.6, "B": 0.6, "C": 0.6}, {"A": 900, "B": 700, "C": 600}, seed)
    report = audited(score, label, one_group(group), capacity=capacity_of(score))
    assert report.verdict == "pass"
    assert {group.verdict for group in report.characteristics[0].groups} == {"pass"}


@pytest.mark.parametrize("seed", range(5))
def test_a_small_group_is_not_enough_evidence(seed: int) -> None:
    score, label, group = simulated({"A": 0.6, "B": 0.6}, {"A": 600, "B": 6}, seed)
    report = audited(score, label, one_group(group), capacity=capacity_of(score))
    b = by_code(report)["B"]
    assert b.n == 126
    assert b.events == 6
    assert b.verdict != "pass"
    assert report.verdict != "pass"


def test_every_outcome_of_a_small_group_caught_is_still_not_proof() -> None:
    """Three of three: a bootstrap would be certain. It is three events."""
    score, label, group = simulated({"A": 0.6, "B": 1.0}, {"A": 600, "B": 3}, 1)
    b = by_code(audited(score, label, one_group(group), capacity=capacity_of(score)))["B"]
    assert b.recall.value == 1.0
    assert b.recall.interval[0] < 0.5
    assert b.recall.method.startswith("Jeffreys")


def test_missing_membership_is_a_group_that_can_fail() -> None:
    score, label, group = simulated({"A": 0.7, "B": 0.7, "": 0.2}, {"A": 400, "B": 400, "": 200}, 2)
    report = audited(score, label, one_group(group), capacity=capacity_of(score))
    assert by_code(report)[MISSING].verdict == "fail"
    assert report.verdict == "fail"
    assert report.characteristics[0].reason == "served worse than the line allows: not recorded"


def test_the_missing_are_never_the_yardstick() -> None:
    score, label, group = simulated({"A": 0.5, "B": 0.5, "": 0.9}, {"A": 400, "B": 400, "": 400}, 2)
    report = audited(score, label, one_group(group), capacity=capacity_of(score))
    a, missing = by_code(report)["A"], by_code(report)[MISSING]
    assert a.of("recall").others == pytest.approx(by_code(report)["B"].recall.value)
    recorded = [by_code(report)[code] for code in "AB"]
    assert missing.of("recall").others == pytest.approx(
        sum(g.captured for g in recorded) / sum(g.events for g in recorded)
    )
    assert report.verdict == "pass"


@pytest.mark.parametrize("codes", [["A"] * 4, [None] * 4])
def test_one_group_or_none_cannot_be_compared(codes: list[Any]) -> None:
    many = 200
    groups = one_group(np.repeat(np.array(codes, dtype=object), many))
    report = audited(np.arange(4 * many), np.ones(4 * many), groups, capacity=400)
    assert report.verdict == "not_enough_evidence"
    assert report.characteristics[0].reason in {
        "only one group: there is nothing to compare",
        "not recorded for anyone",
    }


def test_rows_of_one_person_are_not_independent() -> None:
    """Each outcome repeated ten times over one person's rows: ten times the rows, the same evidence."""
    score, label, group = simulated({"A": 0.6, "B": 0.5}, {"A": 200, "B": 60}, 4)
    single = audited(score, label, one_group(group), threshold=0.5, person=np.arange(len(score)))
    tenfold = audited(
        np.repeat(score, 10), np.repeat(label, 10), one_group(np.repeat(group, 10)), threshold=0.5,
        person=np.repeat(np.arange(len(score)), 10))  # fmt: skip
    naive = audited(np.repeat(score, 10), np.repeat(label, 10), one_group(np.repeat(group, 10)), threshold=0.5)
    a, b, c = (by_code(report)["B"] for report in (single, tenfold, naive))
    assert (b.events, b.people_with_events) == (600, 60)
    assert b.effective_events == pytest.approx(60, rel=0.35)
    assert b.effective_events < 0.2 * c.effective_events
    assert b.of("recall").p_beyond == pytest.approx(a.of("recall").p_beyond, abs=0.06)
