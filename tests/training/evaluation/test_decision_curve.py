"""Net benefit: recomputed by hand from rows, against reviewing everybody and nobody; rows left out count nowhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.decision_curve import DecisionCurve
from threat.release.documents.evaluation import MODEL
from training.evaluation.decision_curve import THRESHOLDS
from training.evaluation.table import Ranking, evaluate

DRAWN = st.lists(
    st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 99), st.integers(0, 1)), min_size=3, max_size=30
)


def decision_of(rows: Labelled, score: np.ndarray, probability: np.ndarray | None, k: int = 2) -> DecisionCurve:
    orders = [Ranking(MODEL, "Model", score, probability), Ranking("rule_x", "Rule", -score)]
    measured = evaluate(rows, orders, length=ListLength(k), resampling=Resampling(replicates=20, seed=1))
    assert measured.decision is not None
    return measured.decision


def values(decision: DecisionCurve, name: str, cut: str) -> list[float | None]:
    curve = decision.curve(name, cut)
    assert curve is not None
    return [figure.value for figure in curve.figures]


@settings(max_examples=25, deadline=None)
@given(drawn=DRAWN)
def test_net_benefit_by_probability_is_that_of_a_count_by_hand(drawn: list[tuple[bool, int, int, int]]) -> None:
    label, score, hundredths, cycle = (np.array(column) for column in zip(*drawn, strict=True))
    probability = hundredths / 100
    decision = decision_of(Labelled.of(label=label.astype(float), cycle=cycle), score.astype(float), probability)
    by_hand, everybody = [], []
    for threshold in THRESHOLDS:
        reviewed = [bool(hit) for hit, value in zip(label, probability, strict=True) if value >= threshold]
        worth = threshold / (1 - threshold)
        by_hand.append(1_000 * (sum(reviewed) - worth * (len(reviewed) - sum(reviewed))) / len(label))
        everybody.append(1_000 * (label.sum() - worth * (len(label) - label.sum())) / len(label))
    assert values(decision, MODEL, "probability") == pytest.approx(by_hand)
    assert values(decision, "all", "everybody") == pytest.approx(everybody)
    assert decision.curve("rule_x", "probability") is None


def four_rows() -> tuple[Labelled, np.ndarray]:
    """A list of six rows, the third left out: two of five have an outcome, and two places hold one of the two."""
    rows = Labelled.of(
        label=[1, 0, 0, 1, 0, 0], credit=[1, 0, 0, 1, 0, 0], left_out=[False, False, True, False, False, False]
    )
    return rows, np.array([9.0, 8.0, 7.0, 3.0, 2.0, 1.0])


def test_lists_are_worth_more_than_both_between_the_rates_off_and_on_them() -> None:
    rows, score = four_rows()
    decision = decision_of(rows, score, None)
    worth = decision.worth(MODEL)
    assert worth is not None
    # On the list one of two rows; off the list one of three that count.
    assert (worth.above_nobody.value, worth.above_everybody.value) == (pytest.approx(1 / 2), pytest.approx(1 / 3))
    assert worth.words == "where an outcome found is worth 2 to 3 reviews"
    rule = decision.worth("rule_x")  # lists the two last, without an outcome
    assert rule is not None
    assert rule.words == "never worth more than both"
    assert [value.capacity for value in decision.lists if value.name == MODEL] == [1, 2, 4, 8]


def test_a_list_cut_is_worth_as_much_as_its_counts_at_every_threshold() -> None:
    rows, score = four_rows()
    decision = decision_of(rows, score, None)
    by_hand = [1_000 * (1 - t / (1 - t)) / 5 for t in THRESHOLDS]  # one of two listed, of five rows that count
    assert values(decision, MODEL, "list") == pytest.approx(by_hand)
    assert values(decision, "rule_x", "list") == pytest.approx([-1_000 * 2 * t / (1 - t) / 5 for t in THRESHOLDS])


@settings(max_examples=25, deadline=None)
@given(drawn=DRAWN)
def test_the_thresholds_of_a_list_are_where_its_net_benefit_meets_that_of_everybody_and_of_nobody(
    drawn: list[tuple[bool, int, int, int]],
) -> None:
    label, score, _, cycle = (np.array(column) for column in zip(*drawn, strict=True))
    decision = decision_of(Labelled.of(label=label.astype(float), cycle=cycle), score.astype(float), None, k=1)
    worth, listed = decision.worth(MODEL), values(decision, MODEL, "list")
    everybody = values(decision, "all", "everybody")
    assert worth is not None
    for threshold, of_list, of_all in zip(THRESHOLDS, listed, everybody, strict=True):
        assert of_list is not None
        assert of_all is not None
        assert worth.above_nobody.value is not None
        assert (of_list > 1e-9) == (worth.above_nobody.value > threshold + 1e-12)
        if worth.above_everybody.value is not None:
            assert (of_list > of_all + 1e-9) == (worth.above_everybody.value < threshold - 1e-12)


def test_every_figure_has_its_counts_and_an_interval() -> None:
    rows, score = four_rows()
    decision = decision_of(rows, score, np.linspace(0.3, 0.001, 6))
    for curve in decision.curves:
        for figure, threshold in zip(curve.figures, THRESHOLDS, strict=True):
            assert (figure.n, figure.events, figure.slice["threshold"]) == (5, 2, threshold)
            assert figure.interval is not None
