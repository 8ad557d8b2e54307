"""Two rankings are the same when every figure is equal to nine digits; each difference is named by its place."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures import evidence

from threat.release.documents.evaluation import RankingFigures
from training.evaluation.differences import Difference, differences, in_words


def ranking(value: float | None = 0.4, **fields: Any) -> RankingFigures:
    return evidence.ranking("score", evidence.figure("recall", value, 0.3, 0.5, **fields))


def same(*both: tuple[RankingFigures, ...]) -> bool:
    return not differences(*([item.as_json() for item in rankings] for rankings in both))


@pytest.mark.parametrize(
    ("again", "alike"),
    [
        (ranking(), True),
        (ranking(0.4 + 1e-12), True),  # the last digits depend on the order a machine adds up in
        (ranking(0.4 + 1e-6), False),
        (ranking(None), False),
        (ranking(events=299), False),
        (ranking(method="Wilson 95%"), False),
        (ranking(interval=(0.3, 0.51)), False),
        (evidence.ranking("score"), False),
        (evidence.ranking("rule_days", *ranking().figures), False),
    ],
)
def test_what_counts_as_the_same(again: RankingFigures, alike: bool) -> None:
    assert same((ranking(),), (again,)) is alike


def test_another_number_of_rankings_is_not_the_same() -> None:
    assert differences([1], [1, 1]) == (Difference("the whole document", "1 items", "2 items"),)


def test_a_ranking_said_to_be_alike_must_come_out_alike() -> None:
    first, second = ranking(), evidence.ranking("rule", *ranking().figures)
    alike = second.model_copy(update={"same_order_as": "score"})
    assert same((first, alike), (first, alike))
    assert not same((first, alike), (first, second))


def test_a_field_that_one_side_lacks_is_a_difference() -> None:
    assert differences({"n": 1}, {}) == (Difference("n", "1", "absent"),)


def test_five_differences_are_named_and_the_others_counted() -> None:
    found = differences(dict.fromkeys("abcdefg", 1), dict.fromkeys("abcdefg", 2))
    assert in_words(found) == "; ".join([*(f"{name}: sealed 1, recomputed 2" for name in "abcde"), "and 2 more"])
