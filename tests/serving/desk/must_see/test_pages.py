"""A must-see record: what a person found in two activations, and that it waits until somebody does."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import client_of, session_of
from fixtures.graded import Grader, form_in, waiting_cases

from serving.casework.drafts import draft_of
from serving.desk.service import Desk
from serving.storage import reading


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


def test_a_form_of_another_case_answers_nothing_and_a_repeat_of_its_own_gets_its_answer(grader: Grader) -> None:
    first, second = waiting_cases(grader.client)
    address, hidden = form_in(grader.client.get(record_of(grader, first)).text, "/must-see/")
    other, _ = form_in(grader.client.get(record_of(grader, second)).text, "/must-see/")
    sent = {**hidden, "result": "grade_now"}
    for wrong in (other, address.replace(first, second), other.replace(second, first)):
        answer = grader.client.post(wrong, data=sent)
        assert answer.status_code == 422
        assert "The form is not of the record" in answer.text
    assert waiting_cases(grader.client) == [first, second]
    for _ in range(2):
        answer = grader.client.post(address, data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{first}/grade")
    grader.grade(first)
    assert grader.client.post(address, data=sent).status_code == 303


def test_what_is_written_of_a_record_in_one_case_is_kept_for_that_case_alone(
    desk: Desk, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = waiting_cases(grader.client)
    address, hidden = form_in(grader.client.get(record_of(grader, first)).text, "/must-see/")
    person, now = session_of(desk, grader.client).person.id, desk.clock()
    monkeypatch.setattr(desk, "clock", lambda: now + 7_200)
    sent = {**hidden, "result": "duplicate", "note": "The same as the night before"}
    assert grader.client.post(address, data=sent).status_code == 303
    with reading(desk.engine) as connection:
        kept = draft_of(connection, person, address, desk.clock())
        assert draft_of(connection, person, address.replace(first, second), desk.clock()) is None
    assert kept is not None
    assert (kept.case_id, kept.fields["note"]) == (first, ["The same as the night before"])
    again = Grader(client_of(desk))
    assert "The same as the night before" in again.client.get(address).text
    again.see(address)
    with reading(desk.engine) as connection:
        assert draft_of(connection, person, address, desk.clock()) is None
