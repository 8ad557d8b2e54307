"""The page of a case, its history, the form that puts one before the unit, and a session that ends midway."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import client_of, sign_in
from fixtures.golden_lists import REFERENCE
from fixtures.graded import Grader, form_in
from fixtures.page_text import PageText

from serving.desk.service import Desk


@pytest.fixture
def grader(desk: Desk) -> Grader:
    return Grader(client_of(desk))


def test_a_case_says_who_reads_its_state_what_is_due_and_the_other_way_round(grader: Grader) -> None:
    case, other = (grader.case_of(REFERENCE[name]) for name in ("G06", "G10"))
    said = PageText(grader.client.get(f"/cases/{case}").text).said
    text = " ".join(said)
    assert "Rita Reviewer" in text
    assert "State Waiting" in text
    assert "By 17:00 tomorrow" in text
    assert any(line.startswith("Officer, since 2 January 2025") for line in said)
    assert f"{other}: {REFERENCE['G10']}, the other way round, waiting" in said
    page = grader.client.get(f"/cases/{case}").text
    assert page.count("govuk-button--start") == 0
    assert page.count(f'href="/cases/{case}/grade"') == 1


def test_the_five_lines_and_ten_records_are_on_the_page_itself(grader: Grader) -> None:
    case = grader.case_of(REFERENCE["G01"])
    grader.see(grader.client.get(f"/cases/{case}/grade").headers["location"])
    said = PageText(grader.client.get(f"/cases/{case}/grade").text).said
    for line in (
        "Threat to kill, threat with a knife: subject towards person at risk, 30 May, 2 days ago.",
        "Non-fatal strangulation or suffocation, in 1 incident; the latest subject towards person at risk, 20 Mar, "
        "10 weeks ago.",
        "Non-molestation order towards this person since 2 April 2024, until 2 April 2025.",
        "The subject: Yes: 1 incident, 28 May.",
        "No child under 18 is on record as a person. Children who were never recorded may still be there.",
    ):
        assert line in said
    assert said.count("Subject towards person at risk") == 6


def test_the_order_and_the_second_look_are_the_next_step_of_whoever_graded_alone(desk: Desk, grader: Grader) -> None:
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case)
    order = f'href="/cases/{case}/order"'
    assert order in grader.client.get(f"/cases/{case}").text
    assert order not in client_of(desk, "supervisor").get(f"/cases/{case}").text
    grader.keep(case)
    assert order not in grader.client.get(f"/cases/{case}").text


@pytest.mark.parametrize("given", ["keep_in_view", "look_closer"])
def test_a_second_look_may_come_to_keep_in_view(grader: Grader, given: str) -> None:
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case, given)
    assert grader.keep(case, "keep_in_view").status_code == 303


def test_before_the_next_grade_nothing_is_said_of_what_a_second_look_came_to(grader: Grader) -> None:
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case, "keep_in_view")
    look = {"grade_after": "act_today", "reason": "order_showed", "note": "It was far up"}
    assert grader.send(f"/cases/{case}/order", **look).status_code == 303
    hints = ("Keep in view, then Act today", "Changed to", "points at something I missed", "It was far up")
    pages = [f"/cases/{case}", f"/cases/{case}/history"]
    said = " ".join(grader.client.get(page).text for page in pages)
    assert [hint for hint in hints if hint not in said] == []
    grader.case_of(REFERENCE["G06"])
    before = [grader.client.get(page).text for page in (*pages, f"/cases/{case}/grade")]
    assert [hint for page in before for hint in hints if hint in page] == []
    assert all("Act today" in page for page in before)
    assert "What came of it is shown after the next grade" in before[1]
    grader.grade(case, "act_today")
    said = " ".join(grader.client.get(page).text for page in pages)
    assert [hint for hint in hints if hint not in said] == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"relationship": REFERENCE["G07"], "why": " "}, "Say why the unit should look."),
        ({"relationship": "Sam Example", "why": "He called"}, "Not a reference of a relationship"),
        ({"relationship": "R-0000000000000001", "why": "He called"}, "There is no relationship with this reference"),
    ],
)
def test_who_asks_the_unit_to_look_says_why_and_at_whom(
    desk: Desk, grader: Grader, fields: dict[str, str], said: str
) -> None:
    answer = grader.send("/cases/new", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    with desk.engine.connect() as connection:
        entries = connection.exec_driver_sql("SELECT subject || detail FROM audit_entries").scalars().all()
    assert not [entry for entry in entries if "Sam Example" in entry or "He called" in entry]


def test_the_reason_is_on_the_case_and_in_no_entry_of_the_log(desk: Desk, grader: Grader) -> None:
    case = grader.case_of(REFERENCE["G07"])
    assert "An officer asked at the briefing" in grader.client.get(f"/cases/{case}/history").text
    with desk.engine.connect() as connection:
        entries = connection.exec_driver_sql("SELECT detail FROM audit_entries").scalars().all()
    assert not [entry for entry in entries if "briefing" in entry]


@pytest.mark.parametrize("reference", ["C-0000000000000001", "C-00", "R-55b0ef087369bc22"])
def test_no_such_case_in_plain_words(grader: Grader, reference: str) -> None:
    answer = grader.client.get(f"/cases/{reference}")
    assert answer.status_code == (404 if reference == "C-0000000000000001" else 422)
    assert "case" in answer.text


def test_what_was_written_when_the_session_ended_is_in_the_form_after_sign_in(desk: Desk, grader: Grader) -> None:
    case = grader.case_of(REFERENCE["G06"])
    page = f"/cases/{case}/grade"
    address, hidden = form_in(grader.client.get(page).text, page)
    sign_out = form_in(grader.client.get("/").text, "/sign-out")
    kept = grader.client.cookies
    grader.client.post(sign_out[0], data=sign_out[1])
    grader.client.cookies = kept
    sent = grader.client.post(address, data={**hidden, "grade": "act_today", "note": "She rang at nine"})
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/sign-in")
    sign_in(grader.client, "rita")
    text = grader.client.get(page).text
    assert "She rang at nine" in text
    assert "This is what you had written. It is kept for you until 9 January 2025" in text
    answer = grader.grade(case, "act_today", note="She rang at nine")
    assert answer.status_code == 303
    with desk.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM drafts").scalar() == 0
