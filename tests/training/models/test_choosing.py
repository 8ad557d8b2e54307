"""The choosing rule: mean recall over lists cut per cycle, paired draws of subjects, the simplest within one error."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.drawn_samples import sample_of
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.measuring.list_length import ListLength
from training.cohorts.sample import Sample
from training.models.choosing import ValidationLists, choose


def lists_of(label: list[int], cycle: list[int], person: list[int] | None = None, places: int = 2) -> ValidationLists:
    n = len(label)
    who = np.arange(n) if person is None else np.array(person)
    sample = Sample(np.zeros((n, 1), np.float32), np.array(label, np.uint8), np.ones(n), who, np.array(cycle))
    return ValidationLists.of([sample], ListLength(places), seed=1)


def test_mean_recall_cuts_each_list_at_every_length() -> None:
    # Two lists of four rows; outcomes at ranks 1 and 3 of the first, at rank 2 of the second.
    lists = lists_of([1, 0, 1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1])
    assert lists.places == (1, 2, 4, 8)
    scores = np.array([4.0, 3, 2, 1, 4, 3, 2, 1])
    assert lists.mean_recall(scores)[0] == pytest.approx((1 + 2 + 3 + 3) / 3 / 4)


def test_rows_of_one_cycle_are_one_list_whichever_group_of_subjects_measured_them() -> None:
    values = np.zeros((2, 1), np.float32)
    groups = [
        Sample(values, np.array([1, 0], np.uint8), np.ones(2), person=np.array([1, 2]), cycle=np.array([7, 8])),
        Sample(values, np.array([0, 1], np.uint8), np.ones(2), person=np.array([3, 4]), cycle=np.array([7, 8])),
    ]
    lists = ValidationLists.of(groups, ListLength(1), seed=1)
    # In cycle 7 the outcome ranks first of two, in cycle 8 second of two.
    assert lists.mean_recall(np.array([2.0, 2.0, 1.0, 1.0]))[0] == pytest.approx((1 + 2 + 2) / 2 / 3)


def test_the_simplest_within_one_standard_error_of_the_best_is_chosen() -> None:
    # 100 rows, 20 with an outcome. The best ranks 19 of them first; the simple one the 20th, but two others last.
    label = np.repeat([1, 0], [20, 80]).astype(np.uint8)
    best = np.arange(100.0, 0.0, -1.0)
    simple, poor = best.copy(), best.copy()
    best[19] = -1.0
    simple[17:19], poor[:10] = -1.0, -1.0
    lists = ValidationLists.of([sample_of(np.zeros((100, 1), np.float32), label)], ListLength(20), seed=2)
    choice = choose({"poor": poor, "simple": simple, "best": best}, lists)
    of_poor, of_simple, of_best = choice.options
    # Lists of 5, 10, 20, 40 and 80 places: a row that is ranked last is missed on the three longest.
    assert [option.mean_recall for option in choice.options][1:] == pytest.approx(
        [(5 + 10 + 3 * 18) / 20 / 5, (5 + 10 + 3 * 19) / 20 / 5]
    )
    assert -of_simple.standard_error < of_simple.difference < 0
    assert of_poor.difference < -of_poor.standard_error < 0
    assert (choice.chosen, choice.best) == ("simple", "best")
    assert (of_best.difference, of_best.standard_error) == (0.0, None)
    assert of_poor.detectable == pytest.approx(2.8 * of_poor.standard_error)
    assert (choice.rows, choice.rows_with_outcome, choice.subjects, choice.lists) == (100, 20, 100, 1)


def test_a_standard_error_is_that_of_paired_draws_of_subjects() -> None:
    """Recomputed by hand for one list length at which every row of a subject is listed or not."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(40), 3)
    label = rng.integers(0, 2, 120)
    a, b = (rng.random(40)[person] for _ in range(2))
    lists = lists_of(label.tolist(), [0] * 120, person.tolist(), places=120)
    assert set(lists.places) == {30, 60, 120, 240, 480}
    choice = choose({"a": a, "b": b}, lists)
    other = next(option for option in choice.options if option.name != choice.best)
    gaps = []
    for column in range(1, lists.draws.columns):
        weight = lists.draws.counts[lists.rows.person, column].astype(float)
        recalls = []
        for scores in (a, b):
            order = np.argsort(-scores, kind="stable")
            filled = np.cumsum(weight[order])
            # Ties are the rows of one subject: their share of the places left is the same for each.
            recall = []
            for places in lists.places:
                taken = np.zeros(120)
                for subject in np.unique(person[order][filled - weight[order] < places]):
                    rows = order[person[order] == subject]
                    before = weight[scores > scores[rows[0]]].sum()
                    taken[rows] = weight[rows] * min(1.0, max(0.0, (places - before) / max(weight[rows].sum(), 1e-9)))
                recall.append((taken * label).sum() / (weight * label).sum())
            recalls.append(np.mean(recall))
        gaps.append(recalls[0] - recalls[1])
    assert other.standard_error == pytest.approx(np.std(gaps, ddof=1), rel=1e-9)


def test_without_an_outcome_the_simplest_is_chosen_and_nothing_compared() -> None:
    choice = choose({"simple": np.zeros(3), "other": np.arange(3.0)}, lists_of([0, 0, 0], [0, 0, 0]))
    assert (choice.chosen, choice.best, choice.rows_with_outcome) == ("simple", "simple", 0)
    assert all(
        (option.mean_recall, option.difference, option.standard_error) == (None,) * 3 for option in choice.options
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=25))
def test_options_that_rank_alike_are_no_reason_to_leave_the_simplest(rows: list[tuple[int, int, int]]) -> None:
    label, cycle, score = (list(column) for column in zip(*rows, strict=True))
    lists = lists_of(label, cycle)
    alike = {"simple": np.array(score, float), "curved": np.exp(np.array(score, float) / 3)}
    choice = choose(alike, lists)
    assert choice.chosen == choice.best == "simple"
    if choice.rows_with_outcome:
        assert choice.options[1].difference == choice.options[1].standard_error == 0.0
