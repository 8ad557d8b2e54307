"""Proving again who one is, at a real provider: how it is asked, what it must say, and who it must be."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from fixtures.desk_browser import token_in
from fixtures.identity_provider import ServedDesk, approve, leave_for_provider, sign_in
from fixtures.log_entries import details, entries

from serving.identity.person import Person
from serving.identity.sessions import RECENT_SECONDS

AGAIN = "/sign-in/start-again"


@pytest.fixture
def person(served: ServedDesk) -> Person:
    return served.add("rob")


def changes(browser, served: ServedDesk, person: Person):
    """Try to change somebody, with a form of this moment."""
    form = {
        "token": token_in(browser.get("/admin/people").text),
        "version": str(person.version),
        "shown": person.shown,
        "role": "analyst",
        "authority": "none",
        "unit": "",
        "trained_until": "",
        "active": "yes",
        "justification": "moved",
    }
    return browser.post(f"/admin/people/{person.id}", data=form)


def test_an_act_that_asks_for_it_leads_there_and_back(served: ServedDesk, person: Person) -> None:
    served.add("ada", "admin")
    served.provider.says("ada", acr="phr")
    page = f"/admin/people/{person.id}"
    with served.browser() as browser:
        sign_in(browser, "ada")
        assert "Save this change" in browser.get(page).text
        served.now[0] += RECENT_SECONDS
        assert "Save this change" not in browser.get(page).text
        served.now[0] += 3 * RECENT_SECONDS
        answer = changes(browser, served, person)
        assert answer.headers["location"] == f"/sign-in/again?back=%2Fadmin%2Fpeople%2F{person.id}&kept=yes"
        assert f'href="{AGAIN}?back=%2Fadmin%2Fpeople%2F{person.id}"' in browser.get(answer.headers["location"]).text
        served.now[0] = int(time.time()) + RECENT_SECONDS  # the proof is of the provider's clock, the other is too old
        address = leave_for_provider(browser, f"{AGAIN}?back={page}")
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["prompt"], query["max_age"], query["acr_values"]) == ("login", "0", "phr phrh")
        served.now[0] = int(time.time())
        answer = browser.get(approve(browser, leave_for_provider(browser, f"{AGAIN}?back={page}"), "ada"))
        assert f'content="0;url={page}"' in answer.text
        assert "Save this change" in browser.get(page).text
        assert changes(browser, served, person).status_code == 303
    assert ("admin", "sign in again", "", "done") in entries(served.desk)


@pytest.mark.parametrize(
    ("claims", "check"),
    [
        ({"acr": "phr", "auth_time": 1_700_000_000}, "time of signing in again"),
        ({"acr": "phr", "auth_time": "now"}, "auth_time"),
        ({"acr": "phr", "auth_time": None}, "time of signing in again"),
        ({"acr": "password"}, "strength of signing in again"),
        ({}, "strength of signing in again"),
    ],
)
def test_what_proves_nothing_is_refused_and_the_session_goes_on(served: ServedDesk, claims: dict, check: str) -> None:
    subject = f"again-{check.replace(' ', '-')}-{len(str(claims))}"
    served.add(subject)
    with served.browser() as browser:
        sign_in(browser, subject)
        served.provider.says(subject, **claims)
        answer = sign_in(browser, subject, AGAIN)
        assert (answer.status_code, "could not be verified" in answer.text) == (403, True)
        assert browser.get("/api/v1/queue").status_code == 200
    assert details(served.desk, "sign in")[-1] == {"check": check, "status": 403}


def test_somebody_else_at_the_provider_proves_nothing(served: ServedDesk, person: Person) -> None:
    served.add("first")
    served.provider.says("rob", acr="phr")
    with served.browser() as browser:
        sign_in(browser, "first")
        answer = sign_in(browser, "rob", AGAIN)
        assert (answer.status_code, "Somebody else signed in" in answer.text) == (403, True)
        assert "First Made-up" in browser.get("/search").text
    assert details(served.desk, "sign in")[-1] == {"check": "another person", "status": 403}


def test_a_session_that_ended_meanwhile_is_not_begun_again(served: ServedDesk) -> None:
    served.add("away")
    served.provider.says("away", acr="phr")
    with served.browser() as browser:
        sign_in(browser, "away")
        back = approve(browser, leave_for_provider(browser, AGAIN), "away")
        browser.post("/sign-out", data={"token": token_in(browser.get("/search").text)})
        assert browser.get(back).status_code == 403
        assert browser.get("/api/v1/queue").status_code == 401


def test_nobody_proves_again_who_never_signed_in(served: ServedDesk) -> None:
    with served.browser() as browser:
        answer = browser.get(AGAIN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        token = served.desk.signer.form_token("0" * 32)
        assert browser.post("/sign-in/again", data={"token": token}).headers["location"] == "/sign-in"


def test_a_provider_that_does_not_say_when_proves_nothing_that_counts(served: ServedDesk) -> None:
    served.add("timeless", "admin")
    served.provider.says("timeless", auth_time=None)
    with served.browser() as browser:
        assert sign_in(browser, "timeless").status_code == 200
        page = browser.get(f"/admin/people/{served.add('rob').id}").text
        assert "Sign in again to change" in page
