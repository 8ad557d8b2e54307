"""Two drawn rankings by group: recall of either, the paired difference, who moves, and what may be said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.audits import FAST

from fairness.champion.by_group import TwoRankings, changes
from fairness.characteristics import Characteristic
from threat.measuring.ranked import Labelled, Ranked
from threat.measuring.resampling import Resampling
from threat.release.documents.fairness_champion import GroupChange

DRAWS = Resampling(replicates=200, seed=3)


def by_code(rows: Labelled, scores: Any, codes: Any, capacity: int, **given: Any) -> dict[str, GroupChange]:
    """What changes by group; ``scores``: of challenger and champion. The entry "" is everyone."""
    challenger, champion = (Ranked(rows=rows, score=np.asarray(score, float)) for score in scores)
    characteristic = Characteristic("group", "column", codes, given.pop("outside", ()))
    policy = FAST.model_copy(update=given)
    made = changes(TwoRankings(challenger, champion, capacity), [characteristic], policy, DRAWS)
    return {"": made.everyone} | {group.code: group for group in made.characteristics[0].groups}


def test_recall_places_and_moves_of_each_group_on_six_drawn_rows() -> None:
    """Lists of two. Challenger: rows 0, 1. Champion: row 2, and rows 3 and 4, which tie, share a place.

    row      0  1  2  3  4  5  outside
    group    A  A  B  B  -  A  B
    outcome  1  0  1  1  0  0  1
    """
    rows = Labelled.of(label=[1, 0, 1, 1, 0, 0], person=[1, 2, 3, 4, 5, 6], outside_person=[7])
    scores = [6, 5, 4, 3, 2, 1], [1, 2, 9, 5, 5, 0]
    groups = by_code(rows, scores, ["A", "A", "B", "B", None, "A"], 2, outside=["B"])
    a, b, none, everyone = groups["A"], groups["B"], groups["not recorded"], groups[""]
    assert [(group.n, group.events) for group in (a, b, none, everyone)] == [(3, 1), (2, 3), (1, 0), (6, 4)]
    assert (a.challenger.value, a.champion.value, a.difference.value) == (1.0, 0.0, 1.0)
    assert (b.challenger.value, b.champion.value) == (0.0, pytest.approx(1.5 / 3))
    assert (none.challenger.value, none.difference.value) == (None, None)
    assert everyone.difference.value == pytest.approx((1 - 1.5) / 4)
    assert [group.challenger_share for group in (a, b, none)] == [1.0, 0.0, 0.0]
    assert [group.champion_share for group in (a, b, none)] == [0.0, 0.75, 0.25]
    assert [(group.moved_on, group.moved_off) for group in (a, b, none)] == [(2.0, 0.0), (0.0, 1.5), (0.0, 0.5)]
    assert [(group.events_on, group.events_off) for group in (a, b, none)] == [(1.0, 0.0), (0.0, 1.5), (0.0, 0.0)]
    assert none.reason == "no outcome event in this group: recall cannot be measured"
    assert {group.verdict for group in groups.values()} == {"not_enough_evidence"}


def drawn(n: int, recalls: dict[str, tuple[float, float]], seed: int = 1) -> tuple[Labelled, Any, Any, int]:
    """``n`` people of each group later harmed, whom challenger and champion place high with the given chances."""
    rng = np.random.default_rng(seed)
    codes = np.repeat([*recalls], 4 * n)
    harmed = np.tile(np.arange(4 * n) < n, len(recalls))
    scores = []
    for which in (0, 1):
        chance = np.array([recalls[code][which] for code in codes])
        high = harmed & (rng.random(len(codes)) < chance)
        scores.append(rng.random(len(codes)) + high)
    return Labelled.of(label=harmed, person=np.arange(len(codes))), scores, codes, int(n * len(recalls))


def test_a_group_whose_recall_rises_is_served_better_and_one_whose_recall_falls_is_served_worse() -> None:
    rows, scores, codes, capacity = drawn(80, {"A": (0.9, 0.3), "B": (0.3, 0.9), "C": (0.6, 0.6)})
    groups = by_code(rows, scores, codes, capacity)
    assert [groups[code].verdict for code in "ABC"] == ["better", "worse", "not_enough_evidence"]
    assert groups["A"].reason == "the interval is wholly above 0"
    assert groups["C"].reason == "the interval of the difference holds 0"
    for group in (groups[code] for code in "AB"):
        assert group.difference.interval is not None
        low, high = group.difference.interval
        assert low < (group.difference.value or 0) < high
        assert (group.p_value or 0) <= (group.p_adjusted or 0) < 0.05
    caught = sum((groups[code].difference.value or 0) * groups[code].events for code in "ABC")
    assert caught == pytest.approx((groups[""].difference.value or 0) * groups[""].events)
    assert sum(groups[code].moved_on - groups[code].moved_off for code in "ABC") == pytest.approx(0)


def test_a_champion_that_is_the_challenger_serves_every_group_alike() -> None:
    rows, scores, codes, capacity = drawn(40, {"A": (0.9, 0.9), "B": (0.5, 0.5)})
    for group in by_code(rows, [scores[0], scores[0]], codes, capacity).values():
        assert (group.difference.value, group.difference.interval) == (0.0, (0.0, 0.0))
        assert (group.moved_on, group.moved_off, group.verdict) == (0, 0, "not_enough_evidence")
        assert group.challenger_share == group.champion_share


def test_a_group_below_the_policys_minimum_has_no_verdict_whatever_its_interval_says() -> None:
    rows, scores, codes, capacity = drawn(25, {"A": (1.0, 0.2)})
    assert by_code(rows, scores, codes, capacity, least_events=25)["A"].verdict == "better"
    group = by_code(rows, scores, codes, capacity, least_events=26)["A"]
    assert (group.verdict, group.p_value) == ("not_enough_evidence", None)
    assert group.reason == "on fewer than 26 people with an outcome"
    assert group.difference.interval is not None
    assert group.difference.interval[0] > 0


def test_where_neither_list_caught_ten_the_interval_is_not_read() -> None:
    rows, scores, codes, _ = drawn(25, {"A": (1.0, 0.0)})
    group = by_code(rows, scores, codes, capacity=9)["A"]
    assert (group.verdict, group.reason) == ("not_enough_evidence", "neither list caught 10 outcomes")
    assert by_code(rows, scores, codes, capacity=10)["A"].verdict == "better"


def test_what_is_there_only_before_the_adjustment_is_marked_to_be_looked_at() -> None:
    """Ten groups served alike and one that seems better: its p-value is 11 times as large after Holm."""
    recalls = {"A": (0.85, 0.62)} | {f"B{i}": (0.7, 0.7) for i in range(10)}
    rows, scores, codes, capacity = drawn(40, recalls, seed=21)
    group, alone = (by_code(rows, scores, codes, capacity, multiplicity=way)["A"] for way in ("holm", "none"))
    assert group.p_value == alone.p_value == alone.p_adjusted
    assert (group.p_adjusted, alone.verdict) == (pytest.approx(11 * (group.p_value or 0)), "better")
    assert group.verdict == "not_enough_evidence"
    assert group.reason.endswith("but not at the 5% level after adjusting for 11 groups compared: look closer")


def test_rankings_of_different_rows_are_not_compared() -> None:
    one, other = (Ranked(rows=Labelled.of(label=[1, 0]), score=np.zeros(2)) for _ in range(2))
    with pytest.raises(ValueError, match="different rows"):
        TwoRankings(one, other, 1)
