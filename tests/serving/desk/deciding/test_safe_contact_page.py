"""Safe contact at a desk: opened with a reason, from both sources, and nowhere else, also not in a draft."""

from __future__ import annotations

import html
import re

import pytest
from fixtures.deciding import case_to_decide, person, scalar
from fixtures.desk_browser import Browser
from fixtures.graded import form_in
from fixtures.log_entries import details

from serving.storage import reading

WORDS = {"how": "By her sister Ro", "when": "After six", "code_word": "Tulip", "why": ""}
REASON = {"justification": "plan", "reason": "To plan with her"}


def form_of(browser: Browser, case: str) -> tuple[str, dict[str, str]]:
    """The address and the hidden fields of the form that records it, which is folded on the page."""
    page = browser.get(f"/cases/{case}/safe-contact").text
    [form] = re.findall(rf'<form method="post" action="/cases/{case}/safe-contact"(.*?)</form>', page, re.DOTALL)
    return f"/cases/{case}/safe-contact", dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)">', form))


@pytest.fixture
def recorded(desk) -> tuple[Browser, str]:
    case = case_to_decide(desk)
    rita = person(desk, "rita")
    address, hidden = form_of(rita, case)
    assert rita.post(address, data={**hidden, "state": "agreed", **WORDS}).status_code == 303
    return rita, case


def test_it_is_opened_once_with_a_reason_and_says_which_is_from_the_records(recorded) -> None:
    rita, case = recorded
    page = rita.get(f"/cases/{case}/safe-contact").text
    assert WORDS["how"] not in page
    address, hidden = form_in(page, f"/cases/{case}/safe-contact/open")
    assert rita.post(address, data={**hidden, "justification": "", "reason": ""}).status_code == 422
    said = html.unescape(rita.post(address, data={**hidden, **REASON}).text)
    for words in ("By her sister Ro", "After six", "Tulip", ": the latest"):
        assert words in said
    assert said.index("Recorded in this case by") < said.index("From the force's records")
    assert "none on record; another number may be known to the subject" in said
    on_screen_alone = said[said.index('<div class="desk-screen">') :]
    assert "By her sister Ro" in on_screen_alone
    assert WORDS["how"] not in rita.get(f"/cases/{case}/safe-contact").text


def test_it_is_on_no_other_page_and_in_no_log_or_draft(desk, recorded) -> None:
    _, case = recorded
    sue = person(desk, "sue")
    of_case = [f"/cases/{case}{page}" for page in ("", "/history", "/voice", "/decide")]
    for path in (*of_case, "/", "/supervisor", "/proposals"):
        page = sue.get(path).text
        assert [word for word in ("sister Ro", "Tulip", "After six") if word in page] == []
    with reading(desk.engine) as connection:
        tables = ("audit_entries", "drafts", "texts", "acts")
        kept = "".join(str(connection.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in tables)
    assert "record safe contact" in kept
    assert "Tulip" not in kept


def test_the_words_of_the_reason_can_be_erased_and_the_log_has_their_id(desk, recorded) -> None:
    rita, case = recorded
    address, hidden = form_in(rita.get(f"/cases/{case}/safe-contact").text, f"/cases/{case}/safe-contact/open")
    rita.post(address, data={**hidden, **REASON})
    [detail] = details(desk, "open safe contact")
    assert detail["justification"] == "plan"
    assert set(detail) == {"justification", "reason"}
    assert scalar(desk, f"SELECT body FROM texts WHERE id = '{detail['reason']}'") == REASON["reason"]
    assert scalar(desk, f"SELECT count(*) FROM audit_entries WHERE detail LIKE '%{REASON['reason']}%'") == 0


def test_a_form_of_it_is_not_kept_where_the_session_has_ended(desk) -> None:
    case = case_to_decide(desk)
    rita = person(desk, "rita")
    address, hidden = form_of(rita, case)
    voice, fields = form_in(rita.get(f"/cases/{case}/voice").text, f"/cases/{case}/voice")
    token = re.search(r'name="token" value="([^"]+)"', rita.get("/").text)
    assert token is not None
    session = dict(rita.cookies)
    rita.post("/sign-out", data={"token": token[1]})
    for name, value in session.items():
        rita.cookies.set(name, value)
    rita.post(address, data={**hidden, "state": "agreed", **WORDS})
    assert scalar(desk, "SELECT count(*) FROM drafts") == 0
    rita.post(voice, data={**fields, "state": "told_us", "what": "He goes"})
    assert scalar(desk, "SELECT count(*) FROM drafts") == 1  # every other form is


def test_what_is_missing_is_said_and_who_may_not_gets_nothing(desk) -> None:
    case = case_to_decide(desk)
    rita = person(desk, "rita")
    address, hidden = form_of(rita, case)
    wrong = rita.post(address, data={**hidden, "state": "none_safe", "how": "", "when": "", "code_word": "", "why": ""})
    assert wrong.status_code == 422
    assert '<a href="#why">' in wrong.text
    assert person(desk, "ann").get(f"/cases/{case}/safe-contact").status_code == 403
    assert person(desk, "gail").get(f"/cases/{case}/voice").status_code == 403
