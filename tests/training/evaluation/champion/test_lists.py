"""Two drawn rankings of eight rows on two lists: places that both fill, and who moves on and off."""

from __future__ import annotations

import numpy as np
import pytest

from threat.history.sightings import Rows
from threat.measuring.ranked import Labelled, Ranked
from threat.measuring.resampling import places_of
from training.evaluation.champion.lists import highest, moved, overlaps, ranks

# Two lists of four. Rows 1, 3 and 6 have an outcome; the event of row 6 is shared with a row elsewhere.
ROWS = Labelled.of(
    label=[0, 1, 0, 1, 0, 0, 1, 0],
    credit=[0, 1, 0, 1, 0, 0, 0.5, 0],
    person=[1, 2, 3, 4, 1, 2, 3, 4],
    cycle=[7, 7, 7, 7, 8, 8, 8, 8],
)
WHO = Rows(
    relationship_id=np.array([11, 12, 13, 14, 11, 12, 13, 14]),
    subject=np.array([1, 2, 3, 4, 1, 2, 3, 4]),
    at_risk=np.arange(8),
    as_of=np.zeros(8, np.int64),
)
CHALLENGER = Ranked(rows=ROWS, score=np.array([1.0, 4.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]))
CHAMPION = Ranked(rows=ROWS, score=np.array([4.0, 3.0, 2.0, 1.0, 4.0, 1.0, 1.0, 1.0]))


def test_the_share_of_places_that_both_fill_on_drawn_lists() -> None:
    """Lists of one: row 1 or 0, and row 4 twice. Of two: row 1 of {1, 3} and {0, 1}; row 4 and a third of row 5."""
    one, two, four = overlaps(CHALLENGER, CHAMPION, [1, 2, 4])
    assert (one.places, one.share, one.by_list) == (1, 0.5, (0.0, 1.0))
    assert (two.share, two.by_list) == (pytest.approx((1 + 1 + 1 / 3) / 4), (0.5, pytest.approx((1 + 1 / 3) / 2)))
    assert (four.share, four.by_list) == (1.0, (1.0, 1.0))


@pytest.mark.parametrize("capacity", [1, 2, 3, 4, 50])
def test_an_order_shares_every_place_with_itself_ties_included(capacity: int) -> None:
    (overlap,) = overlaps(CHAMPION, CHAMPION, [capacity])
    assert (overlap.share, set(overlap.by_list)) == (1.0, {1.0})


def test_who_moves_with_the_parts_of_places_that_ties_give() -> None:
    gained = places_of(CHALLENGER, 2) - places_of(CHAMPION, 2)
    assert gained.tolist() == pytest.approx([-1, 0, 0, 1, 0, 2 / 3, -1 / 3, -1 / 3])
    on, off = moved(np.maximum(gained, 0), ROWS, WHO), moved(np.maximum(-gained, 0), ROWS, WHO)
    assert (on.places, on.relationships, on.subjects) == (pytest.approx(5 / 3), 2, 2)
    assert (on.rows_with_outcome, on.events) == (pytest.approx(1), pytest.approx(1))
    assert (off.places, off.relationships, off.subjects) == (pytest.approx(5 / 3), 3, 3)
    assert (off.rows_with_outcome, off.events) == (pytest.approx(1 / 3), pytest.approx(1 / 6))


def test_examples_moved_by_a_whole_place_the_highest_first() -> None:
    places = np.array([1.0, 0.5, 1.0, 0.0, 1.0])
    rank = np.array([9, 1, 2, 3, 4])
    assert highest(places, rank, np.array([11, 12, 13, 14, 15]), most=2).tolist() == [2, 4]
    # A relationship that moved on two lists is one example.
    assert highest(places, rank, np.array([11, 12, 13, 14, 13]), most=2).tolist() == [2, 0]
    assert ranks(CHAMPION.score, ROWS.cycle).tolist() == [1, 2, 3, 4, 1, 2, 2, 2]
