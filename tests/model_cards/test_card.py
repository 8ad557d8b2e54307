"""The card says what the evidence says and shows what is missing."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest
from fixtures import evidence
from fixtures.cards import MANIFEST, documents, human, made, value
from fixtures.estimands import estimand
from fixtures.gated_characteristics import characteristic

from model_cards.card import build, headline_words
from model_cards.facts import FACTS
from model_cards.outline import outline
from model_cards.page import page
from threat.errors import BadInput
from threat.release.documents.card import Table
from threat.release.documents.model import Calibrator
from threat.release.evidence import RunDocuments


def test_every_field_of_the_outline_has_a_source_and_every_fact_a_field() -> None:
    auto, provided = outline().paths("auto"), outline().paths("human")
    assert len(auto) + len(provided) == sum(len(section.fields) for section in outline().sections) == 124
    assert auto == {*FACTS, "limits.numbered", "identity.run"}


def test_summary() -> None:
    card = made()
    summary = card.summary
    assert (summary.status, summary.environment) == ("passed the gate", "demonstration")
    assert summary.recall is not None
    assert summary.recall.value == 0.4
    assert (summary.horizon_days, summary.capacity, summary.expires) == (180, 50, date(2026, 8, 30))
    assert summary.worst_served == (
        "Fairness verdict: not enough evidence. Treated worst among groups large enough to publish: Male (sex of the "
        "person at risk): the share on the list 0.60 of everybody else's (not enough evidence)."
    )
    assert summary.limits[0].startswith("Not being on the list says nothing about safety")
    assert summary.limits[1].startswith("At this length of list 60% of the 120 recorded outcomes")
    assert headline_words(card) == (
        "With 50 places on each list, 40.0% (30.0% to 50.0%) of the 120 recorded outcomes within 180 days were on it."
    )


def test_values_come_from_the_evidence() -> None:
    card = made()
    assert value(card, "identity.run") == "run-1"
    assert value(card, "identity.model_sha256") == evidence.choices("model").model_sha256
    assert value(card, "model.constraints") == "1 of 3 features can only move the score one way"
    assert value(card, "data.cohort")[1] == "From 2025-01-01 to 2025-06-01"
    assert value(card, "data.cohort")[3:] == (
        "On the lists and in no figure: fewer than 10 rows of which a party had died, and 12 of which the outcome was "
        "over, when it was not on record yet",
        "In fewer than 10 rows one of the two died of another cause within the horizon (fewer than 10 people): no "
        "outcome, and none could follow",
    )
    assert value(card, "target.undercount")[1:] == (
        "Severe incidents of people on record that no outcome counts, or only a lesser one:",
        "21 the domestic flag is blank",
    )
    assert value(card, "model.features")[1] == (
        "On these records 1 of them are missing on every row and 0 have one value; cohort.json names them"
    )
    attrition = value(card, "data.attrition")
    assert attrition.columns[0] == "Filter, list of 2025-02-01"
    assert attrition.rows == (("in window", "1,000", "250", "no record in 24 months"),)
    assert value(card, "design.test_opened").startswith("Once in this RUN; by 1 earlier RUNs")
    assert value(card, "security.added_harm") == (
        "One recorded harm more lowered 3 of 1,000 scores (0.3%); most often stalking, which lowered 0.6% of scores, "
        "by 0.10 log odds at most, through harm_last"
    )
    assert value(card, "monitoring.acceptances").rows[0][-1] == "2026-08-30"
    assert value(card, "sign_off.gate").rows[0][:3] == ("Fairness", "yes", "Accepted by name")
    assert value(card, "explanation.fidelity") == (
        "The contributions sum to the score on 48 checked rows (largest difference 1e-12, at most 1e-06 allowed), and "
        "on every response"
    )


def test_figures_are_given_at_the_capacity_with_their_intervals() -> None:
    card = made()
    assert value(card, "performance.rankings").rows[0] == (
        "LightGBM",
        "0.40 (0.30 to 0.50)",
        *["not measured"] * 5,
        "0.71 (0.66 to 0.76)",
    )
    assert value(card, "performance.differences").rows[0][1] == "+0.20 (+0.10 to +0.30)"
    assert value(card, "performance.calibration") == (
        "Slope: 0.90 (0.80 to 1.00)",
        "Intercept: 0.10 (-0.10 to 0.30)",
        "Observed over expected: none: no outcomes",
        "Under the gate's policy, probabilities are not shown, only ranks.",
    )
    assert value(card, "performance.freshness").rows == (
        ("under 1 day", "Recall", "9,000", "0.50 (0.40 to 0.60)"),
        ("under 1 day", "Auc", "9,000", "withheld (under 10 outcomes, or next to such a band)"),
    )


@pytest.mark.parametrize(("verdict", "first"), [("worse", True), ("not_enough_evidence", False)])
def test_a_loss_to_the_regression_is_on_the_first_page(verdict: str, first: bool) -> None:
    difference = evidence.figure("mean_recall_difference", -0.06, -0.1, -0.02)
    power = {"standard_error": 0.02, "not_worse": 0.17, "detectable": 0.057}
    regression = {"name": "elastic_net", "title": "Elastic net", "difference": difference, "verdict": verdict}
    terms = {"version": "comparison-1", "measure": "mean_recall", "margin": 0.02, "places": [50], "events": 300}
    comparison = terms | {"plan": None, "rankings": [regression | {"power": power}]}
    card = made(evaluation=evidence.evaluation(comparison=comparison))
    lost = "The model loses to the elastic net: mean recall -0.060 (-0.100 to -0.020)."
    assert card.summary.limits[0].startswith(lost) is first
    assert card.summary.compared.startswith(lost) is first
    assert (lost in page(card)) is first
    assert value(card, "performance.comparison")[1] == (
        f"Elastic net: {verdict.replace('_', ' ')}; mean recall -0.060 (-0.100 to -0.020); 0.057 would be found at 80% "
        "power"
    )


def test_what_was_estimated_is_said_and_no_small_count_with_it() -> None:
    """2 homicides are withheld, and 30 rapes with them: 90 outcomes less 58 and 30 would say the 2."""
    card = made(evaluation=evidence.evaluation(estimand=estimand()))
    assert value(card, "target.composition").rows == (
        ("Y0, a domestic homicide: murder", "under 10, or next to such"),
        ("Y2, severe domestic harm: injury with a weapon", "58"),
        ("Y2, severe domestic harm: rape", "under 10, or next to such"),
    )
    exposed = dict(value(card, "target.exposure").rows)
    assert exposed["Outcome events"] == "90"
    assert exposed["of those, of several relationships, which share the credit"] == "fewer than 10"
    assert exposed["Share of the horizon expected at liberty, mean"] == "98.0%"
    assert exposed["Plans of the unit on record"] == "none"
    assert value(card, "target.estimand")[1].startswith("Estimated is how likely severe domestic harm is to be")
    assert value(card, "performance.blanking").rows[1] == (
        "without outcomes of the first 7 days",
        "0.30 (0.20 to 0.40)",
    )


def test_a_model_without_probabilities_says_why() -> None:
    few = Calibrator(method="none", n=8_000, events=41, people=30)
    evaluation = evidence.evaluation(calibration=None, no_probability=few.why_none)
    card = made(calibrator=few, evaluation=evaluation)
    why = "Ranks alone, no probability: 41 of 8,000 rows to calibrate on had an outcome (30 people), where 100 with and"
    assert value(card, "performance.calibration") == f"{why} 100 without one are needed."
    first, second = value(card, "model.calibrator")
    assert first == "None; 8,000 pooled out-of-fold rows, 41 with an outcome of 30 people"
    assert second == f"{why} 100 without one are needed."


def test_offsets_by_kind_are_given_with_what_they_depend_on() -> None:
    kinds = [
        {"kind": "ex_partner", "n": 4_000, "events": 210, "people": 90, "unshrunk": 0.31, "offset": 0.124},
        {"kind": "family", "n": 900, "events": 9, "people": 8, "offset": 0.0},
    ]
    line = {"method": "platt", "slope": 1.0, "intercept": 0.0, "n": 9_000, "events": 320, "people": 150, "kinds": kinds}
    assert value(made(calibrator=Calibrator.model_validate(line)), "model.calibrator") == (
        "Logistic line (intercept and slope); 9,000 pooled out-of-fold rows, 320 with an outcome of 150 people",
        "Former partners: log odds +0.12 (own +0.31, shrunk); rows: 4,000; with an outcome: under 10, or next to such",
        "Family: log odds +0.00 (too few outcomes for its own); rows: 900; with an outcome: under 10, or next to such",
    )


@pytest.mark.parametrize(("shown", "words"), [(True, "are shown"), (False, "are not shown, only ranks")])
def test_the_card_says_whether_probabilities_are_shown(shown: bool, words: str) -> None:
    card = made(gate=evidence.gate(show_probability=shown))
    assert value(card, "performance.calibration")[-1] == f"Under the gate's policy, probabilities {words}."


def test_small_groups_are_a_sentence_and_no_rows_that_pass() -> None:
    card = made()
    fairness = value(card, "fairness.by_group")
    assert fairness.columns == (
        "Characteristic", "Group", "On the list, of those later harmed", "Share", "Over everybody else's",
        "Precision over everybody else's", "Verdict",
    )  # fmt: skip
    assert fairness.rows == (
        ("sex of the person at risk", "Female", "40 of 100", "40% (likely 0% to 100%)", "1.00", "", "Pass"),
    )
    assert value(card, "fairness.not_shown") == (
        "2 groups of 3. Of 1 the rows, those later harmed, or those caught or missed are fewer than 10; 1 would give a "
        "smaller group away. A group that is not shown is not said to pass.",
    )
    chart = next(chart for chart in card.charts if chart.section == "fairness")
    assert [point.label for point in chart.points] == ["Female"]
    # Of the band with 9 outcomes; 12 would be those of all bands less the other two.
    bands = next(chart for chart in card.charts if chart.title.startswith("Do the probabilities"))
    assert [(point.label, point.target) for point in bands.points] == [("20.00% to 40.00%", 0.3)]


def test_the_group_served_worst_is_given_in_counts_and_a_fail_without_them() -> None:
    groups = [
        evidence.group("A", 8_000, 100, 40, 1.0, "pass"),
        evidence.group("B", 900, 60, 15, 0.6, "fail"),
        evidence.group("C", 900, 60, 20, 0.8, "not_enough_evidence"),
    ]
    sex = characteristic("sex", "fail", groups)
    card = made(fairness=evidence.fairness(MANIFEST, characteristics=[sex]))
    assert card.summary.worst_served == (
        "Fairness verdict: fail. Treated worst among groups large enough to publish: B (sex of the person at risk): "
        "15 of 60 later harmed were on the list, the share on the list 0.60 of everybody else's (fail)."
    )
    assert value(card, "fairness.not_shown") == "None"
    hidden = [groups[0], groups[2], evidence.group("D", 90, 30, 2, 0.1, "fail")]
    card = made(fairness=evidence.fairness(MANIFEST, characteristics=[characteristic("sex", "fail", hidden)]))
    assert card.summary.worst_served.startswith(
        "Fairness verdict: fail. Treated worse than the line allows, on counts too small to show: D (sex of the person "
        "at risk). Treated worst among groups large enough to publish: C (sex of the person at risk): the share on the "
        "list 0.80 of everybody else's"
    )
    assert value(card, "fairness.not_shown")[1] == "Treated worse than the line allows: D (sex of the person at risk)"


def test_what_nobody_provided_is_counted_and_shown() -> None:
    card = made()
    absent = {f"{part.id}.{field.id}" for part in card.sections for field in part.fields if not field.provided}
    of_no_evidence = {
        "fairness.others", "basis.documents", "performance.decision_curve", "performance.validation_bar",
        "sign_off.computed_again", "sign_off.policies",
    }  # fmt: skip
    assert absent == outline().paths("human") | of_no_evidence
    assert card.not_yet_provided == len(absent)
    assert page(card).count("Not yet provided") == len(outline().paths("human"))
    assert page(card).count("Not in the evidence") == len(of_no_evidence)
    filled = made(human=human(identity__contact="the unit"))
    contact = filled.field("identity", "contact")
    assert contact is not None
    assert (contact.value, contact.evidence, contact.last_checked) == (
        "the unit",
        "A. Person, 2026-05-02",
        date(2026, 5, 2),
    )
    assert filled.not_yet_provided == card.not_yet_provided - 1


@pytest.mark.parametrize("name", [field.name for field in fields(RunDocuments)])
def test_a_card_without_any_one_document_is_still_a_card(name: str) -> None:
    card = made(**{name: None})
    assert card.not_yet_provided >= made().not_yet_provided
    assert "<h1>" in page(card)


def test_a_card_of_no_evidence_claims_nothing() -> None:
    card = build(RunDocuments(), run_id="run-1", manifest_sha256=MANIFEST)
    assert (card.summary.status, card.summary.recall) == ("draft", None)
    assert card.summary.worst_served == "Not audited."
    assert headline_words(card) == "Recall at capacity has not been measured."
    assert all(card.summary.limits)
    assert card.charts == ()


def test_a_field_that_a_person_does_not_fill_is_refused() -> None:
    with pytest.raises(BadInput, match=r"identity\.name is not a field that a person fills"):
        made(human=human(identity__name="x"))


def test_a_table_may_be_provided_by_a_person() -> None:
    table = {"columns": ("a",), "rows": (("1",),)}
    assert value(made(human=human(data__sources=table)), "data.sources") == Table(**table)


def test_the_gate_s_document_checks_are_on_paper() -> None:
    law = documents().gate
    assert law is not None
    said = {"name": "law", "title": "Law and documents", "reason": "in date: DPIA", "accepted": ()}
    check = law.checks[0].model_copy(update=said)
    card = made(gate=law.model_copy(update={"checks": (check,)}))
    assert value(card, "basis.documents").rows == (("Law and documents", "Pass", "in date: DPIA"),)
