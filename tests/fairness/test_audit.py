"""Audits whose answers are known: worked by hand, or by another library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.audits import audited, by_code, one_group, simulated

from fairness.characteristics import MISSING, Characteristic
from threat.errors import BadInput, UsageError

NAN = float("nan")


def test_a_table_worked_by_hand() -> None:
    """Ten rows, four places. Scores fall; the fourth place is shared by rows d and e, which tie."""
    #          a     b     c     d     e     f     g     h     i     j
    score = [0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    label = [1, 0, 1, 1, 0, 1, 0, 0, 1, 0]
    group = ["A", "A", "B", "B", "A", "A", "B", "B", None, "B"]
    chance = [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]
    report = audited(
        score, label, one_group(group, ["A", "B", "B"]), capacity=4, probability=chance, outside_person=[101, 102, 103]
    )
    a, b, missing = (by_code(report)[code] for code in ("A", "B", MISSING))
    # A: rows a b e f; events a, f and one outside; listed a, b and half of e.
    assert (a.n, a.events, a.captured, a.selected) == (4, 3, 1.0, 2.5)
    assert a.recall.value == pytest.approx(1 / 3)
    assert a.precision.value == pytest.approx(1 / 2.5)
    assert a.selection_rate.value == pytest.approx(2.5 / 4)
    assert a.false_positive_rate.value == pytest.approx(1.5 / 2)
    assert a.calibration.value == pytest.approx(2 / 1.5)
    # B: rows c d g h j; events c, d and two outside; listed c and half of d.
    assert (b.n, b.events, b.captured, b.selected) == (5, 4, 1.5, 1.5)
    assert b.recall.value == pytest.approx(1.5 / 4)
    assert b.precision.value == pytest.approx(1.0)
    assert b.false_positive_rate.value == 0.0
    assert b.calibration.value == pytest.approx(2 / 1.75)
    # Nobody's group: row i, an event that was missed.
    assert (missing.n, missing.events, missing.captured) == (1, 1, 0.0)
    assert missing.recall.value == 0.0
    assert report.overall.n == 10
    assert report.overall.events == 8
    assert report.overall.outside_events == 3
    assert report.overall.recall.value == pytest.approx(2.5 / 8)
    assert report.verdict == "not_enough_evidence"
    assert report.characteristics[0].reason == "not enough evidence for: A, B, not recorded"
    assert "2 rows tie at the cut and share the places left (expected over random orders)." in report.notes


def test_threshold_and_fairlearn_agree() -> None:
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate
    from sklearn.metrics import precision_score, recall_score

    draw = np.random.default_rng(5)
    score, group = draw.random(2_000), draw.choice(["A", "B", "C"], 2_000)
    label = (draw.random(2_000) < score * 0.4).astype(int)
    report = audited(score, label, one_group(group), threshold=0.7)
    frame = MetricFrame(
        metrics={
            "recall": recall_score,
            "precision": precision_score,
            "selection_rate": selection_rate,
            "false_positive_rate": false_positive_rate,
        },
        y_true=label,
        y_pred=(score >= 0.7).astype(int),
        sensitive_features=group,
    ).by_group
    for code, group_report in by_code(report).items():
        for name in frame.columns:
            assert getattr(group_report, name).value == pytest.approx(frame.loc[code, name]), (code, name)
        assert group_report.recall.method == "Wilson 95%"


def test_selected_when_score_is_at_least_the_threshold() -> None:
    report = audited([0.7, 0.7, 0.69], [1, 1, 1], one_group(["A", "A", "A"]), threshold=0.7)
    assert by_code(report)["A"].captured == 2


@pytest.mark.parametrize("empty", [None, NAN, "", "  ", MISSING])
def test_every_way_to_be_missing_is_one_group(empty: Any) -> None:
    report = audited([3, 2, 1], [1, 1, 0], one_group(["A", empty, None]), capacity=1)
    assert {code: group.n for code, group in by_code(report).items()} == {"A": 1, MISSING: 2}


EVERYTHING_UNDEFINED = {
    "no scores": ([NAN] * 4, [1, 0, 1, 0], ["A", "A", "B", "B"]),
    "no outcomes": ([4, 3, 2, 1], [0, 0, 0, 0], ["A", "A", "B", "B"]),
    "unknown outcomes": ([4, 3, 2, 1], [NAN] * 4, ["A", "A", "B", "B"]),
    "nothing known": ([NAN] * 4, [NAN] * 4, [None] * 4),
    "no rows": ([], [], []),
}


@pytest.mark.parametrize("name", EVERYTHING_UNDEFINED)
@pytest.mark.parametrize("cut", [{"capacity": 2}, {"threshold": 2.5}])
def test_what_cannot_be_computed_is_not_fair(name: str, cut: dict[str, float]) -> None:
    score, label, group = EVERYTHING_UNDEFINED[name]
    report = audited(score, label, one_group(group), **cut)
    assert report.verdict == "not_enough_evidence"
    for group_report in report.characteristics[0].groups:
        assert group_report.verdict == "not_enough_evidence"


def test_an_event_seen_from_several_lists_counts_once() -> None:
    """One outcome, foreseeable from two lists and on one of them: half is caught."""
    report = audited(
        [2, 1, 1, 2], [1, 0, 1, 0], one_group(["A", "A", "A", "A"]), capacity=1, cycle=[0, 0, 1, 1],
        credit=[0.5, 0, 0.5, 0], person=[7, 8, 7, 8])  # fmt: skip
    a = by_code(report)["A"]
    assert (a.events, a.recall.value, a.people_with_events) == (1, 0.5, 1)


def test_the_same_audit_twice_is_the_same() -> None:
    score, label, group = simulated({"A": 0.6, "B": 0.5}, {"A": 60, "B": 60}, 4)
    first, second = (audited(score, label, one_group(group), capacity=50) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"capacity": None}, UsageError, "not exactly one is given"),
        ({"threshold": 0.5}, UsageError, "not exactly one is given"),
        ({"capacity": 0}, UsageError, "above 0"),
        ({"capacity": NAN}, UsageError, "above 0"),
        ({"capacity": None, "threshold": NAN}, UsageError, "finite"),
        ({"label": [1, 2, 0]}, BadInput, "neither 0 nor 1"),
        ({"label": [1, 0]}, BadInput, "3 values, but there are 2 labels"),
        ({"probability": [0.5, 1.5, 0]}, BadInput, "not all between 0 and 1"),
        ({"characteristics": []}, UsageError, "no characteristic"),
        ({"characteristics": one_group(["A"])}, BadInput, "1 and 0 outside, but there are 3 rows"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments: dict[str, Any] = {
        "score": [3, 2, 1],
        "label": [1, 0, 0],
        "characteristics": one_group(["A", "B", "A"]),
        "capacity": 1,
    }
    with pytest.raises(error, match=message):
        audited(**(arguments | change))


@pytest.mark.long
def test_a_million_rows() -> None:
    draw = np.random.default_rng(0)
    n = 1_000_000
    score = draw.normal(size=n)
    label = draw.random(n) < 1 / (1 + np.exp(6 - 1.2 * score))
    groups = [Characteristic(f"c{i}", "column", draw.integers(0, 6, n).astype(str)) for i in range(6)]
    people, lists = draw.integers(0, 300_000, n), draw.integers(0, 6, n)
    report = audited(score, label, groups, capacity=5_000, person=people, cycle=lists)
    assert report.overall.selected == 30_000
    assert len(report.characteristics) == 6
