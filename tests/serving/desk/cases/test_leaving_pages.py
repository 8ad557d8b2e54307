"""The pages by which a case leaves and is opened again, as two people use them."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from fixtures.deciding import person, scalar
from fixtures.desk_browser import NOW
from fixtures.golden_lists import REFERENCE
from fixtures.graded import Grader, form_in
from fixtures.page_text import PageText, wrong_words

from serving.casework.sealing import Sealer
from serving.casework.watching import News, watch
from serving.desk.service import Desk

DAY = 86_400
QUIET = "G04"


class Time:
    """The clock of a desk, which a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def desk(open_desk, rule_var: Path, time: Time) -> Desk:
    return open_desk(rule_var, clock=time)


def case_looked_at_late(desk: Desk, time: Time) -> str:
    """A case that Rita kept in view, and again after the days in view."""
    rita = Grader(person(desk, "rita"))
    case = rita.case_of(REFERENCE[QUIET])
    assert rita.grade(case, "keep_in_view").status_code == 303
    time.now += 28 * DAY
    assert watch(desk.casework, News("S-1"), time.now).review_due == 1
    assert Grader(person(desk, "rita")).grade(case, "keep_in_view").status_code == 303
    return case


def text(browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text
    assert wrong_words(PageText(answer.text).said) == []
    return html.unescape(answer.text)


def test_what_keeps_a_case_is_on_its_page_with_until_when(desk, time):
    rita = Grader(person(desk, "rita"))
    case = rita.case_of(REFERENCE[QUIET])
    assert "/let-go" not in text(rita.client, f"/cases/{case}")
    rita.grade(case, "keep_in_view")
    assert f"/cases/{case}/let-go" in text(rita.client, f"/cases/{case}")
    page = text(rita.client, f"/cases/{case}/let-go")
    assert "Nobody has looked at the case after the 28 days in view." in page
    assert re.search(r"look at it on \d+ \w+ 20\d\d or after", page)
    assert "<form" not in page.partition("<main")[2]


def test_a_case_is_let_go_and_opened_again(desk, time):
    case = case_looked_at_late(desk, time)
    rita = Grader(person(desk, "rita"))
    assert rita.send(f"/cases/{case}/let-go", note="").headers["location"] == f"/cases/{case}"
    page = text(rita.client, f"/cases/{case}")
    assert "Closed" in page
    assert f"/cases/{case}/read-again" not in page
    assert "Let go" in text(rita.client, f"/cases/{case}/history")
    refused = rita.send(f"/cases/{case}/reopen", why="")
    assert (refused.status_code, "The reason is missing" in refused.text) == (422, True)
    assert rita.send(f"/cases/{case}/reopen", why="Her sister rang").status_code == 303
    page = text(rita.client, f"/cases/{case}")
    assert "Opened again" in page
    assert "Keep in view" in page
    assert rita.client.get(f"/cases/{case}/reopen").status_code == 403


def test_a_second_person_reads_what_was_drawn(desk, time, monkeypatch):
    monkeypatch.setattr(Sealer, "read_again", lambda *_: True)
    case = case_looked_at_late(desk, time)
    rita, sue = Grader(person(desk, "rita")), Grader(person(desk, "sue"))
    rita.send(f"/cases/{case}/let-go", note="Nothing since")
    assert f"/cases/{case}/read-again" not in text(rita.client, f"/cases/{case}")
    assert rita.send(f"/cases/{case}/read-again").status_code == 422
    assert f"/cases/{case}/read-again" in text(sue.client, f"/cases/{case}")
    assert "Look again: open the case again" in text(sue.client, f"/cases/{case}/read-again")
    assert sue.send(f"/cases/{case}/read-again").status_code == 303
    assert scalar(desk, "SELECT agreed FROM second_readings") == 1
    assert "Agree that it was let go" in text(sue.client, f"/cases/{case}/history")


def test_a_form_of_before_says_what_came_in_between(desk, time):
    case = case_looked_at_late(desk, time)
    rita, sue = Grader(person(desk, "rita")), Grader(person(desk, "sue"))
    address, hidden = form_in(rita.client.get(f"/cases/{case}/let-go").text, f"/cases/{case}/let-go")
    sue.case_of(REFERENCE[QUIET])
    late = rita.client.post(address, data={**hidden, "note": "Nothing since"})
    assert late.status_code == 409
    assert "Nothing since" in late.text
