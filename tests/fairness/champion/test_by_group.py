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
    assert none.reason == "neither list caught an outcome of this group"
    assert (a.change, b.change) == (None, None)  # of either group one list caught none
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


def test_a_group_whose_recall_falls_next_to_everybody_elses_is_served_worse() -> None:
    rows, scores, codes, capacity = drawn(80, {"A": (0.9, 0.3), "B": (0.3, 0.9), "C": (0.6, 0.6)})
    groups = by_code(rows, scores, codes, capacity)
    assert [groups[code].verdict for code in "ABC"] == ["better", "worse", "not_enough_evidence"]
    assert groups[""].reason == "everybody: there is nobody else to compare with"
    worse = groups["B"]
    assert worse.p_beyond == pytest.approx(1.0, abs=1e-3)
    assert 0 < (worse.p_adjusted or 0) <= 0.10
    assert worse.reason.startswith(
        "probability that its recall changes by less than 0.8 of everybody else's change: 1.00"
    )
    lists = [[groups[code].challenger, groups[code].champion] for code in "ABC"]
    caught = np.array([[(recall.value or 0) * recall.events for recall in pair] for pair in lists])
    others = caught[[0, 2]].sum(axis=0)
    assert worse.change == pytest.approx(caught[1, 0] / caught[1, 1] / (others[0] / others[1]))
    total = sum((groups[code].difference.value or 0) * groups[code].events for code in "ABC")
    assert total == pytest.approx((groups[""].difference.value or 0) * groups[""].events)
    assert sum(groups[code].moved_on - groups[code].moved_off for code in "ABC") == pytest.approx(0)


def test_a_champion_that_is_the_challenger_changes_nothing() -> None:
    """However unequal recall is under both: the question is the change."""
    rows, scores, codes, capacity = drawn(400, {"A": (0.9, 0.9), "B": (0.3, 0.3)})
    for code, group in by_code(rows, [scores[0], scores[0]], codes, capacity).items():
        assert (group.difference.value, group.difference.interval) == (0.0, (0.0, 0.0))
        assert (group.moved_on, group.moved_off) == (0, 0)
        assert group.verdict == ("alike" if code else "not_enough_evidence")
        assert group.change == (pytest.approx(1.0) if code else None)


def test_few_outcomes_caught_are_not_enough_evidence_that_a_group_is_served_alike() -> None:
    rows, scores, codes, capacity = drawn(15, {"A": (0.9, 0.9), "B": (0.9, 0.9)})
    groups = by_code(rows, [scores[0], scores[0]], codes, capacity)
    assert {groups[code].verdict for code in "AB"} == {"not_enough_evidence"}
    assert groups["A"].effective < 40


def test_every_group_that_decides_is_adjusted_for_together() -> None:
    """One column of twelve groups, or the same twice: the adjusted probability is twice as large."""
    recalls = {"A": (0.2, 0.9)} | {f"B{i}": (0.7, 0.7) for i in range(11)}
    rows, scores, codes, capacity = drawn(60, recalls, seed=21)
    rankings = TwoRankings(*(Ranked(rows=rows, score=np.asarray(score, float)) for score in scores), capacity)
    once, twice = (
        changes(rankings, [Characteristic(name, "column", codes) for name in names], FAST, DRAWS)
        for names in (("one",), ("one", "two"))
    )
    one, two = (made.characteristics[0].groups[0].p_adjusted or 0 for made in (once, twice))
    assert 0 < one < two < 1
    assert two == pytest.approx(2 * one)
    assert (once.alerts is not None and once.alerts.cells, twice.alerts is not None and twice.alerts.cells) == (12, 24)


def test_of_fair_changes_some_groups_alert_and_the_whole_seldom_does() -> None:
    verdicts = []
    for seed in range(10):
        rows, scores, codes, capacity = drawn(40, {f"G{i}": (0.5, 0.4) for i in range(6)}, seed)
        rankings = TwoRankings(*(Ranked(rows=rows, score=np.asarray(score, float)) for score in scores), capacity)
        made = changes(rankings, [Characteristic("group", "column", codes)], FAST, DRAWS)
        verdicts.append(made.verdict)
        assert all(group.verdict != "worse" for group in made.characteristics[0].groups)
    assert verdicts.count("worse") == 0
    assert verdicts.count("alert") <= 1


def test_rankings_of_different_rows_are_not_compared() -> None:
    one, other = (Ranked(rows=Labelled.of(label=[1, 0]), score=np.zeros(2)) for _ in range(2))
    with pytest.raises(ValueError, match="different rows"):
        TwoRankings(one, other, 1)
