"""The bar on validation in words: what was compared, what came out, and what favours whom."""

from __future__ import annotations

import json

import pytest
from fixtures import evidence
from fixtures.validation_bars import REGRESSION, SCRATCH, bar

from threat.release.documents.choices import Choices


def test_the_sentence_says_what_was_compared_and_how_much_that_can_tell() -> None:
    assert bar().sentence == (
        "Bar on validation: mean recall over lists of 12, 25 and 50, LightGBM on the base (0.450) minus the better of "
        "LightGBM from scratch (0.410) and elastic-net logistic regression (0.440), on 41 rows with an outcome "
        "(30 people): +0.0100 (-0.0080 to +0.0300), margin 0.02: not worse, the bar is met. Power: differences of "
        "0.028 are found at 80% power, and a model exactly as good is found not worse in 52% of tests."
    )
    assert bar().how_to_read == (
        "The model was chosen on these rows, which flatters it, as every penalty and number of rounds was. The better "
        "of the two was picked on them too, which makes the bar harder. Recall is within the cohort here: the margin "
        "is stricter than on the test, which counts all outcomes. The test is what decides."
    )


def test_of_one_comparator_nothing_was_picked() -> None:
    alone = bar(model=SCRATCH, comparators=[REGRESSION])
    assert "LightGBM from scratch (0.410) minus elastic-net logistic regression (0.440), on 41 rows" in alone.sentence
    assert "picked" not in alone.how_to_read


def test_an_interval_that_is_not_read_is_not_printed() -> None:
    few = bar(verdict="not_enough_evidence", power=None, reason="neither caught 10 outcomes")
    assert few.sentence.endswith("(30 people): neither caught 10 outcomes: not enough evidence, the bar is not met.")


@pytest.mark.parametrize(
    ("interval", "verdict", "said"),
    [
        ((0.001, 0.02), "better", "better, the bar is met"),
        ((-0.019, 0.03), "not_worse", "not worse, the bar is met"),
        ((-0.019, -0.002), "worse", "worse by less than the margin, the bar is met"),
        ((-0.02, 0.03), "not_enough_evidence", "not enough evidence, the bar is not met"),
        ((-0.03, -0.002), "worse", "worse, the bar is not met"),
    ],
)
def test_the_bar_is_met_where_the_lower_bound_is_above_minus_the_margin(
    interval: tuple[float, float], verdict: str, said: str
) -> None:
    difference = evidence.figure("mean_recall_difference", sum(interval) / 2, *interval, n=900, events=41)
    assert bar(difference=difference).verdict == "not_worse", "the verdict is given, and not read off the interval"
    got = bar(difference=difference, verdict=verdict)
    assert got.result == said
    assert got.met is said.endswith("the bar is met")


def test_choices_keep_the_bar_and_choices_of_before_have_none() -> None:
    choices = evidence.choices("model", bar=bar())
    assert Choices.parse(choices.encode(), "choices.json").bar == bar()
    before = evidence.choices("model").as_json()
    del before["bar"]
    assert Choices.parse(json.dumps(before).encode(), "choices.json").bar is None
