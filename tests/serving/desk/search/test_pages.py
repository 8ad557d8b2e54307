"""Search by reference: it leads to the page, or says plainly that nothing is there; each search is one entry."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fixtures.desk_browser import Browser, client_of, token_in
from fixtures.family_force import person, relationship
from fixtures.log_entries import details, entries

from serving.desk.service import Desk

HERS = relationship("man", "ex")
NOWHERE = "0000000000000001"


def find(reviewer: Browser, text: str, back: str = "") -> object:
    token = token_in(reviewer.get("/").text)
    return reviewer.post(f"/search{back}", data={"token": token, "reference": text})


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        (HERS, f"/relationships/{HERS}"),
        (f"  {HERS.upper()} ", f"/relationships/{HERS}"),
        (person("ex"), f"/people/{person('ex')}"),
        (person("man-old"), f"/people/{person('man')}"),  # of who the person is now
    ],
)
def test_a_reference_leads_to_its_page(reviewer: Browser, typed: str, page: str) -> None:
    answer = find(reviewer, typed)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert reviewer.get(page).status_code == 200


def test_an_event_leads_to_its_card(reviewer: Browser) -> None:
    (_, strangulation) = reviewer.get(f"/api/v1/people/{person('man')}").json()["must_see"]
    event = strangulation["trigger"]["event"]
    address = find(reviewer, event).headers["location"]
    page, _, anchor = address.partition("#")
    assert (page.partition("?")[0], anchor) == (f"/relationships/{HERS}", event)
    assert f'id="{event}"' in reviewer.get(page).text


def test_the_page_that_is_found_leads_back_to_where_the_search_was(reviewer: Browser) -> None:
    carried = f"?back={quote('/?page=1', safe='')}"
    assert find(reviewer, HERS, carried).headers["location"] == f"/relationships/{HERS}{carried}"
    assert find(reviewer, HERS, "?back=//elsewhere").headers["location"] == f"/relationships/{HERS}"


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        (f"R-{NOWHERE}", 404, "There is no relationship with this reference in the records the list was made from."),
        (f"P-{NOWHERE}", 404, "There is no person with this reference in the records the list was made from."),
        (
            f"E-{NOWHERE}",
            404,
            "No relationship in the records the list was made from shows an event with this reference.",
        ),
        ("Eve Example", 422, "This is not a reference of a relationship, a person or an event."),
        ("", 422, "This is not a reference of a relationship, a person or an event."),
        ("R-12", 422, "This is not a reference of a relationship, a person or an event."),
        ("L-" + NOWHERE, 422, "This is not a reference of a relationship, a person or an event."),
    ],
)
def test_what_is_not_there_is_said_plainly_and_the_form_keeps_it(
    reviewer: Browser, typed: str, status: int, said: str
) -> None:
    answer = find(reviewer, typed)
    assert answer.status_code == status
    assert said in answer.text
    assert f'<a href="#reference">{said}' in answer.text
    assert answer.text.count('id="reference"') == 1
    assert f'value="{typed}"' in answer.text or not typed
    assert "What is not found here is not in the records of this list: that is not a sign of safety." in answer.text


def test_each_search_is_one_entry_and_what_is_no_reference_is_not_kept(family: Desk) -> None:
    reviewer = client_of(family)
    before = len(entries(family))
    for typed in (HERS, f"P-{NOWHERE}", "Eve Example"):
        find(reviewer, typed)
    assert [entry[1:] for entry in entries(family)[before:] if entry[1] != "view queue"] == [
        ("search by reference", HERS, "done"),
        ("search by reference", f"P-{NOWHERE}", "not found"),
        ("search by reference", "", "refused"),
    ]
    assert "Eve" not in str(details(family, "search by reference"))


def test_who_sees_no_cases_has_no_search(family: Desk) -> None:
    client = client_of(family, "admin")
    token = token_in(client.get("/audit-log").text)
    assert 'action="/search' not in client.get("/audit-log").text
    assert client.post("/search", data={"token": token, "reference": HERS}).status_code == 403
    assert client.get("/search").status_code == 403


def test_a_form_of_another_page_finds_nothing(reviewer: Browser) -> None:
    assert reviewer.post("/search", data={"token": "0" * 64, "reference": HERS}).status_code == 403


def test_the_form_is_on_every_page_of_who_sees_cases(reviewer: Browser) -> None:
    for page in ("/", f"/relationships/{HERS}", f"/people/{person('man')}", "/model-card", "/search"):
        text = reviewer.get(page).text
        assert text.count('action="/search') == 1
        assert text.count('id="reference"') == 1
