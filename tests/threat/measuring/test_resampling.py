"""Lists with ties, draws of persons and areas, on hand-made rows and against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from fixtures.ranked_rows import drawn, sample_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from threat.measuring.ranked import Labelled, Ranked
from threat.measuring.resampling import (
    Draws,
    Resampling,
    auc,
    average_precision,
    capture,
    listing,
    ratio,
    totals,
    width_for,
)

NAN = float("nan")
# person cycle label credit score
TIED = [
    (1, 0, 1, 1.0, 9.0),
    (2, 0, 0, 0.0, 5.0),
    (3, 0, 1, 1.0, 5.0),
    (4, 0, 0, 0.0, 5.0),
    (5, 0, 1, 1.0, 1.0),
]


def places(score: list[float], cycle: list[int], copies: list[int], capacity: float) -> list[float]:
    """Places of each row in one replicate that holds so many copies of it."""
    rows = Labelled.of(label=np.zeros(len(score)), person=np.arange(len(score)), cycle=cycle)
    ranked = Ranked(rows=rows, score=np.array(score, float))
    content = listing(ranked, Draws(np.array(copies, np.uint8)[:, None]), capacity)
    out = np.zeros(len(score))
    out[content.rows] = content.places[:, 0]
    return out.tolist()


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
    rows = drawn([row[:4] for row in TIED])
    content = capture(Ranked(rows=rows, score=np.array([row[4] for row in TIED])), sample_of(rows), capacity)
    assert (content.events[0], content.tied) == (pytest.approx(captured), tied)
    assert content.listed[0] == min(capacity, 5)


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
    assert places(score, cycle, [1] * len(score), capacity) == pytest.approx(expected)


def test_copies_of_a_row_take_as_many_places() -> None:
    """A person drawn twice in a replicate takes two places, one drawn never takes none."""
    assert places([4.0, 3.0, 2.0, 1.0], [0] * 4, [2, 0, 2, 1], 3) == [2.0, 0.0, 1.0, 0.0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2)), min_size=1, max_size=4),
    st.integers(1, 6),
)
def test_a_share_is_the_average_over_every_order_of_the_tied(rows: list[tuple[int, int]], capacity: int) -> None:
    """Brute force: all orders of all copies, kept by falling score, cut at the capacity."""
    copies = [(score, row) for row, (score, count) in enumerate(rows) for _ in range(count)]
    listed, orders = np.zeros(len(rows)), 0
    for order in itertools.permutations(copies):
        orders += 1
        for _, row in sorted(order, key=lambda copy: -copy[0])[:capacity]:
            listed[row] += 1
    taken = places([score for score, _ in rows], [0] * len(rows), [count for _, count in rows], capacity)
    assert taken == pytest.approx((listed / orders).tolist())


def test_a_list_far_longer_than_first_tried_is_filled() -> None:
    """Of 400 rows nearly all are drawn never: the places reach far down the list."""
    copies = [0] * 390 + [1] * 10
    assert places(list(range(400, 0, -1)), [0] * 400, copies, 5) == [0.0] * 390 + [1.0] * 5 + [0.0] * 5


def test_recall_is_coverage_times_recall_in_the_cohort() -> None:
    # Two lists of one place each; one outcome (person 9) has no row, one (person 3) is foreseeable from both lists.
    rows = drawn(
        [(1, 0, 1, 1.0), (3, 0, 1, 0.5), (2, 0, 0, 0.0), (1, 1, 0, 0.0), (3, 1, 1, 0.5)],
        outside=[(9, 1.0)],
    )
    draws = sample_of(rows)
    content = capture(Ranked(rows=rows, score=np.array([3.0, 2.0, 1.0, 1.0, 2.0])), draws, 1)
    inside = totals(rows.credit, rows.person, draws)[0]
    everything = inside + totals(rows.outside_credit, rows.outside_person, draws)[0]
    assert (rows.events, inside, everything) == (3, 2.0, 3.0)
    assert content.events[0] == 1.5  # all of person 1's event, half of person 3's
    coverage, in_cohort = inside / everything, content.events[0] / inside
    assert coverage * in_cohort == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("label", "scores", "expected"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4], 1.0),
        ([1, 1, 0, 0], [1, 2, 3, 4], 0.0),
        ([0, 1, 0, 1], [1, 1, 1, 1], 0.5),
        ([0, 1, 0, 1], [1, 2, 2, 3], 0.875),
        ([0, 0, 0, 0], [1, 2, 3, 4], NAN),
        ([0, 1, NAN, 0, 1], [1, 2, 9, NAN, 3], 1.0),  # no known outcome, or no score: left out
    ],
)
def test_auc_counts_ties_as_half(label: list[float], scores: list[float], expected: float) -> None:
    rows = Labelled.of(label=label)
    got = auc(Ranked(rows=rows, score=np.array(scores, float)), sample_of(rows))
    np.testing.assert_allclose(got, [expected])


@pytest.mark.parametrize(
    ("label", "scores", "expected"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4], 1.0),
        ([1, 0, 0, 0], [1, 2, 3, 4], 0.25),
        ([0, 1, 0, 0], [1, 1, 1, 1], 0.25),  # an order that knows nothing: the prevalence
        ([0, 1, 0, 1], [1, 2, 2, 3], (1 + 2 / 3) / 2),
        ([1, 1], [1, 2], 1.0),
        ([0, 0], [1, 2], NAN),
        ([0, 1, NAN, 0, 1], [1, 2, 9, NAN, 3], 1.0),
    ],
)
def test_average_precision_counts_all_that_tie(label: list[float], scores: list[float], expected: float) -> None:
    rows = Labelled.of(label=label)
    got = average_precision(Ranked(rows=rows, score=np.array(scores, float)), sample_of(rows))
    np.testing.assert_allclose(got, [expected])


def test_average_precision_of_every_replicate_is_that_of_weighted_rows() -> None:
    """Recomputed by scikit-learn, each row weighted by how often its person was drawn."""
    rng = np.random.default_rng(4)
    rows = Labelled.of(label=rng.random(300) < 0.2, person=rng.integers(0, 80, 300))
    scores = rng.integers(0, 40, 300).astype(float)
    draws = Draws.of(rows.persons, Resampling(replicates=20, seed=5))
    got = average_precision(Ranked(rows=rows, score=scores), draws)
    expected = [
        average_precision_score(rows.hit, scores, sample_weight=draws.counts[rows.person, column])
        for column in range(draws.columns)
    ]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_replicates_equal_the_measure_on_the_drawn_rows() -> None:
    """Every replicate column is the measure computed from scratch on the resampled rows."""
    rng = np.random.default_rng(11)
    given_rows = [
        (int(s), int(c), int(y), float(y))
        for s, c, y in zip(rng.integers(0, 12, 60), rng.integers(0, 3, 60), rng.random(60) < 0.3, strict=True)
    ]
    rows = drawn(given_rows, outside=[(3, 1.0), (99, 1.0), (-1, 1.0), (-1, 1.0)])
    scores = rng.integers(0, 9, 60).astype(float)
    draws = Draws.of(rows.persons, Resampling(replicates=6, seed=5))
    assert draws.counts.shape[0] == len({row[0] for row in given_rows}) + 1 + 2  # 99, and each unknown alone
    ranked = Ranked(rows=rows, score=scores)
    content, area = capture(ranked, draws, 4), auc(ranked, draws)
    for column in range(7):
        take = np.repeat(np.arange(60), draws.counts[rows.person, column])
        fresh = zip(range(len(take)), rows.cycle[take], rows.label[take], rows.credit[take], strict=True)
        again = drawn(list(fresh))
        resampled = Ranked(rows=again, score=scores[take])
        expected = capture(resampled, sample_of(again), 4)
        assert content.events[column] == pytest.approx(expected.events[0])
        assert content.listed[column] == pytest.approx(expected.listed[0])
        assert area[column] == pytest.approx(auc(resampled, sample_of(again))[0])


def test_the_same_seed_draws_the_same_persons() -> None:
    first, again, other = (Draws.of(5, Resampling(replicates=20, seed=seed)).counts for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert (first.sum(axis=0) == 5).all()
    assert (first[:, 0] == 1).all()


@pytest.mark.parametrize("width", [1, 7, 64])
def test_draws_in_pieces_are_the_same_draws(width: int) -> None:
    resampling = Resampling(replicates=100, seed=3)
    pieces = [piece.counts for piece in Draws.pieces(30, resampling, width)]
    assert (np.hstack(pieces) == Draws.of(30, resampling).counts).all()
    assert max(piece.shape[1] for piece in pieces) == width


def test_working_arrays_stay_within_bounds() -> None:
    assert (width_for(0), width_for(1_000), width_for(1_000_000), width_for(10**9)) == (64, 64, 16, 1)


def test_nothing_below_is_undefined() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 0.0]), np.array([4.0, 0.0])), [0.25, NAN])
