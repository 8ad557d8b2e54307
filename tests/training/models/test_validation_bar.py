"""The bar on validation: the better of two, picked once, and a paired interval over draws of subjects."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.drawn_samples import sample_of

from threat.measuring.list_length import ListLength
from threat.measuring.power import of_standard_error, standard_error_of
from training.models.choosing import ValidationLists
from training.models.validation_bar import bar_on_validation

MARGIN = 0.02
LABEL = np.repeat([1, 0], [20, 80]).astype(np.uint8)
BEST = np.arange(100.0, 0.0, -1.0)


def missing_last(*rows: int) -> np.ndarray:
    """The best order with these rows ranked after all others."""
    scores = BEST.copy()
    scores[list(rows)] = -1.0 - np.arange(len(rows))
    return scores


MODEL, SCRATCH, REGRESSION = missing_last(19), missing_last(17, 18), missing_last(*range(10))


def lists_of(label: np.ndarray = LABEL, places: int = 20) -> ValidationLists:
    """One list; of 20 places, lengths of 5, 10, 20, 40 and 80."""
    return ValidationLists.of([sample_of(np.zeros((len(label), 1), np.float32), label)], ListLength(places), seed=2)


def test_the_model_is_compared_with_the_better_of_the_two() -> None:
    scores = {"distilled": BEST, "on_base": MODEL, "scratch": SCRATCH, "elastic_net": REGRESSION}
    bar = bar_on_validation("on_base", scores, lists_of(), MARGIN)
    # The 19 or 18 that rank first fill the lists of 5 and 10 places, and all are on those of 20 and more.
    recalls = [(5 + 10 + 3 * 19) / 100, (5 + 10 + 3 * 18) / 100, (5 + 10 + 3 * 10) / 100]
    assert [item.mean_recall for item in (bar.model, *bar.comparators)] == pytest.approx(recalls)
    assert [item.title for item in (bar.model, *bar.comparators)] == [
        "LightGBM on the base", "LightGBM from scratch", "Elastic-net logistic regression",
    ]  # fmt: skip
    assert (bar.better, bar.places, bar.people) == ("scratch", (5, 10, 20, 40, 80), 20)
    assert bar.difference.value == pytest.approx(recalls[0] - recalls[1])
    assert (bar.difference.n, bar.difference.events) == (100, 20)
    assert (
        bar_on_validation("on_base", scores | {"scratch": REGRESSION[::-1]}, lists_of(), MARGIN).better == "elastic_net"
    )


def recall_by_hand(scores: np.ndarray, label: np.ndarray, person: np.ndarray, copies: np.ndarray) -> float:
    """Mean recall of one replicate: every row as often as its person was drawn, one list, no ties between rows."""
    rows = np.repeat(np.arange(len(label)), copies[person])
    order = rows[np.argsort(-scores[rows], kind="stable")]
    return float(np.mean([label[order[:k]].sum() for k in (5, 10, 20, 40, 80)]) / label[rows].sum())


def test_the_interval_is_that_of_replicates_worked_out_by_hand() -> None:
    lists = lists_of()
    bar = bar_on_validation("on_base", {"on_base": MODEL, "elastic_net": REGRESSION}, lists, MARGIN)
    differences = [
        recall_by_hand(MODEL, LABEL, lists.rows.person, copies)
        - recall_by_hand(REGRESSION, LABEL, lists.rows.person, copies)
        for copies in lists.draws.counts[:, 1:].T.astype(int)
    ]
    assert len(differences) == 400
    assert bar.difference.interval == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])))
    assert (bar.verdict, bar.met) == ("better", True)
    shown = of_standard_error(standard_error_of(bar.difference.interval), MARGIN)
    assert (bar.power.not_worse, bar.power.detectable) == (shown.not_worse, shown.detectable)


@pytest.mark.parametrize(
    ("approach", "scores", "comparators"),
    [
        ("scratch", {"scratch": MODEL, "distilled": BEST, "elastic_net": SCRATCH}, ["elastic_net"]),
        ("distilled", {"distilled": MODEL, "elastic_net": SCRATCH}, ["elastic_net"]),
        ("distilled", {"distilled": MODEL, "scratch": SCRATCH, "elastic_net": SCRATCH}, ["scratch", "elastic_net"]),
    ],
)
def test_a_model_from_scratch_is_compared_with_the_elastic_net_alone(approach, scores, comparators: list[str]) -> None:
    bar = bar_on_validation(approach, scores, lists_of(), MARGIN)
    assert [item.name for item in bar.comparators] == comparators
    assert bar.better == comparators[0]  # of two that tie, the first


@pytest.mark.parametrize(
    ("model", "other", "verdict", "met"),
    [
        (MODEL, MODEL, "not_worse", True),  # the same order: no replicate differs
        (REGRESSION, MODEL, "worse", False),
        (SCRATCH, MODEL, "not_enough_evidence", False),
    ],
)
def test_the_verdict_is_that_of_the_planned_comparison(model, other, verdict: str, met: bool) -> None:
    bar = bar_on_validation("on_base", {"on_base": model, "elastic_net": other}, lists_of(), MARGIN)
    assert (bar.verdict, bar.met) == (verdict, met)
    if verdict == "not_worse":
        assert (bar.difference.interval, bar.power.standard_error, bar.power.not_worse) == ((0.0, 0.0), 0.0, 1.0)


@pytest.mark.parametrize("outcomes", [0, 9, 10])
def test_lists_that_caught_fewer_than_ten_outcomes_say_nothing(outcomes: int) -> None:
    """Lists of 20, 40 and 80 places (and the two longest cut at 100) catch all outcomes, which lead every list."""
    label = (np.arange(100) < outcomes).astype(np.uint8)
    bar = bar_on_validation("on_base", {"on_base": BEST, "elastic_net": -BEST}, lists_of(label, places=80), MARGIN)
    few = outcomes < 10
    assert bar.reason == ("neither caught 10 outcomes" if few else "")
    assert bar.verdict == ("not_enough_evidence" if few else "better")
    assert (bar.power is None) is few
    assert bar.model.mean_recall == (None if outcomes == 0 else 1.0)
