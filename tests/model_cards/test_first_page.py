"""The first page says what the tool is for, what it cannot see, how good it is and for whom, who signed, until when."""

from __future__ import annotations

from datetime import date

import pytest
from fixtures import evidence
from fixtures.cards import made
from fixtures.evidence import at_capacity, figure, ranking

from model_cards.figures import card_figures
from model_cards.one_page import first_page_parts
from threat.release.documents.card import Table
from threat.release.evidence import RunDocuments


def reached() -> RunDocuments:
    """Of 200 outcomes 80% in the cohort, of those 50% on the list: 40% of all."""
    score = ranking(
        "score",
        at_capacity("recall_at_capacity", 0.4, 0.3, 0.5, events=200),
        at_capacity("in_cohort_recall", 0.5, 0.4, 0.6, events=160),
        figure("coverage", 0.8, 0.7, 0.9, events=200),
        title="LightGBM",
    )
    rule = ranking("rule", at_capacity("recall_at_capacity", 0.2), at_capacity("recall_difference", 0.2, 0.1, 0.3))
    return RunDocuments(evaluation=evidence.evaluation(rankings=(score, rule)))


def test_recall_is_coverage_times_the_recall_of_outcomes_in_the_cohort() -> None:
    summary = made(evaluation=reached().evaluation).summary
    assert summary.reach == (
        "Coverage 0.80 (0.70 to 0.90) of all recorded outcomes happened to people who were ranked, times 0.50 (0.40 to "
        "0.60) of those on the list, makes 0.40 (0.30 to 0.50) of all recorded outcomes on the list."
    )
    assert any("20% happened to people who were not ranked at all" in line for line in summary.cannot_see)
    assert made().summary.reach.startswith("Not measured")
    assert summary.quality is not None
    assert [row[0] for row in summary.quality.rows] == [
        "Recall at capacity",
        "Outcomes in the cohort, of all outcomes",
        "Recall at capacity, of outcomes in the cohort",
    ]
    assert summary.quality.rows[0][1:] == ("0.40 (0.30 to 0.50)", "9,000", "200")


def test_every_other_ranking_is_a_comparator_with_its_difference() -> None:
    comparators = made(evaluation=reached().evaluation).summary.comparators
    assert isinstance(comparators, Table)
    assert comparators.columns[2:] == ("Model minus this ranking", "Model, by the planned comparison")
    ((_, _, difference, planned),) = comparators.rows
    assert (difference, planned) == ("+0.20 (+0.10 to +0.30)", "not planned")


def test_acceptances_alike_but_for_who_and_what_are_one_line() -> None:
    given = [
        evidence.acceptance(by=by, about=about) for about in ("person_at_risk/sex", "subject/sex") for by in ("A", "B")
    ]
    other = evidence.acceptance(by="A", about="subject/age_band", reason="rare")
    assert made(gate=evidence.gate(accepted=[*given, other])).summary.conditions == (
        "Fairness (person_at_risk/sex, subject/sex): accepted by A (SRO) and B (SRO) until 2026-08-30, because: few. "
        "Instead: none.",
        "Fairness (subject/age_band): accepted by A (SRO) until 2026-08-30, because: rare. Instead: none.",
    )


def test_the_ceiling_is_said_to_be_unknown_where_there_is_no_truth() -> None:
    assert made().summary.ceiling.startswith("How near this comes to the best that records allow is not known")


def test_conditions_signatures_and_expiry_are_of_the_gate() -> None:
    summary = made().summary
    assert summary.conditions == (
        "Fairness (person_at_risk/sex): accepted by DEMONSTRATION SRO (SRO) until 2026-08-30, because: few. Instead: "
        "none.",
    )
    assert summary.signed == ("DEMONSTRATION SRO (SRO), 2026-06-01",)
    assert summary.expires == date(2026, 8, 30)
    assert summary.verdicts is not None
    assert summary.verdicts.rows == (("Fairness", "Accepted by name", "required"),)
    late = made(gate=evidence.gate(set_aside=["approval of Sam Owner: expired"])).summary
    assert late.dissent == ("Did not count: approval of Sam Owner: expired",)
    before = made(gate=None).summary
    assert (before.conditions, before.signed, before.verdicts, before.expires) == ((), (), None, None)


def test_nothing_of_the_first_page_is_left_out_of_its_drawing() -> None:
    titles = [title for _, values in first_page_parts(made(gate=None).summary) for title, _ in values]
    assert len(titles) == len(set(titles)) == 26
    drawn = {title: value for _, values in first_page_parts(made(gate=None).summary) for title, value in values}
    assert drawn["Signed by"] == "Nobody"
    assert drawn["Verdicts of the gate"] == "The gate has not been asked"
    assert all(drawn.values())


@pytest.mark.parametrize(("audited", "said"), [(True, "None on record"), (False, "Not audited")])
def test_a_run_that_nobody_audited_is_not_said_to_be_without_a_fault(audited: bool, said: str) -> None:
    summary = (made() if audited else made(fairness=None)).summary.model_copy(update={"faults": (), "alerts": ()})
    drawn = {title: value for _, values in first_page_parts(summary) for title, value in values}
    assert (drawn["Fails and alerts"], drawn["Found unasked"]) == (said, said)


def test_figures_as_numbers_have_lasting_names_and_no_small_count() -> None:
    card = made()
    kept = {figure.id: figure.figure.value for figure in card.figures}
    assert kept["performance/score/recall_at_capacity"] == 0.4
    assert kept["performance/rule_grade/recall_difference"] == 0.2
    assert [name for name in kept if name.startswith("fairness/")] == ["fairness/person_at_risk/sex/Female/recall"]
    rare = ranking("score", at_capacity("recall_at_capacity", 0.4, events=9))
    few = evidence.evaluation(rankings=(rare,), calibration=None)
    assert card_figures(RunDocuments(evaluation=few)) == ()
