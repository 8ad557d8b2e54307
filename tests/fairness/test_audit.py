"""Audits whose answers are known: worked by hand, or simulated fair and unfair."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.audit import audit
from fairness.policy import load_policy
from fairness.population import MISSING, Characteristic
from fairness.resample import Population, order_rows, shares
from threat.errors import BadInput, UsageError

NAN = float("nan")
FAST = load_policy().model_copy(update={"draws": 100})


def by_group(report: dict[str, Any], which: int = 0) -> dict[str, dict[str, Any]]:
    return {group["code"]: group for group in report["characteristics"][which]["groups"]}


def one(codes: Any, outside: Any = ()) -> list[Characteristic]:
    return [Characteristic("group", "column", codes, outside)]


def test_a_table_worked_by_hand() -> None:
    """Ten rows, four places. Scores fall; the fourth place is shared by rows d and e, which tie."""
    #          a     b     c     d     e     f     g     h     i     j
    score = [0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    label = [1, 0, 1, 1, 0, 1, 0, 0, 1, 0]
    group = ["A", "A", "B", "B", "A", "A", "B", "B", None, "B"]
    chance = [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]
    report = audit(
        score,
        label,
        one(group, ["A", "B", "B"]),
        capacity=4,
        probability=chance,
        outside_cluster=[101, 102, 103],
        policy=FAST,
    )
    a, b, missing = (by_group(report)[code] for code in ("A", "B", MISSING))
    # A: rows a b e f; events a, f and one outside; listed a, b and half of e.
    assert (a["n"], a["events"], a["captured"], a["selected"]) == (4, 3, 1.0, 2.5)
    assert a["recall"]["value"] == pytest.approx(1 / 3)
    assert a["precision"]["value"] == pytest.approx(1 / 2.5)
    assert a["selection_rate"]["value"] == pytest.approx(2.5 / 4)
    assert a["false_positive_rate"]["value"] == pytest.approx(1.5 / 2)
    assert a["calibration"]["value"] == pytest.approx(2 / 1.5)
    # B: rows c d g h j; events c, d and two outside; listed c and half of d.
    assert (b["n"], b["events"], b["captured"], b["selected"]) == (5, 4, 1.5, 1.5)
    assert b["recall"]["value"] == pytest.approx(1.5 / 4)
    assert b["precision"]["value"] == pytest.approx(1.0)
    assert b["false_positive_rate"]["value"] == 0.0
    assert b["calibration"]["value"] == pytest.approx(2 / 1.75)
    # Nobody's group: row i, an event that was missed.
    assert (missing["n"], missing["events"], missing["captured"]) == (1, 1, 0.0)
    assert missing["recall"]["value"] == 0.0
    assert report["overall"]["n"] == 10
    assert report["overall"]["events"] == 8
    assert report["overall"]["outside_events"] == 3
    assert report["overall"]["recall"]["value"] == pytest.approx(2.5 / 8)
    assert report["verdict"] == "not_enough_evidence"
    assert report["characteristics"][0]["reason"] == "no group has 50 outcome events to be compared with"
    assert "2 rows tie at the cut and share the places left (expected over random orders)." in report["notes"]


def test_threshold_and_fairlearn_agree() -> None:
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate
    from sklearn.metrics import precision_score, recall_score

    draw = np.random.default_rng(5)
    score, group = draw.random(2_000), draw.choice(["A", "B", "C"], 2_000)
    label = (draw.random(2_000) < score * 0.4).astype(int)
    report = audit(score, label, one(group), threshold=0.7, policy=FAST)
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
    for code, found in by_group(report).items():
        for name in frame.columns:
            assert found[name]["value"] == pytest.approx(frame.loc[code, name]), (code, name)
        assert found["recall"]["method"] == "Wilson 95%"


def test_selected_when_score_is_at_least_the_threshold() -> None:
    report = audit([0.7, 0.7, 0.69], [1, 1, 1], one(["A", "A", "A"]), threshold=0.7, policy=FAST)
    assert by_group(report)["A"]["captured"] == 2


@pytest.mark.parametrize(
    ("score", "cycle", "capacity", "expected"),
    [
        ([3, 2, 1], [0, 0, 0], 1, [1, 0, 0]),
        ([2, 2, 2], [0, 0, 0], 1, [1 / 3, 1 / 3, 1 / 3]),
        ([3, 2, 2, 2, 1], [0] * 5, 3, [1, 2 / 3, 2 / 3, 2 / 3, 0]),
        ([3, 2, 1], [0, 0, 0], 3, [1, 1, 1]),
        ([3, 2, 1], [0, 0, 0], 9, [1, 1, 1]),
        ([1, 2, 3, 4], [0, 0, 1, 1], 1, [0, 1, 0, 1]),
        ([5, 5, 9, 9], [0, 0, 1, 1], 1, [0.5, 0.5, 0.5, 0.5]),
        ([NAN, 2, 1], [0, 0, 0], 2, [0, 1, 1]),
        ([NAN, NAN, 1], [0, 0, 0], 2, [0, 0, 1]),
        ([NAN, NAN, NAN], [0, 0, 0], 2, [0, 0, 0]),
        ([3, 2, 1], [0, 0, 0], 1.5, [1, 0.5, 0]),
        ([float("inf"), 2, float("-inf")], [0, 0, 0], 2, [1, 1, 0]),
    ],
)
def test_who_is_on_the_list(score: list[float], cycle: list[int], capacity: float, expected: list[float]) -> None:
    n = len(score)
    none = np.zeros(0, dtype=np.int64)
    rows = np.array(score, dtype=float)
    population = Population(
        rows, np.zeros(n), np.zeros(n), np.arange(n), np.array(cycle), np.full(n, NAN), none, np.zeros(0), n
    )
    order = order_rows(population)
    positions, part = shares(order, np.ones(len(order.rows)), capacity)
    found = np.zeros(n)
    found[order.rows[positions]] = part
    assert found.tolist() == pytest.approx(expected)


def test_copies_of_a_row_take_as_many_places() -> None:
    """A person drawn twice in a replicate takes two places, one drawn never takes none."""
    none = np.zeros(0, dtype=np.int64)
    population = Population(
        np.array([4.0, 3.0, 2.0, 1.0]), *(np.zeros(4),) * 2, np.arange(4), np.zeros(4, int), np.zeros(4), none,
        np.zeros(0), 4,
    )  # fmt: skip
    positions, part = shares(order_rows(population), np.array([2.0, 0.0, 2.0, 1.0]), 3)
    assert dict(zip(positions.tolist(), part.tolist(), strict=True)) == {0: 1.0, 1: 1.0, 2: 0.5}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2)), min_size=1, max_size=4),
    st.integers(1, 6),
)
def test_a_share_is_the_average_over_every_order_of_the_tied(rows: list[tuple[int, int]], capacity: int) -> None:
    """Brute force: all orders of all copies, kept by falling score, cut at the capacity."""
    n = len(rows)
    copies = [(score, which) for which, (score, count) in enumerate(rows) for _ in range(count)]
    held, orders = np.zeros(n), 0
    for order in itertools.permutations(copies):
        orders += 1
        for _, which in sorted(order, key=lambda one: -one[0])[:capacity]:
            held[which] += 1
    none = np.zeros(0, dtype=np.int64)
    population = Population(
        np.array([float(score) for score, _ in rows]), *(np.zeros(n),) * 2, np.arange(n), np.zeros(n, int), np.zeros(n),
        none, np.zeros(0), n,
    )  # fmt: skip
    order_of = order_rows(population)
    weight = np.array([float(count) for _, count in rows])
    positions, part = shares(order_of, weight[order_of.rows], capacity)
    found = np.zeros(n)
    found[order_of.rows[positions]] = part * weight[order_of.rows[positions]]
    assert found.tolist() == pytest.approx((held / orders).tolist())


def simulated(recalls: dict[str, float], events: dict[str, int], seed: int) -> tuple[Any, Any, Any]:
    """Scores in [0, 1] where each group's people with an outcome are above 0.5 with its own probability."""
    draw = np.random.default_rng(seed)
    score, label, group = [], [], []
    for code, recall in recalls.items():
        n = events[code]
        caught = draw.random(n) < recall
        score += [np.where(caught, 0.5 + draw.random(n) / 2, draw.random(n) / 2), draw.random(20 * n) * 0.55]
        label += [np.ones(n), np.zeros(20 * n)]
        group += [np.repeat(code, 21 * n)]
    return np.concatenate(score), np.concatenate(label), np.concatenate(group)


def capacity_of(score: Any) -> int:
    return int((score >= 0.5).sum())


@pytest.mark.parametrize("seed", range(5))
def test_an_unfair_ranking_fails(seed: int) -> None:
    score, label, group = simulated({"A": 0.7, "B": 0.35}, {"A": 400, "B": 200}, seed)
    report = audit(score, label, one(group), capacity=capacity_of(score), policy=FAST)
    assert report["verdict"] == "fail"
    assert report["characteristics"][0]["reference"] == "A"
    b = by_group(report)["B"]
    assert b["verdict"] == "fail"
    assert b["p_below"] > 0.99
    assert b["ratio_interval"][0] < b["ratio"] < b["ratio_interval"][1] < 0.8
    assert by_group(report)["A"]["reference"] is True


@pytest.mark.parametrize("seed", range(5))
def test_a_fair_ranking_with_many_events_passes(seed: int) -> None:
    score, label, group = simulated({"A": 0.6, "B": 0.6, "C": 0.6}, {"A": 900, "B": 700, "C": 600}, seed)
    report = audit(score, label, one(group), capacity=capacity_of(score), policy=FAST)
    assert report["verdict"] == "pass"
    assert {group["verdict"] for group in report["characteristics"][0]["groups"]} == {"pass"}


@pytest.mark.parametrize("seed", range(5))
def test_a_small_group_is_not_enough_evidence(seed: int) -> None:
    score, label, group = simulated({"A": 0.6, "B": 0.6}, {"A": 600, "B": 6}, seed)
    report = audit(score, label, one(group), capacity=capacity_of(score), policy=FAST)
    b = by_group(report)["B"]
    assert b["n"] == 126
    assert b["events"] == 6
    assert b["verdict"] != "pass"
    assert report["verdict"] != "pass"


def test_every_outcome_of_a_small_group_caught_is_still_not_proof() -> None:
    """Three of three: a bootstrap would be certain. It is three events."""
    score, label, group = simulated({"A": 0.6, "B": 1.0}, {"A": 600, "B": 3}, 1)
    b = by_group(audit(score, label, one(group), capacity=capacity_of(score), policy=FAST))["B"]
    assert b["recall"]["value"] == 1.0
    assert b["recall"]["interval"][0] < 0.5
    assert b["recall"]["method"].startswith("Jeffreys")


def test_missing_membership_is_a_group_that_can_fail() -> None:
    score, label, group = simulated({"A": 0.7, "B": 0.7, "": 0.2}, {"A": 400, "B": 400, "": 200}, 2)
    report = audit(score, label, one(group), capacity=capacity_of(score), policy=FAST)
    assert by_group(report)[MISSING]["verdict"] == "fail"
    assert report["verdict"] == "fail"
    assert report["characteristics"][0]["reason"] == "served worse than the line allows: not recorded"


@pytest.mark.parametrize("empty", [None, NAN, "", "  ", MISSING])
def test_every_way_to_be_missing_is_one_group(empty: Any) -> None:
    report = audit([3, 2, 1], [1, 1, 0], one(["A", empty, None]), capacity=1, policy=FAST)
    assert {code: group["n"] for code, group in by_group(report).items()} == {"A": 1, MISSING: 2}


def test_the_missing_are_never_the_yardstick() -> None:
    score, label, group = simulated({"A": 0.5, "B": 0.5, "": 0.9}, {"A": 400, "B": 400, "": 400}, 2)
    report = audit(score, label, one(group), capacity=capacity_of(score), policy=FAST)
    assert report["characteristics"][0]["reference"] in {"A", "B"}
    assert report["verdict"] == "pass"


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
    report = audit(score, label, one(group), policy=FAST, **cut)
    assert report["verdict"] == "not_enough_evidence"
    for group_report in report["characteristics"][0]["groups"]:
        assert group_report["verdict"] == "not_enough_evidence"


@pytest.mark.parametrize("codes", [["A"] * 4, [None] * 4])
def test_one_group_or_none_cannot_be_compared(codes: list[Any]) -> None:
    many = 200
    report = audit(
        np.arange(4 * many), np.ones(4 * many), one(np.repeat(np.array(codes, dtype=object), many)), capacity=400,
        policy=FAST,
    )  # fmt: skip
    assert report["verdict"] == "not_enough_evidence"
    assert report["characteristics"][0]["reason"] in {
        "only one group: there is nothing to compare",
        "not recorded for anyone",
    }


def test_rows_of_one_person_are_not_independent() -> None:
    """Each outcome repeated ten times over one person's rows: ten times the rows, the same evidence."""
    score, label, group = simulated({"A": 0.6, "B": 0.5}, {"A": 200, "B": 60}, 4)
    single = audit(score, label, one(group), threshold=0.5, cluster=np.arange(len(score)), policy=FAST)
    tenfold = audit(
        np.repeat(score, 10), np.repeat(label, 10), one(np.repeat(group, 10)), threshold=0.5,
        cluster=np.repeat(np.arange(len(score)), 10), policy=FAST,
    )  # fmt: skip
    naive = audit(np.repeat(score, 10), np.repeat(label, 10), one(np.repeat(group, 10)), threshold=0.5, policy=FAST)
    a, b, c = (by_group(report)["B"] for report in (single, tenfold, naive))
    assert (b["events"], b["people_with_events"]) == (600, 60)
    assert b["effective_events"] == pytest.approx(60, rel=0.35)
    assert b["effective_events"] < 0.2 * c["effective_events"]
    assert b["p_below"] == pytest.approx(a["p_below"], abs=0.06)


def test_an_event_seen_from_several_lists_counts_once() -> None:
    """One outcome, foreseeable from two lists and on one of them: half is caught."""
    report = audit(
        [2, 1, 1, 2], [1, 0, 1, 0], one(["A", "A", "A", "A"]), capacity=1, cycle=[0, 0, 1, 1],
        weight=[0.5, 0, 0.5, 0], cluster=[7, 8, 7, 8], policy=FAST,
    )  # fmt: skip
    a = by_group(report)["A"]
    assert (a["events"], a["recall"]["value"], a["people_with_events"]) == (1, 0.5, 1)


def test_the_same_audit_twice_is_the_same() -> None:
    score, label, group = simulated({"A": 0.6, "B": 0.5}, {"A": 60, "B": 60}, 4)
    first, second = (audit(score, label, one(group), capacity=50, policy=FAST) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"capacity": None}, UsageError, "a capacity or a threshold"),
        ({"threshold": 0.5}, UsageError, "a capacity or a threshold"),
        ({"capacity": 0}, UsageError, "above 0"),
        ({"capacity": NAN}, UsageError, "above 0"),
        ({"capacity": None, "threshold": NAN}, UsageError, "finite"),
        ({"label": [1, 2, 0]}, BadInput, "0 or 1"),
        ({"label": [1, 0]}, BadInput, "as long as"),
        ({"weight": [1, -1, 0]}, BadInput, "0 or more"),
        ({"probability": [0.5, 1.5, 0]}, BadInput, "between 0 and 1"),
        ({"cluster": [1]}, BadInput, "as long as"),
        ({"outside_cluster": [1], "outside_weight": []}, BadInput, "one weight each"),
        ({"characteristics": []}, UsageError, "at least one characteristic"),
        ({"characteristics": one(["A"])}, BadInput, "as many as the rows"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments: dict[str, Any] = {
        "score": [3, 2, 1],
        "label": [1, 0, 0],
        "characteristics": one(["A", "B", "A"]),
        "capacity": 1,
    }
    with pytest.raises(error, match=message):
        audit(policy=FAST, **(arguments | change))


@pytest.mark.long
def test_a_million_rows() -> None:
    draw = np.random.default_rng(0)
    n = 1_000_000
    score = draw.normal(size=n)
    label = draw.random(n) < 1 / (1 + np.exp(6 - 1.2 * score))
    groups = [Characteristic(f"c{i}", "column", draw.integers(0, 6, n).astype(str)) for i in range(6)]
    policy = load_policy().model_copy(update={"draws": 200})
    report = audit(
        score, label, groups, capacity=5_000, cluster=draw.integers(0, 300_000, n), cycle=draw.integers(0, 6, n),
        policy=policy,
    )  # fmt: skip
    assert report["overall"]["selected"] == 30_000
    assert len(report["characteristics"]) == 6
