"""Usefulness: not inferior to any other ranking in mean recall, and better than officer grade or recency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fixtures import evidence as documents
from fixtures.evidence import figure, ranking, rankings
from fixtures.gate_evidence import checked, good, judged, seen

from threat.measuring.figure import Verdict
from threat.release.evidence import RunDocuments

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH


def measured(**fields: Any) -> RunDocuments:
    return good(evaluation=documents.evaluation(**fields))


def compared(low: float | None, high: float = 0.0) -> RunDocuments:
    """The first rule's difference has the interval ``low`` to ``high``; None: it has no value."""
    value = None if low is None else (low + high) / 2
    model, _, *others = rankings()
    first = ranking("rule_days_since_last", figure("mean_recall_difference", value, low or 0.0, high))
    return measured(rankings=(model, first, *others))


def uninteresting() -> RunDocuments:
    model, _, *others = rankings()
    first = ranking("rule_days_since_last", figure("mean_recall_difference", 0.1, interval=None, reason="few"))
    return measured(rankings=(model, first, *others))


def against_regression(low: float, high: float) -> RunDocuments:
    simple = ranking("elastic_net", figure("mean_recall_difference", (low + high) / 2, low, high))
    return measured(rankings=(*rankings()[:3], simple))


def caught(by_model: float, by_rule: float) -> RunDocuments:
    """Mean recall of the model and of recency, of 100 outcome events: so many were caught."""
    model, recency, *others = rankings()
    recall, of_recency = (figure("mean_recall", share, events=100) for share in (by_model, by_rule))
    both = ranking("score", *model.figures, recall), ranking("rule_days_since_last", *recency.figures, of_recency)
    return measured(rankings=(*both, *others))


CASES: list[tuple[Callable[[], RunDocuments], str, Verdict, str]] = [
    (
        lambda: compared(0.0, 0.2),
        "usefulness",
        NOT_ENOUGH,
        "not shown to be better than rule_latest_grade (not measured)",
    ),
    (lambda: compared(-0.019, 0.2), "usefulness", NOT_ENOUGH, "or rule_days_since_last +0.091 (-0.019 to +0.200)"),
    (lambda: compared(-0.02, 0.2), "usefulness", NOT_ENOUGH, "margin 0.02: rule_days_since_last +0.090"),
    (lambda: compared(-0.3, -0.02), "usefulness", NOT_ENOUGH, "rule_days_since_last -0.160"),
    (lambda: compared(-0.3, -0.021), "usefulness", FAIL, "rule_days_since_last -0.161 (-0.300 to -0.021)"),
    (lambda: compared(None), "usefulness", NOT_ENOUGH, "no paired difference"),
    (uninteresting, "usefulness", NOT_ENOUGH, "no paired difference"),
    (lambda: against_regression(-0.03, 0.03), "usefulness", NOT_ENOUGH, "elastic_net +0.000 (-0.030 to +0.030)"),
    (lambda: against_regression(-0.1, -0.03), "usefulness", FAIL, "elastic_net -0.065"),
    (lambda: caught(0.099, 0.09), "usefulness", NOT_ENOUGH, "rule_days_since_last neither caught 10 outcomes"),
    (lambda: measured(rankings=rankings()[:1]), "usefulness", NOT_ENOUGH, "no simple rule"),
    (lambda: good(evaluation=None), "usefulness", NOT_ENOUGH, "has no evaluation"),
]


@pytest.mark.parametrize(("documents_of", "check", "verdict", "words"), CASES)
def test_a_model_that_is_not_shown_to_be_useful(
    documents_of: Callable[[], RunDocuments], check: str, verdict: Verdict, words: str
) -> None:
    gate = judged(seen(documents_of()))
    assert checked(gate, check).verdict == verdict
    assert gate.verdict != PASS
    assert words in checked(gate, check).reason


@pytest.mark.parametrize(
    ("documents_of", "reason"),
    [
        (lambda: compared(0.001, 0.2), "better than rule_days_since_last +0.101 (+0.001 to +0.200)"),
        # A regression that is better by less than the margin is said, and does not decide.
        (lambda: against_regression(-0.015, -0.005), "not inferior to any of 3 rankings in mean recall, margin 0.02"),
        (lambda: caught(0.1, 0.0), "better than rule_days_since_last"),
    ],
)
def test_a_useful_model_passes(documents_of: Callable[[], RunDocuments], reason: str) -> None:
    gate = judged(seen(documents_of()))
    assert checked(gate, "usefulness").verdict == PASS
    assert reason in checked(gate, "usefulness").reason
