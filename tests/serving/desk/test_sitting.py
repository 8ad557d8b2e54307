"""How names close again: after an hour, by the button, and with the session."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import NOW, client_of, token_in
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import entries

from serving.audit.log import verify
from serving.desk.cookies import SESSION
from serving.desk.sitting import SECONDS
from serving.identity.sessions import Limits
from serving.storage import reading

PAGE = f"/relationships/{REFERENCE['G01']}"


@pytest.fixture
def now() -> list[int]:
    return [NOW]


@pytest.fixture
def client(open_desk, rule_var, now):
    """A reviewer whose names are open, on a desk whose clock the test sets."""
    client = client_of(open_desk(rule_var, clock=lambda: now[0]))
    opened(client)
    return client


def opened(client) -> None:
    reason = {"justification": "multi_agency", "reason": "conference of Monday"}
    assert client.post(f"{PAGE}/names", data={"token": token_in(client.get(PAGE).text), **reason}).status_code == 303


def shows_names(client) -> bool:
    return "Sam Example" in client.get(PAGE).text


def test_an_hour_after_they_were_opened_names_are_closed(client, now):
    now[0] += SECONDS - 1
    assert shows_names(client)
    assert "for 1 more minute at most" in client.get(PAGE).text
    now[0] += 1
    assert not shows_names(client)
    assert "Why do you need the names?" in client.get(PAGE).text


def test_no_sitting_is_longer_than_its_session(client, now):
    for _ in range(9):  # seven hours and fifty minutes, never left for an hour
        now[0] += 3160
        client.get("/search")
    now[0] = NOW + Limits().longest_seconds - 600
    opened(client)
    assert "for 10 more minutes at most" in client.get(PAGE).text


def test_the_button_closes_names_and_goes_back_to_the_page(client):
    answer = client.post("/names/close", data={"token": token_in(client.get(PAGE).text), "back": PAGE})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert not shows_names(client)


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org", f"{PAGE}/names", "/static/desk.css", ""])
def test_the_button_leads_to_no_other_address(client, back):
    answer = client.post("/names/close", data={"token": token_in(client.get(PAGE).text), "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_reference_that_is_none_opens_no_names(open_desk, rule_var):
    desk = open_desk(rule_var)
    client = client_of(desk)
    form = {"justification": "multi_agency", "reason": "conference of Monday", "token": token_in(client.get("/").text)}
    for page in ("/relationships/nonsense", "/people/nonsense"):
        assert client.post(f"{page}/names", data=form).status_code == 422
    assert "open names for the sitting" not in [action for _, action, _, _ in entries(desk)]


def test_sign_out_closes_names_for_a_copy_of_the_cookie_too(client):
    copy = client.cookies.get(SESSION)
    client.post("/sign-out", data={"token": token_in(client.get(PAGE).text)})
    client.cookies.set(SESSION, copy)
    assert client.get(PAGE).status_code == 303


def test_opening_closing_and_signing_out_are_entries_and_leave_no_reason_behind(open_desk, rule_var):
    desk = open_desk(rule_var)
    client = client_of(desk)
    opened(client)
    client.post("/names/close", data={"token": token_in(client.get("/").text)})
    opened(client)
    client.post("/sign-out", data={"token": token_in(client.get("/").text)})
    said = [action for _, action, _, outcome in entries(desk) if outcome == "done" and not action.startswith("view")]
    assert said == [
        "sign in",
        "open names for the sitting",
        "close the names",
        "open names for the sitting",
        "sign out",
    ]
    verify(desk.engine)
    with reading(desk.engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM open_names").scalar() == 0
