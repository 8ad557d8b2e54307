"""Halves of a test: lists of each half alone, with the events that they missed; a single list has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from threat.measuring.list_length import ListLength
from threat.measuring.ranked import EventKeys, Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.evaluation import MODEL, Measured
from training.evaluation.table import Ranking, evaluate

# person, cycle, label, credit, score; cycles 3, 5 and 8 are three lists.
ROWS = [
    (1, 3, 1, 1.0, 9.0), (2, 3, 0, 0.0, 8.0), (3, 3, 1, 0.5, 1.0),
    (1, 5, 0, 0.0, 9.0), (2, 5, 1, 1.0, 2.0), (3, 5, 0, 0.0, 1.0),
    (1, 8, 0, 0.0, 2.0), (2, 8, 0, 0.0, 9.0), (3, 8, 1, 0.5, 8.0),
]  # fmt: skip
OUTSIDE = [(7, 1.0, 5), (8, 0.5, 3), (8, 0.5, 8)]
person, cycle, label, credit, score = (np.array(column) for column in zip(*ROWS, strict=True))


def rows() -> Labelled:
    who, shares, missed_by = (np.array(column) for column in zip(*OUTSIDE, strict=True))
    return Labelled.of(
        label=label,
        credit=credit,
        person=person,
        cycle=cycle,
        outside_person=who,
        outside_credit=shares,
        outside_cycle=missed_by,
        keys=EventKeys(row=np.array([0, 2, 4, 8]), event=np.array([1, 3, 2, 3]), outside=np.array([7, 8, 8])),
    )


def measured(labelled: Labelled, replicates: int = 0, probability: np.ndarray | None = None) -> Measured:
    order = [Ranking(MODEL, "model", score, probability), Ranking("rule_x", "rule", -score)]
    resampling = Resampling(replicates=replicates, seed=1)
    return evaluate(labelled, order, length=ListLength(1), resampling=resampling)


def test_each_half_counts_its_own_lists_and_the_events_that_they_missed() -> None:
    first, second = measured(rows()).halves
    assert (first.half, first.cycles, first.n, first.events) == ("first", (3, 5), 6, 5)
    assert (second.half, second.cycles, second.n, second.events) == ("second", (8,), 3, 2)
    # First half: one of 1 + .5 + 1 inside and 1 + .5 outside. Second half: the top row had no outcome.
    assert first.figure(MODEL, "recall_at_capacity").value == pytest.approx(1 / 4)
    assert second.figure(MODEL, "recall_at_capacity").value == 0.0
    # Lists of 1, 2 and 4 places hold 0, .5 and .5 of the second half's outcome of 1.
    assert second.figure(MODEL, "mean_recall").value == pytest.approx(1 / 3)
    # In the first half rows with an outcome score 9, 1, 2; those without 8, 9, 1.
    assert first.figure(MODEL, "auc").value == pytest.approx((2.5 + 0.5 + 1) / 9)
    assert first.figure("rule_x", "auc").value == pytest.approx(1 - 4 / 9)
    assert second.figure(MODEL, "auc").slice == {"half": "second", "ranking": MODEL}
    assert second.figure("rule_y", "auc") is None


def test_a_half_is_the_evaluation_of_its_lists_alone() -> None:
    """The same rows measured by themselves, with as many draws: figures and intervals are equal."""
    rng = np.random.default_rng(2)
    n = 600
    p = rng.uniform(0.02, 0.6, n)
    hit = rng.random(n) < p
    whole = Labelled.of(
        label=hit,
        person=np.arange(n),
        cycle=np.repeat([0, 1, 2, 3], n // 4),
        outside_person=np.zeros(0, np.int64),
        outside_cycle=np.zeros(0, np.int64),
    )
    order = [Ranking(MODEL, "model", p, p)]
    given = {"length": ListLength(20), "resampling": Resampling(replicates=40, seed=3)}
    halves = evaluate(whole, order, **given).halves
    for half, keep in zip(halves, (whole.cycle < 2, whole.cycle > 1), strict=True):
        # Persons keep their numbers, so the draws of the whole are those of the half.
        alone = evaluate(whole.part(keep), [Ranking(MODEL, "model", p[keep], p[keep])], **given)
        assert half.calibration == alone.calibration
        for name in ("recall_at_capacity", "mean_recall", "auc"):
            figure, expected = half.figure(MODEL, name), alone.figure(MODEL, name)
            assert (figure.value, *figure.interval) == pytest.approx((expected.value, *expected.interval))
            assert (figure.n, figure.events, figure.method) == (expected.n, expected.events, expected.method)


def test_credits_of_the_halves_add_up_to_those_of_the_whole() -> None:
    whole = measured(rows())
    found = [
        half.figure(MODEL, "recall_at_capacity").value * credited
        for half, credited in zip(whole.halves, (4.0, 1.0), strict=True)
    ]
    assert sum(found) == pytest.approx(whole.figure(MODEL, "recall_at_capacity").value * 5)


def test_one_list_has_no_halves_nor_has_a_test_of_which_it_is_not_known_which_list_missed_an_event() -> None:
    assert measured(replace(rows(), cycle=np.zeros(len(ROWS), np.int64))).halves == ()
    assert measured(replace(rows(), outside_cycle=None)).halves == ()
    assert all(half.calibration is None for half in measured(rows()).halves)
