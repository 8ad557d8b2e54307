"""The page of a decision: what it shows, what it asks for, its check page, and the case after it."""

from __future__ import annotations

import html
import re

from fixtures.deciding import PLAN, VOICE, Decider, case_to_decide, person, scalar
from fixtures.graded import Grader, form_in
from fixtures.page_text import PageText, wrong_words

from serving.casework.options import options

SECTIONS = (
    "On record",
    "What is missing",
    "What they said",
    "Threat and information",
    "Powers and policy",
    "Options",
    "Decision",
)
"""In the order of the National Decision Model: information, then what is judged, powers, options, and what follows."""


def test_the_page_has_its_parts_in_order_nothing_chosen_and_no_order_of_a_list(desk) -> None:
    case = case_to_decide(desk)
    page = person(desk, "sue").get(f"/cases/{case}/decide").text
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page, re.DOTALL)
    places = [headings.index(section) for section in SECTIONS]
    assert places == sorted(places)
    assert re.search(r"<(input|option)[^>]* (checked|selected)", page) is None
    offered = set(re.findall(r'name="option\.([a-z_]+)"', page))
    assert offered == {option.option for option in options().options if option.retired is None}
    assert page.count("<h1") == 1
    assert wrong_words(PageText(page).said) == []


def test_each_level_says_what_it_means_and_its_clocks(desk) -> None:
    case = case_to_decide(desk)
    said = html.unescape(person(desk, "sue").get(f"/cases/{case}/decide").text)
    for sentence in (
        "Looked at again by the end of tomorrow at the latest. A plan is active by 01:00 tomorrow.",
        "Looked at again by the end of Thu 9 January at the latest. A plan is active by Sun 5 January 01:00.",
        "that is no sign of safety. Looked at again by the end of Thu 30 January at the latest.",
    ):
        assert sentence in said


def test_everything_that_is_missing_is_said_at_its_field_and_nothing_is_lost(desk) -> None:
    case = case_to_decide(desk)
    decider = Decider(person(desk, "sue"), case)
    answer = decider.check(threat="", review_at="", **{"said.recall": ""})
    assert answer.status_code == 422
    links = re.findall(r'<a href="#([^"]+)">', answer.text)
    assert links == ["threat", "option.recall", "review_at"]
    assert all(f'id="{link}"' in answer.text for link in links)
    assert PLAN["vulnerability"] in answer.text
    assert re.search(r'name="level"[^>]*value="serious"[^>]* checked', answer.text)


def test_another_decision_without_a_level_is_refused_at_its_field(desk) -> None:
    case = case_to_decide(desk)
    sue = Decider(person(desk, "sue"), case)
    sue.decide()
    answer = sue.check(level="", supersedes_why="He moved out")
    assert (answer.status_code, re.findall(r'<a href="#([^"]+)">', answer.text)) == (422, ["level"])


def test_no_decision_without_the_views_of_the_person_at_risk(desk) -> None:
    case = case_to_decide(desk, voice=None)
    answer = Decider(person(desk, "sue"), case).check()
    assert answer.status_code == 422
    assert "The views of the person at risk are not recorded." in answer.text
    assert 'id="voice"' in answer.text


def test_a_supervisor_decides_and_the_case_says_state_next_step_and_due(desk) -> None:
    case = case_to_decide(desk)
    sue = Decider(person(desk, "sue"), case)
    checked = sue.check()
    said = html.unescape(checked.text)
    for words in ("Decide to plan", "Moderate: Two reports", "Recall to prison or change of licence: Not on licence"):
        assert words in said
    assert checked.text.count("<h1") == 1
    assert sue.save(checked).headers["location"] == f"/cases/{case}"
    page = html.unescape(sue.client.get(f"/cases/{case}").text)
    for words in (
        "Planning",
        "By Sun 5 January 01:00",
        "In effect since",
        "He said he would kill her",
        "She wants him",
    ):
        assert words in page
    history = html.unescape(sue.client.get(f"/cases/{case}/history").text)
    assert "Level: Serious" in history
    assert "Graded to planning" in history


def test_what_is_kept_for_later_is_there_again_for_its_writer_alone(desk) -> None:
    case = case_to_decide(desk)
    sue, ian = person(desk, "sue"), person(desk, "ian")
    assert Decider(sue, case).check(do="keep").headers["location"] == f"/cases/{case}"
    page = sue.get(f"/cases/{case}/decide").text
    assert PLAN["threat"] in page
    assert "It is kept for you until" in page
    assert PLAN["threat"] not in ian.get(f"/cases/{case}/decide").text
    Decider(sue, case).decide()
    assert scalar(desk, "SELECT count(*) FROM drafts") == 0


def test_two_who_decide_at_once_lose_no_word(desk) -> None:
    case = case_to_decide(desk)
    sue, ian = Decider(person(desk, "sue"), case), Decider(person(desk, "ian"), case)
    checked = sue.check()
    ian.decide(threat="He has a knife")
    answer = sue.save(checked)
    assert answer.status_code == 409
    assert "He has a knife" in answer.text
    assert PLAN["threat"] in answer.text
    # Mine goes on as a new decision, with why, and never over theirs unread.
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text)
    again = sue.client.post(f"/cases/{case}/decide", data=dict(hidden[-len(PLAN) - 8 :]) | dict(hidden))
    assert again.status_code == 200
    assert "Why there is another decision" in again.text
    assert PLAN["threat"] in again.text


def test_a_double_click_is_one_decision(desk) -> None:
    case = case_to_decide(desk)
    sue = Decider(person(desk, "sue"), case)
    checked = sue.check()
    assert [sue.save(checked).headers.get("location") for _ in range(2)] == [f"/cases/{case}"] * 2
    with desk.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM decisions").scalar() == 1


def test_who_may_not_decide_gets_no_form(desk) -> None:
    case = case_to_decide(desk)
    for name in ("ann", "gail", "ada"):
        assert person(desk, name).get(f"/cases/{case}/decide").status_code == 403
    assert person(desk, "rita").get(f"/cases/{case}/take-back").status_code == 403


def test_a_decision_is_taken_back_with_why(desk) -> None:
    case = case_to_decide(desk)
    sue = Decider(person(desk, "sue"), case)
    sue.decide()
    page = sue.client.get(f"/cases/{case}/take-back").text
    address, hidden = form_in(page, f"/cases/{case}/take-back")
    assert sue.client.post(address, data={**hidden, "why": ""}).status_code == 422
    assert sue.client.post(address, data={**hidden, "why": "The wrong case"}).status_code == 303
    assert "Taken back: the case waits for another decision." in sue.client.get(f"/cases/{case}").text


def test_views_are_recorded_and_those_of_before_stay(desk) -> None:
    case = case_to_decide(desk)
    grader = Grader(person(desk, "rob"))
    wrong = grader.send(f"/cases/{case}/voice", state="not_asked_yet", why="", by_when="2025-03-30", agency="")
    assert wrong.status_code == 422
    assert re.findall(r'<a href="#([^"]+)">', wrong.text) == ["why", "by_when"]
    grader.send(f"/cases/{case}/voice", state="not_safe_to_ask", why="He reads it", by_when="2025-01-03", agency="")
    page = grader.client.get(f"/cases/{case}/voice").text
    assert page.index("He reads it") < page.index(VOICE["what"])
    assert "To be asked" in page
