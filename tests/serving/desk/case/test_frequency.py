"""Probabilities as people say them, and only where the gate allows one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fixtures.desk_browser import STARTED_AT

from serving.desk.case.frequency import frequency, in_words
from serving.lists import rankings


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.0, "fewer than 1 in 1,000"),
        (0.0004, "fewer than 1 in 1,000"),
        (0.0005, "fewer than 1 in 1,000"),
        (0.0006, "about 1 in 1,000"),
        (0.004, "about 4 in 1,000"),
        (0.0094, "about 9 in 1,000"),
        (0.0096, "about 1 in 100"),
        (0.07, "about 7 in 100"),
        (0.994, "about 99 in 100"),
        (0.995, "more than 99 in 100"),
        (0.999, "more than 99 in 100"),
    ],
)
def test_frequencies_in_words(p, words):
    assert in_words(p) == words


@pytest.mark.parametrize(("shown", "sentences"), [(True, 1), (False, 0)])
def test_a_frequency_is_shown_only_where_the_gate_allows_it(model_var, shown, sentences):
    ranking = rankings.current(model_var / "promotions.jsonl", STARTED_AT)
    released = dataclasses.replace(ranking.bundle.released, show_probability=shown)
    allowed = dataclasses.replace(ranking, bundle=dataclasses.replace(ranking.bundle, released=released))
    sentences_shown = frequency(allowed, -3.0, np.array([-3.0, -6.0]))  # 1 / (1 + e^3) = 0.047; mean with 0.0025: 0.025
    assert len(sentences_shown) == sentences
    if sentences_shown:
        assert sentences_shown[0].sentence == (
            "Of relationships with a similar record, about 5 in 100 had severe domestic harm recorded within 365 days. "
            "Of all on this list, about 2 in 100."
        )
    assert frequency(rankings.named_rule("rfg", ""), -3.0, np.array([-3.0])) == []
