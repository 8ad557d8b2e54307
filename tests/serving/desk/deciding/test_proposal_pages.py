"""What needs two people, at the desk: accepting (scenario 10), drafts of reviewers, lower levels, and step-up."""

from __future__ import annotations

import html
import re

import pytest
from fixtures.deciding import Decider, case_to_decide, person, scalar
from fixtures.desk_browser import NOW
from fixtures.page_text import PageText, wrong_words

from serving.identity.sessions import RECENT_SECONDS

ACCEPT = {
    "decision": "decide_accept",
    "level": "present",
    "strategies": "accept",
    "option.arrest_charge": "no",
    "said.arrest_charge": "No offence",
    "why": "Both moved abroad",
}


def waits_for(browser) -> list[str]:
    """The proposals that wait for somebody, as their page of proposals lists them."""
    page = browser.get("/proposals").text
    first = page[page.index('id="for-you"') : page.index('id="yours"')]
    return re.findall(r'href="(/proposals/PR-[0-9a-f]{16})"', first)


def test_accepting_waits_for_an_inspector_who_returns_changes_or_confirms_it(desk) -> None:
    case = case_to_decide(desk)
    sue, ian = Decider(person(desk, "sue"), case), Decider(person(desk, "ian"), case)
    checked = sue.check(**ACCEPT)
    assert "It waits for another person" in checked.text
    first = sue.save(checked).headers["location"]
    page = html.unescape(sue.client.get(first).text)
    assert "You proposed this, so you can't confirm it." in page
    assert "a supervisor with the authority of an inspector, other than who proposed it" in page
    assert f'action="{first}"' not in page
    assert (waits_for(sue.client), waits_for(ian.client)) == ([], [first])
    assert first in ian.client.get("/").text  # Today: your next step

    assert ian.answer(first, "returned").status_code == 422
    assert ian.answer(first, "returned", "Ask her first").headers["location"] == f"/cases/{case}"
    assert "Ask her first" in sue.client.get(first).text

    second = sue.decide(**ACCEPT)
    moved = ian.decide(f"/cases/{case}/decide?changing={second.removeprefix('/proposals/')}", message="He is back")
    assert moved == f"/cases/{case}"
    case_page, history = (
        sue.client.get(f"/cases/{case}").text,
        html.unescape(sue.client.get(f"/cases/{case}/history").text),
    )
    assert "Planning" in case_page
    for words in ("Ask her first", "He is back", "Return a proposal", "Propose", "Decide to plan"):
        assert words in history
    for proposal, said in ((first, "was returned with a message"), (second, "another decision took effect")):
        assert said in ian.client.get(proposal).text


def test_whoever_proposed_it_is_refused_and_the_refusal_is_in_the_log(desk) -> None:
    case = case_to_decide(desk)
    sue, ian = Decider(person(desk, "sue"), case), Decider(person(desk, "ian"), case)
    proposal = ian.decide(**ACCEPT)
    shown = sue.client.get(proposal).text  # a supervisor without that authority
    assert "Confirming it needs the authority of an inspector." in html.unescape(shown)
    token = re.search(r'name="token" value="([^"]+)"', ian.client.get("/proposals").text)
    assert token is not None
    sent = {"token": token[1], "act_id": "33333333-3333-4333-8333-333333333333", "version": "4", "answer": "confirmed"}
    version = scalar(desk, f"SELECT version FROM cases WHERE id = '{case}'")
    answer = ian.client.post(proposal, data={**sent, "version": str(version), "message": ""})
    assert answer.status_code == 403
    assert "You proposed this" in html.unescape(answer.text)
    with desk.engine.connect() as connection:
        last = connection.exec_driver_sql(
            "SELECT who, action, outcome FROM audit_entries WHERE outcome = 'refused' ORDER BY sequence DESC"
        ).first()
        assert connection.exec_driver_sql("SELECT count(*) FROM proposal_answers").scalar() == 0
    assert last is not None
    assert (last.who.split(" ", 1)[1], last.action, last.outcome) == ("Ian Inspector", "answer a proposal", "refused")


def test_a_reviewer_drafts_and_a_supervisor_confirms(desk) -> None:
    case = case_to_decide(desk)
    rita, sue = Decider(person(desk, "rita"), case), Decider(person(desk, "sue"), case)
    proposal = rita.decide()
    assert "Graded" in rita.client.get(f"/cases/{case}").text
    assert waits_for(rita.client) == []
    assert "Everything that it needs is there." in sue.client.get(proposal).text
    assert sue.answer(proposal, "confirmed").status_code == 303
    assert "Planning" in rita.client.get(f"/cases/{case}").text
    assert waits_for(sue.client) == []
    page = sue.client.get(proposal)
    assert f'action="{proposal}"' not in page.text
    assert wrong_words(PageText(page.text).said) == []


def test_a_lower_level_waits_for_another_supervisor(desk) -> None:
    case = case_to_decide(desk)
    sue, ian = Decider(person(desk, "sue"), case), Decider(person(desk, "ian"), case)
    sue.decide()
    checked = sue.check(level="present", supersedes_why="He moved out")
    assert "The level is lower than before." in checked.text
    proposal = sue.save(checked).headers["location"]
    assert "To lower the level" in ian.client.get(proposal).text
    assert ian.answer(proposal, "confirmed").status_code == 303
    assert "Present" in ian.client.get(f"/cases/{case}").text


@pytest.mark.parametrize("later", [RECENT_SECONDS - 60, RECENT_SECONDS + 60])
def test_accepting_asks_for_a_proof_of_the_last_ten_minutes(open_desk, rule_var, later) -> None:
    now = [NOW]
    desk = open_desk(rule_var, clock=lambda: now[0])
    case = case_to_decide(desk)
    sue, ian = Decider(person(desk, "sue"), case), Decider(person(desk, "ian"), case)
    proposal = sue.decide(**ACCEPT)
    now[0] += later
    answer = ian.answer(proposal, "confirmed")
    state = scalar(desk, f"SELECT state FROM cases WHERE id = '{case}'")
    recent = later < RECENT_SECONDS
    again = f"/sign-in/again?back={proposal.replace('/', '%2F')}&kept=yes"
    assert (answer.headers["location"], state) == ((f"/cases/{case}", "watching") if recent else (again, "graded"))


def test_a_record_in_between_overtakes_it_in_words(desk) -> None:
    case = case_to_decide(desk)
    sue, ian = Decider(person(desk, "sue"), case), Decider(person(desk, "ian"), case)
    proposal = sue.decide(**ACCEPT)
    Decider(person(desk, "rita"), case).decide()
    assert "Something happened on the case since it was proposed" in ian.client.get(proposal).text
    assert waits_for(ian.client) != [proposal]
