"""Lengths of list: places, shares of the mean list, and the ladder around them."""

from __future__ import annotations

import pytest

from threat.measuring.list_length import ListLength


@pytest.mark.parametrize(("places", "ladder"), [(50, [12, 25, 50, 100, 200]), (2, [1, 2, 4, 8]), (1, [1, 2, 4])])
def test_a_ladder_of_places_goes_from_a_quarter_to_four_times(places: int, ladder: list[int]) -> None:
    assert ListLength(places).ladder == ladder


def test_a_fifth_of_the_list_has_a_ladder_of_5_10_20_30_and_40_percent() -> None:
    length = ListLength.of_share(0.2, rows=2_400, lists=12)
    assert length == ListLength(40, share=0.2)
    assert [places / 200 for places in length.ladder] == [0.05, 0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(("rows", "lists", "places"), [(0, 0, 1), (3, 3, 1), (13, 1, 3), (12, 1, 2)])
def test_a_share_is_rounded_to_places_and_at_least_one(rows: int, lists: int, places: int) -> None:
    assert ListLength.of_share(0.2, rows, lists).places == places
