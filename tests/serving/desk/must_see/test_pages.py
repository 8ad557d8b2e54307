"""A must-see record: what a person found in two activations, and that it waits until somebody does."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import client_of
from fixtures.graded import Grader, form_in, waiting_cases

from serving.desk.service import Desk


@pytest.fixture
def grader(desk: Desk) -> Grader:
    return Grader(client_of(desk))


def record_of(grader: Grader, case: str) -> str:
    """The page of the must-see record of a case, to which its grade leads first."""
    return grader.client.get(f"/cases/{case}/grade").headers["location"]


def test_a_record_is_seen_by_one_choice_and_one_button_and_then_its_case_is_graded(grader: Grader) -> None:
    first, second = waiting_cases(grader.client)
    page = record_of(grader, first)
    shown = grader.client.get(page).text
    address, hidden = form_in(shown, "/must-see/")
    assert set(hidden) == {"token", "act_id", "referral"}
    assert "checked" not in shown[shown.index('id="seen"') :]
    assert shown.count('type="radio"') == 3  # no plan is open, so none covers it
    answer = grader.client.post(address, data={**hidden, "result": "grade_now"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{first}/grade")
    assert waiting_cases(grader.client) == [second]
    assert grader.client.get(page).headers["location"] == f"/cases/{first}"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose what you found."),
        ({"result": "duplicate"}, "Say in a line why."),
        ({"result": "all of them"}, "Choose what you found."),
        ({"result": "not_this_relationship", "note": "Another Smith"}, "a grade is what answers it, not a sight"),
    ],
)
def test_what_does_not_fit_is_said_and_the_record_still_waits(
    grader: Grader, fields: dict[str, str], said: str
) -> None:
    waiting = waiting_cases(grader.client)
    answer = grader.send(record_of(grader, waiting[0]), **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert waiting_cases(grader.client) == waiting


def test_an_analyst_sees_that_it_waits_and_says_nothing_of_it(desk: Desk, grader: Grader) -> None:
    page = record_of(grader, waiting_cases(grader.client)[0])
    client = client_of(desk, "analyst")
    page_of_today = client.get("/").text
    assert (page_of_today.count("Open the case"), page_of_today.count("Say what you found")) == (2, 0)
    assert client.get(page).status_code == 403


def test_a_record_that_is_not_of_the_case_leads_to_the_case(grader: Grader) -> None:
    first, second = waiting_cases(grader.client)
    answer = grader.client.get(record_of(grader, first).replace(first, second))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{second}")
