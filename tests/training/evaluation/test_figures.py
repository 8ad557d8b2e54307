"""Measures on hand-made arrays, drawn as tables."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.figures import Block, Draws, auc, capture, figure, ratio, totals


def block(rows, outside=()) -> Block:
    """rows: (subject, cycle, label, credit), a row's event being its own; outside: (subject, credit)."""
    subject, cycle, label, credit = (np.array(column) for column in zip(*rows, strict=True))
    out = tuple(np.array(column) for column in zip(*outside, strict=True)) if outside else (np.zeros(0),) * 2
    hits = np.flatnonzero(label)
    return Block(
        subject.astype(np.int64),
        cycle.astype(np.int64),
        label.astype(np.uint8),
        credit.astype(float),
        hits,
        subject[hits].astype(np.int64),
        out[0].astype(np.int64),
        out[1].astype(float),
        1_000 + np.arange(len(out[0])),
    )


# subject cycle label credit score
TIED = [
    (1, 0, 1, 1.0, 9.0),
    (2, 0, 0, 0.0, 5.0),
    (3, 0, 1, 1.0, 5.0),
    (4, 0, 0, 0.0, 5.0),
    (5, 0, 1, 1.0, 1.0),
]


@pytest.mark.parametrize(
    ("capacity", "captured", "tied"),
    [
        (1, 1.0, 0),  # the first alone; nothing tied at the cut
        (2, 1.0 + 1 / 3, 3),  # one place for three tied rows, one of them with an outcome
        (3, 1.0 + 2 / 3, 3),
        (4, 2.0, 0),  # the tie fits
        (5, 3.0, 0),
        (50, 3.0, 0),
    ],
)
def test_ties_share_the_places_that_are_left(capacity: int, captured: float, tied: int) -> None:
    b = block([row[:4] for row in TIED])
    scores = np.array([row[4] for row in TIED])
    [got] = capture(b, Draws.of(b, 0, 1), scores, [capacity])
    assert (got.events[0], got.tied) == (pytest.approx(captured), tied)
    assert got.listed[0] == min(capacity, 5)


def test_ties_equal_the_mean_over_every_order() -> None:
    rng = np.random.default_rng(3)
    rows = [(i, 0, int(rng.random() < 0.4), 0.0) for i in range(40)]
    rows = [(s, c, label, 1.5 * label) for s, c, label, _ in rows]
    scores = rng.integers(0, 4, 40).astype(float)
    b = block(rows)
    [got] = capture(b, Draws.of(b, 0, 1), scores, [13])
    sampled = []
    for _ in range(4000):
        order = np.lexsort((rng.random(40), -scores))[:13]
        sampled.append(b.credit[order].sum())
    assert got.events[0] == pytest.approx(np.mean(sampled), abs=4 * np.std(sampled) / 63)


def test_recall_is_coverage_times_recall_in_the_cohort() -> None:
    # Two lists of one place each; one outcome (subject 9) has no row, one (subject 3) is foreseeable from both lists.
    b = block(
        [(1, 0, 1, 1.0), (3, 0, 1, 0.5), (2, 0, 0, 0.0), (1, 1, 0, 0.0), (3, 1, 1, 0.5)],
        outside=[(9, 1.0)],
    )
    scores = np.array([3.0, 2.0, 1.0, 1.0, 2.0])
    draws = Draws.of(b, 0, 1)
    [got] = capture(b, draws, scores, [1])
    inside = totals(b.credit, draws.rows, draws)[0]
    everything = inside + totals(b.outside_credit, draws.outside, draws)[0]
    assert (b.events, inside, everything) == (3, 2.0, 3.0)
    assert got.events[0] == 1.5  # all of subject 1's event, half of subject 3's
    coverage, in_cohort = inside / everything, got.events[0] / inside
    assert coverage * in_cohort == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("label", "scores", "expected"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4], 1.0),
        ([1, 1, 0, 0], [1, 2, 3, 4], 0.0),
        ([0, 1, 0, 1], [1, 1, 1, 1], 0.5),
        ([0, 1, 0, 1], [1, 2, 2, 3], 0.875),
        ([0, 0, 0, 0], [1, 2, 3, 4], np.nan),
    ],
)
def test_auc_counts_ties_as_half(label, scores, expected: float) -> None:
    b = block([(i, 0, y, y) for i, y in enumerate(label)])
    draws = Draws.of(b, 0, 1)
    got = auc(b.label, np.array(scores, float), draws.rows, draws)
    np.testing.assert_allclose(got, [expected])


def test_replicates_equal_the_measure_on_the_drawn_rows() -> None:
    """Every replicate column is the measure computed from scratch on the resampled rows."""
    rng = np.random.default_rng(11)
    rows = [
        (int(s), int(c), int(y), float(y))
        for s, c, y in zip(rng.integers(0, 12, 60), rng.integers(0, 3, 60), rng.random(60) < 0.3, strict=True)
    ]
    b = block(rows, outside=[(3, 1.0), (99, 1.0), (-1, 1.0), (-1, 1.0)])
    scores = rng.integers(0, 9, 60).astype(float)
    draws = Draws.of(b, 6, 5)
    assert draws.counts.shape[0] == len(set(b.subject)) + 1 + 2  # 99, and each unknown alone
    [got] = capture(b, draws, scores, [4])
    area = auc(b.label, scores, draws.rows, draws)
    for column in range(7):
        times = draws.counts[draws.rows, column]
        take = np.repeat(np.arange(60), times)
        fresh = zip(range(len(take)), b.cycle[take], b.label[take], b.credit[take], strict=True)
        again = block(list(fresh))
        one = Draws.of(again, 0, 0)
        [expected] = capture(again, one, scores[take], [4])
        assert got.events[column] == pytest.approx(expected.events[0])
        assert got.listed[column] == expected.listed[0]
        assert area[column] == pytest.approx(auc(again.label, scores[take], one.rows, one)[0])


def test_the_same_seed_draws_the_same_subjects() -> None:
    b = block([(i % 5, 0, i % 2, i % 2) for i in range(20)])
    a, again, other = (Draws.of(b, 20, seed).counts for seed in (1, 1, 2))
    assert (a == again).all()
    assert (a != other).any()
    assert (a.sum(axis=0) == 5).all()


def test_a_figure_without_outcomes_has_a_reason_and_no_value() -> None:
    got = figure("auc", "AUC", np.full(11, np.nan), n=10, events=0)
    assert (got["value"], got["interval"], got["reason"]) == (None, None, "no outcomes in the window")
    got = figure("recall", "Recall", ratio(np.arange(11.0), np.full(11, 10.0)), n=10, events=3, by={"capacity": 5})
    assert got["value"] == 0.0
    assert got["interval"] == pytest.approx([0.1225, 0.9775])
    assert got["slice"] == {"capacity": 5}
