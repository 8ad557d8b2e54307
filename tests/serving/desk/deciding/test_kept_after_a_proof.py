"""What was written when a proof was asked for, or a session had ended, is at the form again and says what it said."""

from __future__ import annotations

import pytest
from fixtures.deciding import Decider, case_to_decide, person, scalar
from fixtures.desk_browser import NOW, Browser, token_in
from fixtures.graded import WHY, form_in

from serving.desk.service import Desk
from serving.identity.sessions import RECENT_SECONDS

ACCEPT = {
    "decision": "decide_accept",
    "level": "present",
    "strategies": "accept",
    "option.arrest_charge": "no",
    "said.arrest_charge": "No offence",
}
KEPT = "It is kept for you until"


@pytest.fixture
def now() -> list[int]:
    return [NOW]


@pytest.fixture
def clocked(open_desk, rule_var, now) -> Desk:
    return open_desk(rule_var, clock=lambda: now[0])


def prove_again(browser: Browser, asked: str) -> str:
    """Prove again who one is at the page that an act led to; return the page after it."""
    assert asked.startswith("/sign-in/again?back=")
    address, hidden = form_in(browser.get(asked).text, "/sign-in/again")
    answer = browser.post(address, data=hidden)
    assert answer.status_code == 303
    return answer.headers["location"]


def test_a_supervisor_s_change_stays_a_change_after_the_proof(clocked: Desk, now: list[int]) -> None:
    case = case_to_decide(clocked)
    sue, ian = Decider(person(clocked, "sue"), case), Decider(person(clocked, "ian"), case)
    proposal = sue.decide(**ACCEPT)
    checked = ian.check(f"/cases/{case}/decide?changing={proposal.removeprefix('/proposals/')}", message="He is back")
    now[0] += RECENT_SECONDS + 60
    page = prove_again(ian.client, ian.save(checked).headers["location"])
    assert page == f"/cases/{case}/decide"
    shown = ian.client.get(page).text
    assert "Change what was proposed" in shown
    assert "He is back" in shown
    assert ian.decide(message="He is back") == f"/cases/{case}"
    assert "It was changed: another decision took effect in its place." in ian.client.get(proposal).text
    assert scalar(clocked, "SELECT result FROM proposal_answers") == "changed"
    # The draft of a proposal that is answered would lead nowhere: nothing of it is left.
    assert "Change what was proposed" not in ian.client.get(page).text


def test_an_answer_to_a_proposal_is_at_its_form_after_the_proof(clocked: Desk, now: list[int]) -> None:
    case = case_to_decide(clocked)
    sue, ian = Decider(person(clocked, "sue"), case), Decider(person(clocked, "ian"), case)
    proposal = sue.decide(**ACCEPT)
    now[0] += RECENT_SECONDS + 60
    asked = ian.answer(proposal, "returned", "Ask her first").headers["location"]
    assert prove_again(ian.client, asked) == proposal
    shown = ian.client.get(proposal).text
    assert KEPT in shown
    assert "Ask her first</textarea>" in shown
    assert ian.answer(proposal, "returned", "Ask her first").status_code == 303
    assert scalar(clocked, "SELECT count(*) FROM drafts") == 0


def left_and_back(browser: Browser, path: str, fields: dict[str, str], desk: Desk, name: str) -> Browser:
    """Send a form in a session that was signed out of, and sign in again."""
    address, hidden = form_in(browser.get(path).text, path)
    session = dict(browser.cookies)
    browser.post("/sign-out", data={"token": token_in(browser.get("/").text)})
    for key, value in session.items():
        browser.cookies.set(key, value)
    assert browser.post(address, data={**hidden, **fields}).headers["location"].startswith("/sign-in?")
    return person(desk, name)


def test_why_a_decision_is_taken_back_is_at_its_form_after_signing_in(desk: Desk) -> None:
    case = case_to_decide(desk)
    sue, page = Decider(person(desk, "sue"), case), f"/cases/{case}/take-back"
    sue.decide()
    again = left_and_back(sue.client, page, {"why": "The wrong case"}, desk, "sue")
    shown = again.get(page).text
    assert KEPT in shown
    assert "The wrong case</textarea>" in shown
    address, hidden = form_in(shown, page)
    assert again.post(address, data={**hidden, "why": "The wrong case"}).status_code == 303
    assert scalar(desk, "SELECT count(*) FROM drafts") == 0


def test_why_a_sitting_starts_is_at_its_form_after_signing_in_and_opens_nothing(desk: Desk) -> None:
    again = left_and_back(person(desk, "rita"), "/triage", WHY, desk, "rita")
    answer = again.get("/triage")
    assert answer.status_code == 200
    assert KEPT in answer.text
    assert f"{WHY['reason']}</textarea>" in answer.text
    assert scalar(desk, "SELECT count(*) FROM open_names") == 0
    again.post("/triage", data={"token": token_in(answer.text), **WHY})
    assert scalar(desk, "SELECT count(*) FROM drafts") == 0
