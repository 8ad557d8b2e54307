"""A sitting through its forms: own grade, the order, a second look; errors, repeats, two who write at once."""

from __future__ import annotations

import re

import pytest
from fixtures.desk_browser import Browser, client_of, sign_in, token_in
from fixtures.golden_lists import REFERENCE
from fixtures.graded import Grader, facts_in, form_in, waiting_cases
from fixtures.page_text import PageText

from serving.casework import views
from serving.casework.graded import Graded, grades_since
from serving.desk.form import new_act_id
from serving.desk.service import Desk
from serving.storage import reading


@pytest.fixture
def grader(desk: Desk) -> Grader:
    return Grader(client_of(desk))


def grades(desk: Desk) -> tuple[Graded, ...]:
    """Every grade, the latest first."""
    with reading(desk.engine) as connection:
        return grades_since(connection, 0)


def state(desk: Desk, case: str) -> str:
    with reading(desk.engine) as connection:
        found = views.case_now(connection, case)
    assert found is not None
    return found.state


def posted(grader: Grader, page: str, **fields: str) -> tuple[str, dict[str, str]]:
    """The address and the fields of the form of a page, filled in and not sent yet."""
    address, hidden = form_in(grader.client.get(page).text, page.partition("?")[0])
    return address, {**hidden, **fields}


def test_a_grade_is_kept_then_the_order_then_the_next_case(desk: Desk, grader: Grader) -> None:
    assert grader.sit().headers["location"] == "/triage/next"
    first = grader.client.get("/triage/next").headers["location"]
    assert re.fullmatch(r"/cases/C-[0-9a-f]{16}/grade", first)
    case = first.split("/")[2]
    page = grader.client.get(first).text
    assert "0 cases of at most 25 in this sitting." in page
    assert "checked" not in page[page.index('id="own"') :]
    assert (
        grader.grade(case, "keep_in_view", note="Read the log of 3 May").headers["location"] == f"/cases/{case}/order"
    )
    order = grader.client.get(f"/cases/{case}/order").text
    assert "You: <strong>Keep in view</strong>. The order had it <strong>3rd of 10</strong>." in order
    assert "checked" not in order
    changed = grader.send(f"/cases/{case}/order", grade_after="act_today", reason="order_showed", note="The knife")
    assert changed.headers["location"] == "/triage/next"
    (graded,) = grades(desk)
    assert (graded.first, graded.grade, graded.look_why) == ("keep_in_view", "act_today", "order_showed")
    assert state(desk, case) == "graded"
    done = PageText(grader.client.get("/triage/next").text).said
    assert {"That was the last", "Act today", "1"} <= set(done)
    assert f"{case} waits for a decision by 05:00 today." in done
    history = PageText(grader.client.get(f"/cases/{case}/history").text).said
    assert {
        "Read the log of 3 May",
        "Changed to Act today",
        "The order points at something I missed",
        "The knife",
    } <= set(history)


def test_a_form_that_is_not_whole_shows_the_order_of_another_persons_grade_to_nobody(
    desk: Desk, grader: Grader
) -> None:
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case)
    grader.client.get(f"/cases/{case}/order")
    other = client_of(desk, "supervisor")
    token = token_in(other.get(f"/cases/{case}").text)
    answer = other.post(f"/cases/{case}/order", data={"token": token, "act_id": new_act_id(), "version": "2"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{case}")
    with desk.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM reveals").scalar() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ["Choose a grade.", "Choose the main fact you rely on."]),
        ({"grade": "act_today", "fact": "not_on_record", "note": " "}, ["Say in a line what is not on record."]),
        ({"grade": "act_today", "fact": "arson"}, ["Choose the main fact you rely on."]),
        (
            {"grade": "cannot_yet", "due": "2025-01-01"},
            ["Say what is missing.", "Give the day by which you expect it, from today on."],
        ),
        ({"grade": "safe"}, ["Choose a grade.", "Choose the main fact you rely on."]),
    ],
)
def test_what_is_to_mend_is_said_at_its_field_and_nothing_is_saved(
    desk: Desk, grader: Grader, fields: dict[str, str], said: list[str]
) -> None:
    case = grader.case_of(REFERENCE["G06"])
    answer = grader.send(f"/cases/{case}/grade", **{"note": "Kept in the form", **fields})
    assert answer.status_code == 422
    summary = answer.text[answer.text.index("govuk-error-summary") : answer.text.index("<h1")]
    assert [line for line in said if line in summary] == said
    assert fields.get("note", "Kept in the form") in answer.text
    assert grades(desk) == ()


def test_cannot_yet_leaves_the_case_waiting_for_the_next_sitting_and_shows_nothing(desk: Desk, grader: Grader) -> None:
    grader.sit()
    case = grader.client.get("/triage/next").headers["location"].split("/")[2]
    address, fields = posted(
        grader, f"/cases/{case}/grade", grade="cannot_yet", missing="full_report", due="2025-01-03"
    )
    assert grader.client.post(address, data=fields).headers["location"] == "/triage/next"
    assert state(desk, case) == "waiting"
    page = grader.client.get("/triage/next").text
    assert "That was the last" in page
    assert f"{case}</a>: Cannot grade yet" in page
    assert grader.client.get(f"/cases/{case}/order").headers["location"] == f"/cases/{case}/grade"
    assert "first the records and your own grade" in grader.client.get(f"/cases/{case}").text


def test_every_button_pressed_twice_is_one_act_with_one_answer(desk: Desk, grader: Grader) -> None:
    waiting = waiting_cases(grader.client)[0]
    see = grader.client.get(f"/cases/{waiting}/grade").headers["location"]
    pages = [(see, {"result": "grade_now", "note": ""})]
    pages.append((f"/cases/{waiting}/grade", {"grade": "look_closer", "fact": "threat_to_kill", "note": "Twice"}))
    pages.append((f"/cases/{waiting}/order", {"grade_after": "look_closer", "reason": "records_support", "note": ""}))
    pages.append(("/cases/new", {"relationship": REFERENCE["G07"], "why": "Asked at the briefing"}))
    for page, chosen in pages:
        if page.endswith("/grade"):
            chosen["fact"] = facts_in(grader.client.get(page).text)[0]
        address, fields = posted(grader, page, **chosen)
        twice = [grader.client.post(address, data=fields) for _ in range(2)]
        assert [answer.status_code for answer in twice] == [303, 303], (page, twice[1].text)
        assert twice[0].headers["location"] == twice[1].headers["location"]
    with desk.engine.connect() as connection:
        acts = (
            connection.exec_driver_sql("SELECT act FROM acts WHERE \"by\" != 'engine' ORDER BY audit").scalars().all()
        )
    assert acts == ["see", "grade", "reveal", "second_look", "refer"]


def test_two_who_write_at_once_both_see_both_texts_and_the_second_may_save_after(desk: Desk, grader: Grader) -> None:
    other = Grader(Browser(desk))
    sign_in(other.client, "rob")
    case = grader.case_of(REFERENCE["G06"])
    fact = facts_in(grader.client.get(f"/cases/{case}/grade").text)[0]
    mine = posted(grader, f"/cases/{case}/grade", grade="act_today", fact=fact, note="Mine: she called twice")
    theirs = posted(other, f"/cases/{case}/grade", grade="look_closer", fact=fact, note="Theirs: the visit of Monday")
    assert other.client.post(theirs[0], data=theirs[1]).status_code == 303
    answer = grader.client.post(mine[0], data=mine[1])
    assert answer.status_code == 409
    assert "Mine: she called twice" in answer.text
    assert "Theirs: the visit of Monday" in answer.text
    assert "Rob Reviewer" in answer.text
    assert len(grades(desk)) == 1
    address, hidden = form_in(answer.text, "/cases/")
    assert hidden["note"] == "Mine: she called twice"
    again = grader.client.post(address, data=hidden)
    # Nothing waits for a grade any more, so theirs stands: said in words, and mine is on the page still.
    assert again.status_code == 422
    assert "Mine: she called twice" in again.text


@pytest.mark.parametrize("role", ["analyst", "governance", "admin"])
def test_who_does_not_grade_opens_no_form_and_sends_none(desk: Desk, grader: Grader, role: str) -> None:
    case = grader.case_of(REFERENCE["G06"])
    client = client_of(desk, role)
    for path in (f"/cases/{case}/grade", f"/cases/{case}/grade?correct=yes", "/cases/new"):
        assert client.get(path).status_code == 403, path
    if role != "analyst":
        assert client.get(f"/cases/{case}").status_code == 403
    assert grades(desk) == ()


def test_the_last_grade_is_corrected_with_a_reason_while_nothing_was_shown(desk: Desk, grader: Grader) -> None:
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case, "act_today")
    page = f"/cases/{case}/grade?correct=yes"
    fact = facts_in(grader.client.get(page).text)[0]
    without = grader.send(page, grade="keep_in_view", fact=fact)
    assert without.status_code == 422
    assert "Choose why you correct your grade." in without.text
    fields = {"grade": "keep_in_view", "fact": fact, "why": "cannot_say", "reason": "The wrong row"}
    assert grader.send(page, **fields).status_code == 303
    latest, first = grades(desk)
    assert (latest.first, first.first, latest.corrects) == ("keep_in_view", "act_today", first.id)
    grader.client.get(f"/cases/{case}/order")
    assert grader.client.get(page).headers["location"] == f"/cases/{case}"
