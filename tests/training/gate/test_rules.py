"""Each check of the gate as a truth table: what passes, what fails, and what is not enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fixtures import evidence as documents
from fixtures.evidence import at_capacity, ranking, rankings
from fixtures.gate_evidence import POLICY, audited, checked, good, judged, seen, verdicts

from threat.measuring.figure import Verdict
from threat.release.documents.gate_policy import CHECKS
from threat.release.evidence import RunDocuments
from training.gate.rules import RULES

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH


def measured(**fields: Any) -> RunDocuments:
    return good(evaluation=documents.evaluation(**fields))


def asked(**fields: Any) -> RunDocuments:
    return good(config=documents.config(**fields))


def looked(**fields: Any) -> RunDocuments:
    return good(checks=documents.checks(**fields))


def few_events(events: int) -> RunDocuments:
    model = ranking("score", at_capacity("recall_at_capacity", 0.4, 0.3, 0.5, events=events))
    return measured(rankings=(model, *rankings()[1:]))


OTHER_DATES = {"dates__holds": False, "dates__folds": [{**documents.checks().dates.folds[0].as_json(), "holds": False}]}
NO_DATES: dict[str, Any] = {"dates__folds": []}
NO_SCORES: dict[str, Any] = {"added_harm__scores": 0, "added_harm__fell": 0, "added_harm__kinds": []}
OFF = {"contributions_sum__largest_difference": 0.02, "contributions_sum__holds": False}
LEAKED = {"future_removed__values_that_differ": 1, "future_removed__holds": False}

CASES: list[tuple[Callable[[], RunDocuments], str, Verdict, str]] = [
    (lambda: good(choices=documents.choices("other")), "provenance", FAIL, "not the one chosen"),
    (lambda: good(choices=None), "provenance", NOT_ENOUGH, "does not say which model"),
    (lambda: good(snapshot=None), "provenance", NOT_ENOUGH, "which snapshot"),
    (lambda: looked(**LEAKED), "leaks", FAIL, "knew the future"),
    (lambda: looked(**OTHER_DATES), "leaks", FAIL, "dates overlap"),
    (lambda: good(checks=None), "leaks", NOT_ENOUGH, "not checked"),
    (lambda: looked(future_removed__rows=0), "leaks", NOT_ENOUGH, "no row or no fold"),
    (lambda: looked(**NO_DATES), "leaks", NOT_ENOUGH, "no row or no fold"),
    (lambda: few_events(49), "local_validation", NOT_ENOUGH, "49 outcome events in the test, 50 needed"),
    (lambda: measured(rankings=rankings()[1:]), "local_validation", NOT_ENOUGH, "no evaluation of the model"),
    (
        lambda: measured(cohort__n=2_999),
        "local_validation",
        FAIL,
        "a list of 50 out of 500 rows on average; at most 49 (10%)",
    ),
    (lambda: measured(cohort__n=300), "local_validation", FAIL, "out of 50 rows on average; at most 5"),
    (
        lambda: measured(cohort__n=3_000, cohort__lists=7),
        "local_validation",
        FAIL,
        "a list of 50 out of 429 rows on average; at most 42",
    ),
    (lambda: measured(cohort__n=0), "local_validation", NOT_ENOUGH, "how many were listed, of how many"),
    (lambda: good(evaluation=None), "local_validation", NOT_ENOUGH, "how many were listed, of how many"),
    (
        lambda: measured(cohort__kind="incident"),
        "local_validation",
        FAIL,
        "a cohort of kind incident; lists are made of a monthly one",
    ),
    (
        lambda: asked(settings__cohort={"kind": "incident"}),
        "local_validation",
        FAIL,
        "a cohort of kind incident",
    ),
    (
        lambda: asked(settings__new_charges_only=True),
        "local_validation",
        FAIL,
        "only outcomes with a new kind of charge counted",
    ),
    (
        lambda: good(config=None),
        "local_validation",
        NOT_ENOUGH,
        "which cohort it was trained and measured on; the RUN does not say which outcomes counted",
    ),
    (lambda: good(fairness=None), "fairness", NOT_ENOUGH, "not audited"),
    (lambda: audited("fail", "pass"), "fairness", FAIL, "person_at_risk/sex"),
    (lambda: audited("pass", "not_enough_evidence"), "fairness", NOT_ENOUGH, "not accepted by name"),
    (audited, "fairness", NOT_ENOUGH, "no characteristic"),
    (lambda: audited("pass", run_manifest_sha256="another"), "fairness", FAIL, "about another RUN"),
    (lambda: audited("pass", ranking="rule_days_since_last"), "fairness", FAIL, "about another RUN or ranking"),
    (lambda: looked(**OFF), "explanation", FAIL, "do not sum to the score: off by 0.02, at most 1e-06 allowed"),
    (lambda: looked(**NO_SCORES), "explanation", NOT_ENOUGH, "not checked"),
    (lambda: looked(contributions_sum__rows=0), "explanation", NOT_ENOUGH, "not checked"),
]


@pytest.mark.parametrize(("changed", "check", "verdict", "words"), CASES)
def test_each_check(changed: Callable[[], RunDocuments], check: str, verdict: Verdict, words: str) -> None:
    gate = judged(seen(changed()))
    assert checked(gate, check).verdict == verdict
    assert words in checked(gate, check).reason
    assert gate.verdict != PASS
    assert any(line.startswith(f"{CHECKS[check]}: {verdict.words.lower()}: ") for line in gate.refusals())


def test_every_check_has_a_rule() -> None:
    assert list(RULES) == list(CHECKS)


def test_a_run_that_does_not_verify_fails() -> None:
    assert verdicts(judged(seen(verified=False)))["provenance"] == FAIL


def test_an_audit_under_another_policy_fails() -> None:
    stricter = seen().fairness_policy.model_copy(update={"line": 0.9})
    assert judged(seen(fairness_policy=stricter)).refusals() == [
        "Fairness: fail: the fairness report was made under another policy than the one set"
    ]


Ends = tuple[float, float] | None


def calibrated(slope: Ends, over: Ends, events: int = 300) -> RunDocuments:
    """The figures' intervals; None: the figure has no value."""
    figures = {"slope": slope, "observed_over_expected": over}
    return measured(
        **{
            f"calibration__{name}": documents.figure(name, ends and sum(ends) / 2, *(ends or (0, 0)), events=events)
            for name, ends in figures.items()
        }
    )


NOT_MEASURED = "calibration was not measured: rank only, no probability is shown"
WITHIN = "the intervals of observed over expected and slope lie within the bounds: probabilities may be shown"
OUTSIDE = "the interval of observed over expected or slope lies outside the bounds: rank only, no probability is shown"
ACROSS = "the interval of observed over expected or slope lies across a bound: rank only, no probability is shown"
FEW = (
    "99 outcome events of people on the lists of the test, 100 needed to judge calibration: rank only, no probability "
    "is shown"
)


@pytest.mark.parametrize(
    ("slope", "over", "events", "verdict", "reason"),
    [
        # The bounds are 0.8 to 1.2 of the slope, and 0.8 to 1.25 of observed over expected.
        ((0.8, 1.2), (0.8, 1.25), 300, PASS, WITHIN),
        ((0.8, 1.2), (0.8, 1.25), 100, PASS, WITHIN),
        ((0.8, 1.2), (0.8, 1.25), 99, NOT_ENOUGH, FEW),
        ((2.0, 3.0), (0.8, 1.25), 99, NOT_ENOUGH, FEW),
        ((-0.26, 1.87), (0.9, 1.1), 300, NOT_ENOUGH, ACROSS),
        ((0.79, 1.1), (0.9, 1.1), 300, NOT_ENOUGH, ACROSS),
        ((0.9, 1.1), (0.9, 1.26), 300, NOT_ENOUGH, ACROSS),
        ((0.7, 1.3), (0.7, 1.3), 300, NOT_ENOUGH, ACROSS),
        ((0.36, 0.77), (0.9, 1.1), 300, FAIL, OUTSIDE),
        ((1.21, 1.5), (0.9, 1.1), 300, FAIL, OUTSIDE),
        ((0.9, 1.1), (0.5, 0.79), 300, FAIL, OUTSIDE),
        ((-0.26, 1.87), (1.3, 1.4), 300, FAIL, OUTSIDE),
        (None, (0.9, 1.1), 300, NOT_ENOUGH, NOT_MEASURED),
        ((0.9, 1.1), None, 300, NOT_ENOUGH, NOT_MEASURED),
    ],
)
def test_the_intervals_of_calibration_decide_what_is_shown_and_never_refuse(
    slope: Ends, over: Ends, events: int, verdict: Verdict, reason: str
) -> None:
    gate = judged(seen(calibrated(slope, over, events)))
    assert (checked(gate, "calibration").verdict, checked(gate, "calibration").reason) == (verdict, reason)
    assert checked(gate, "calibration").required is False
    assert gate.show_probability is (verdict == PASS)
    assert gate.verdict == PASS


def test_a_policy_of_before_has_no_least_number_of_events() -> None:
    numbers = POLICY.numbers.model_copy(update={"least_calibration_events": None})
    gate = judged(seen(calibrated((0.9, 1.1), (0.9, 1.1), 12)), policy=POLICY.model_copy(update={"numbers": numbers}))
    assert gate.show_probability


def test_a_model_without_probabilities_is_ranked_only() -> None:
    gate = judged(seen(measured(calibration=None)))
    assert checked(gate, "calibration").reason == NOT_MEASURED
    assert (gate.show_probability, gate.verdict) == (False, PASS)
    why = "Ranks alone, no probability: 41 of 900 rows to calibrate on had an outcome (30 people)."
    few = judged(seen(measured(calibration=None, no_probability=why)))
    assert checked(few, "calibration").reason == f"r{why[1:-1]}"


def test_the_figures_of_a_decision_are_in_its_check() -> None:
    gate = judged(seen())
    assert [figure.value for figure in checked(gate, "usefulness").figures] == [0.1, 0.2, 0.0]
    assert [figure.name for figure in checked(gate, "local_validation").figures] == ["recall_at_capacity"]
    assert checked(gate, "explanation").facts == {
        "largest_difference": 1e-12,
        "share_of_falls": 0.003,
        "worst_kind": "stalking",
        "worst_share_of_falls": 0.006,
    }
    assert checked(gate, "leaks").facts["earlier_runs_that_opened_the_test"] == 0


def fallen(rape: int, stalking: int, rows: int = 500) -> RunDocuments:
    """So many of the scores fell after an added rape, and after added stalking."""
    kinds = [
        {"kind": kind, "days_before": 1.0, "rows": rows, "fell": fell, "largest_fall": 0.1, "causes": []}
        for kind, fell in (("rape", rape), ("stalking", stalking))
    ]
    totals = {"added_harm__scores": 2 * rows, "added_harm__fell": rape + stalking}
    return looked(added_harm__rows=rows, added_harm__kinds=kinds, **totals)


@pytest.mark.parametrize(
    ("rape", "stalking", "verdict", "reason"),
    [
        (0, 0, PASS, "contributions sum to the score; no kind of harm that is added lowers a score"),
        (0, 5, PASS, "contributions sum to the score; of 2 kinds of harm, stalking lowers most: 1.0% of scores"),
        (0, 6, FAIL, "of 2 kinds of harm, stalking lowers most: 1.2% of scores, at most 1.0% allowed"),
        # The worst kind decides, not the mean: 11 of 1,000 scores fell in all.
        (10, 1, FAIL, "of 2 kinds of harm, rape lowers most: 2.0% of scores, at most 1.0% allowed"),
        (500, 500, FAIL, "of 2 kinds of harm, rape lowers most: 100.0% of scores, at most 1.0% allowed"),
    ],
)
def test_the_kind_of_harm_that_lowers_most_decides(rape: int, stalking: int, verdict: Verdict, reason: str) -> None:
    check = checked(judged(seen(fallen(rape, stalking))), "explanation")
    assert check.verdict == verdict
    assert reason in check.reason


def test_a_run_of_before_kinds_were_counted_is_not_enough() -> None:
    check = checked(judged(seen(looked(added_harm__kinds=[]))), "explanation")
    assert (check.verdict, "not checked by kind" in check.reason) == (NOT_ENOUGH, True)


def test_earlier_openings_of_the_test_are_said() -> None:
    opened = documents.folds(test_opening__earlier_runs_that_opened_it=["r0", "r1"])
    reason = checked(judged(seen(good(folds=opened))), "leaks").reason
    assert reason.endswith("; the same test was opened by 2 earlier RUNs")
