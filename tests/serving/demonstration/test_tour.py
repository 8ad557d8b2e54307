"""The stops of the guided tour, chosen from a list and the gate's document."""

from __future__ import annotations

import re

from fixtures import evidence
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT
from fixtures.golden_lists import REFERENCE, published_list
from fixtures.page_text import wrong_words

from serving.demonstration.tour import tour_steps
from serving.lists.making import ListOptions, make_list

CALIBRATION = {
    "name": "calibration",
    "title": "Calibration",
    "required": True,
    "verdict": "pass",
    "reason": "fits",
    "facts": {},
    "figures": (),
    "accepted": (),
}
VALIDATION = CALIBRATION | {
    "name": "local_validation",
    "title": "Local validation",
    "verdict": "not_enough_evidence",
    "reason": "24 events, 50 needed",
}
SHADOW = CALIBRATION | {
    "name": "shadow_run",
    "title": "Shadow run",
    "required": False,
    "verdict": "fail",
    "reason": "none",
}
REFUSED = evidence.gate(verdict="not_enough_evidence", checks=[VALIDATION, CALIBRATION, SHADOW])
PASSED = evidence.gate(checks=[CALIBRATION, SHADOW])


def test_the_tour_by_rule_after_a_refusal(rule_var):
    listed = published_list(rule_var)
    steps = tour_steps(listed, REFUSED)
    by_title = {step.title: step for step in steps}
    assert by_title["One that must be seen"].link == f"/relationships/{REFERENCE['G01']}"
    assert by_title["Your own grade first"].link == "/triage"
    assert by_title["The gate at work"].text == (
        "1 of 2 checks passed. Stopped by local validation: 24 events, 50 needed. So a rule orders the list, and the "
        "page says so. Calibration does not allow a probability, so ranks only are shown."
    )
    assert by_title["The gate at work"].link == "/model-card"
    assert not {"What this model was taught", "Stopping the model"} & set(by_title)


def test_the_tour_by_the_model(model_var):
    listed = published_list(model_var)
    titles = [step.title for step in tour_steps(listed, PASSED)]
    assert titles[-4:] == [
        "What this model was taught",
        "The gate at work",
        "Stopping the model",
        "Everything you opened was recorded",
    ]


def test_no_stop_says_or_is_chosen_by_a_place(golden_store, rule_var, tmp_path):
    """Whatever the capacity is, and so whoever is beyond it, the stops are the same and say no number."""
    one = make_list(golden_store, tmp_path, golden.AS_OF, ListOptions(capacity=1), started_at=STARTED_AT)
    steps = tour_steps(one, REFUSED)
    assert [step for step in steps if step.title != "The gate at work"] == [
        step for step in tour_steps(published_list(rule_var), REFUSED) if step.title != "The gate at work"
    ]
    for step in steps:
        if step.title != "The gate at work":
            assert not re.search(r"\d|rose|ranked|beyond", step.text), step.text


def test_the_tour_says_nothing_that_a_reviewer_does_not_know(golden_store, rule_var, model_var, tmp_path):
    beyond = make_list(golden_store, tmp_path, golden.AS_OF, ListOptions(capacity=1), started_at=STARTED_AT)
    steps = [
        *tour_steps(published_list(rule_var), REFUSED),
        *tour_steps(published_list(model_var), PASSED),
        *tour_steps(beyond, REFUSED),
    ]
    assert len(steps) > 10
    assert wrong_words(text for step in steps for text in (step.title, step.text, step.link_text)) == []


def test_a_week_half_done_is_a_stop_of_its_own(rule_var):
    listed = published_list(rule_var)
    links = {step.title: step.link for step in tour_steps(listed, REFUSED, week=True)}
    assert links["Two people"] == "/proposals"
    assert "Two people" not in {step.title for step in tour_steps(listed, REFUSED)}
