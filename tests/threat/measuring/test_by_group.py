"""Counts by group: drawn by hand, and every replicate equal to the counts of the rows that were drawn."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from threat.measuring.by_group import Counts, Grouping, counts_by_group
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling

NAN = float("nan")
NONE = Resampling(replicates=0, seed=1)


def drawn() -> tuple[Ranked, Grouping]:
    """Five rows in groups A and B, two places; the second is shared by rows 1 and 2. An event outside, in B."""
    rows = Labelled.of(
        label=[1, 0, 1, NAN, 1],
        person=[1, 2, 3, 4, 1],
        outside_person=[9],
        outside_credit=[0.5],
        credit=[1, 0, 1, 0, 0.5],
    )
    score, chance = np.array([5.0, 4.0, 4.0, 2.0, NAN]), np.array([0.5, 0.25, 0.5, 0.125, 0.5])
    grouping = Grouping(("A", "B"), np.array([0, 0, 1, 1, 0]), np.array([1]))
    return Ranked(rows=rows, score=score, probability=chance), grouping


def of_sample(counts: Counts) -> dict[str, list[float]]:
    return {field.name: getattr(counts, field.name)[:, 0].tolist() for field in fields(Counts)}


def test_a_list_of_two_places_by_hand() -> None:
    ranked, grouping = drawn()
    [counts] = counts_by_group(ranked, [grouping], Cut(capacity=2), NONE)
    assert of_sample(counts) == {
        #               A    B
        "rows":         [3, 2],
        "events":       [1.5, 1.5],
        "captured":     [1.0, 0.5],  # row 0 whole, half of row 2
        "selected":     [1.5, 0.5],
        "selected_known": [1.5, 0.5],
        "hits":         [1.0, 0.5],
        "positives":    [2, 1],
        "negatives":    [1, 0],
        "expected":     [1.25, 0.5],  # not row 3, whose outcome is not known
    }  # fmt: skip
    assert counts.false_positives[:, 0].tolist() == [0.5, 0.0]
    assert counts.total().captured.tolist() == [1.5]
    assert counts.of(1).rows.tolist() == [2]


def test_a_threshold_by_hand() -> None:
    ranked, grouping = drawn()
    [counts] = counts_by_group(ranked, [grouping], Cut(threshold=2.0), NONE)
    assert counts.selected[:, 0].tolist() == [2, 2]
    assert counts.selected_known[:, 0].tolist() == [2, 1]
    assert counts.captured[:, 0].tolist() == [1, 1]


def test_people_with_events_are_counted_once_in_each_group() -> None:
    ranked, grouping = drawn()
    assert grouping.people_with_events(ranked.rows).tolist() == [1, 2]  # A: person 1 twice; B: persons 3 and 9


@pytest.mark.parametrize("cut", [Cut(capacity=7), Cut(threshold=0.4)])
def test_every_replicate_is_the_count_of_the_rows_drawn(cut: Cut) -> None:
    rng = np.random.default_rng(4)
    n, m, resampling = 80, 6, Resampling(replicates=5, seed=2)
    label = np.where(rng.random(n) < 0.1, NAN, rng.random(n) < 0.3)
    rows = Labelled.of(
        label=label, person=rng.integers(0, 20, n), cycle=rng.integers(0, 2, n), outside_person=rng.integers(0, 25, m)
    )
    score, codes, outside = np.round(rng.normal(size=n), 1), rng.integers(0, 3, n), rng.integers(0, 3, m)
    first = Grouping(("a", "b", "c"), codes, outside)
    everyone = Grouping(("all",), codes * 0, outside * 0)
    by_group, whole = counts_by_group(Ranked(rows=rows, score=score), [first, everyone], cut, resampling)
    copies = Draws.of(rows.persons, resampling).counts
    for column in range(6):
        take = np.repeat(np.arange(n), copies[rows.person, column])
        missed = np.repeat(np.arange(m), copies[rows.outside_person, column])
        again = Labelled.of(label=label[take], cycle=rows.cycle[take], outside_person=np.full(len(missed), -1))
        resampled = Ranked(rows=again, score=score[take])
        grouping = Grouping(first.codes, codes[take], outside[missed])
        [expected] = counts_by_group(resampled, [grouping], cut, NONE)
        for field in fields(Counts):
            np.testing.assert_allclose(getattr(by_group, field.name)[:, column], getattr(expected, field.name)[:, 0])
            total = getattr(whole, field.name)[0, column]
            assert total == pytest.approx(getattr(expected, field.name).sum())
