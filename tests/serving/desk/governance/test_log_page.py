"""The page of the audit log: entries in pages of 50 with filters, whether it is whole, and no word that was typed."""

from __future__ import annotations

import html
import re

import pytest
from fixtures.desk_browser import NOW, Browser, client_of
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import details

from serving.audit.log import Entry, account
from serving.desk.service import Desk

TYPED = "words that somebody typed"


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A desk whose log has 120 entries: every third of a supervisor, every tenth not found."""
    for i in range(120):
        role = "reviewer" if i % 3 else "supervisor"
        outcome = "not found" if i % 10 == 0 else "done"
        detail: dict[str, object] = {"reason": TYPED}
        entry = Entry(f"development {role}", role, "consultation", "open names", f"R-{i:016x}", outcome, detail)
        desk.log(entry, NOW - 600 + i)
    return desk


def shown(client: Browser, address: str) -> tuple[list[list[str]], str]:
    """The cells of each entry on a page of the log, and what the page says of how many there are."""
    page = client.get(address).text
    body = page.split("<tbody")[1].split("</tbody>")[0] if "<tbody" in page else ""
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("<tr")[1:]]
    cells = [[html.unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in row] for row in rows]
    said = re.search(r'role="status">([^<]*)<', page.split('id="entries"')[1])
    assert said
    return cells, said[1]


def test_an_entry_says_time_who_role_what_outcome_and_reference(filled: Desk) -> None:
    cells, said = shown(client_of(filled, "admin"), "/audit-log?reference=R-0000000000000046&last=120")
    assert said == "1 entry that matches, latest first, up to entry 120."
    assert cells == [
        [
            "71",
            "2025-01-02 00:51:10",
            "development reviewer",
            "reviewer",
            "open names (consultation)",
            "not found",
            "R-0000000000000046",
            account(),
        ]
    ]


def test_pages_of_50_that_stay_as_they_were_while_the_log_grows(filled: Desk) -> None:
    client = client_of(filled, "governance")
    first, said = shown(client, "/audit-log")
    assert said == "1 to 50 of 121 entries, latest first, up to entry 121."  # 120, and the sign-in
    page = client.get("/audit-log?last=121").text
    addresses = [html.unescape(address) for address in re.findall(r'href="(/audit-log\?[^"]*page=\d[^"]*)"', page)]
    assert set(addresses) == {f"/audit-log?last=121&page={number}#entries" for number in (2, 3)}
    numbers = [row[0] for row in first]
    for number in (2, 3):
        cells, said = shown(client, f"/audit-log?last=121&page={number}")
        numbers += [row[0] for row in cells]
    assert said == "101 to 121 of 121 entries, latest first, up to entry 121."
    assert numbers == [str(number) for number in range(121, 0, -1)]


def test_filters_together(filled: Desk) -> None:
    client = client_of(filled, "admin")
    cells, said = shown(client, "/audit-log?role=supervisor&outcome=not+found&last=120")
    assert said == "4 entries that match, latest first, up to entry 120."
    assert [row[0] for row in cells] == ["91", "61", "31", "1"]
    page = client.get("/audit-log?role=supervisor&outcome=not+found&last=120").text
    assert "<details open>" in page
    assert re.findall(r"Remove this filter: </span>([^<]+)<", page) == ["Not found", "Supervisor"]
    assert shown(client, "/audit-log?operation=erasure") == ([], "No entry matches.")


def test_no_page_shows_what_somebody_typed(filled: Desk) -> None:
    client = client_of(filled, "governance")
    for address in ("/audit-log", "/audit-log?role=reviewer", "/audit-log?page=3&last=120"):
        assert TYPED not in client.get(address).text


def test_names_that_were_opened_are_an_entry_without_the_reason(desk: Desk) -> None:
    desk.log(Entry("a", "reviewer", "consultation", "open names", REFERENCE["G01"]), NOW)
    cells, _ = shown(client_of(desk, "admin"), "/audit-log?last=1")
    assert cells[0][2:] == ["a", "reviewer", "open names (consultation)", "done", REFERENCE["G01"], account()]


def test_a_wrong_day_is_said_at_its_field(filled: Desk) -> None:
    answer = client_of(filled, "admin").get("/audit-log?since=now&reference=Sam+Example")
    assert answer.status_code == 422
    assert "<title>Error: Audit log" in answer.text
    assert 'href="#since"' in answer.text
    assert 'href="#reference"' in answer.text
    assert 'id="since-error"' in answer.text
    assert '<p class="govuk-body" role="status">No entry is shown until the filter is mended.</p>' in answer.text
    assert "Entries of the audit log" not in answer.text


def test_reading_the_log_is_an_entry_that_holds_no_name_somebody_typed(filled: Desk) -> None:
    client = client_of(filled, "admin")
    for address in (
        "/audit-log",
        "/audit-log?reference=Smith",
        "/audit-log?reference=Sam+Example",
        "/audit-log?reference=R-0000000000000046&role=reviewer",
    ):
        client.get(address)
    assert details(filled, "view audit log") == [
        {"page": 1, "whole": True},
        {"page": 1, "reference": ""},
        {"page": 1},
        {"page": 1, "reference": "R-0000000000000046", "role": "reviewer"},
    ]


def test_the_chain_is_read_again_on_the_first_page_alone(filled: Desk) -> None:
    client = client_of(filled, "admin")
    assert "The log is whole" in client.get("/audit-log").text
    for address in ("/audit-log?role=admin", "/audit-log?page=2", "/audit-log?last=120"):
        page = client.get(address).text
        assert "The log is whole" not in page
        assert '<a class="govuk-link" href="/audit-log">Whether the log is whole</a>' in page
