"""Numbers as a governance reviewer reads them, and groups too small to show."""

from __future__ import annotations

import pytest
from fixtures.evidence import figure, group
from fixtures.gated_characteristics import characteristic

from model_cards.words import figure_words, withheld

BIG, MIDDLE, FEW, TINY = (900, 90, 30), (800, 80, 30), (700, 20, 15), (9, 9, 0)


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        ([BIG, MIDDLE], [True, True]),
        ([BIG, MIDDLE, FEW], [True, False, False]),  # 5 missed; the next smallest goes with it
        ([BIG, TINY, MIDDLE], [True, False, False]),
        ([BIG, TINY], [False, False]),
        ([BIG, MIDDLE, FEW, TINY], [True, True, False, False]),  # two already: neither can be had alone
        ([TINY], [False]),
        ([], []),
    ],
)
def test_no_group_is_withheld_alone(groups: list[tuple[int, int, int]], shown: list[bool]) -> None:
    drawn = [group("g", n, events, captured, None, "pass") for n, events, captured in groups]
    assert [reason == "" for reason in withheld(characteristic("sex", "pass", drawn).groups, 10)] == shown


@pytest.mark.parametrize(
    ("value", "low", "high", "signed", "words"),
    [
        (0.41, 0.35, 0.47, False, "0.41 (0.35 to 0.47)"),
        (0.041, 0.03, 0.05, False, "0.0410 (0.0300 to 0.0500)"),
        (0.2, 0.1, 0.3, True, "+0.20 (+0.10 to +0.30)"),
        (0.0, 0.0, 0.1, False, "0.00 (0.00 to 0.10)"),
        (None, 0.0, 0.0, False, "none: no outcomes"),
    ],
)
def test_a_figure_in_words(value: float | None, low: float, high: float, signed: bool, words: str) -> None:
    assert figure_words(figure("recall", value, low, high), signed=signed) == words
    assert figure_words(None) == "not measured"


def test_a_figure_without_an_interval_says_why() -> None:
    assert figure_words(figure("recall", 0.5, interval=None, reason="few")) == "0.50 (no interval: few)"
