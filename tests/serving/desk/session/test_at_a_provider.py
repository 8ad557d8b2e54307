"""Signing in at a real provider over real HTTP: there and back, strangers, sign-out, and what is tampered with."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fixtures.desk_browser import token_in
from fixtures.identity_provider import CLIENT_ID, ServedDesk, approve, leave_for_provider, sign_in
from fixtures.log_entries import details, entries

from serving.desk.cookies import SESSION, UNDER_WAY
from serving.identity import people
from serving.identity.people import Why, standing_of
from serving.storage import writing


def cookie_of(answer, name: str) -> str:
    return next((value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{name}=")), "")


def with_query(address: str, **changes: str | None) -> str:
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


def test_there_and_back_to_the_page_that_was_asked_for(served: ServedDesk) -> None:
    person = served.add("ann", "governance")
    with served.browser() as browser:
        asked = browser.get("/audit-log?role=admin")
        assert asked.headers["location"] == "/sign-in?back=%2Faudit-log%3Frole%3Dadmin"
        page = browser.get(asked.headers["location"]).text
        assert "Development sign-in" not in page
        [start] = re.findall(r'href="(/sign-in/start[^"]*)"', html.unescape(page))
        answer = sign_in(browser, "ann", start)
        assert answer.status_code == 200
        assert '<meta http-equiv="refresh" content="0;url=/audit-log?role=admin">' in answer.text
        assert f"Signed in as <strong>{person.shown}</strong>, governance" in browser.get("/audit-log").text
        session = cookie_of(answer, SESSION)
        assert "HttpOnly" in session
        assert "SameSite=strict" in session
        assert 'threat_sign_in=""' in cookie_of(answer, UNDER_WAY)
    assert ("governance", "sign in", "", "done") in entries(served.desk)


def test_what_the_provider_is_asked(served: ServedDesk) -> None:
    with served.browser() as browser:
        answer = browser.get("/sign-in/start")
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        kept = cookie_of(answer, UNDER_WAY)
    assert {name: values[0] for name, values in query.items() if name not in {"state", "nonce", "code_challenge"}} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{served.address}/sign-in/callback",
        "scope": "openid",
        "code_challenge_method": "S256",
    }
    assert "SameSite=lax" in kept
    assert "HttpOnly" in kept
    assert query["nonce"][0] not in kept


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "/sign-out"])
def test_nobody_is_sent_elsewhere_after_coming_back(served: ServedDesk, back: str) -> None:
    served.add("ann", "governance")
    with served.browser() as browser:
        answer = sign_in(browser, "ann", f"/sign-in/start?{urlencode({'back': back})}")
        assert '<meta http-equiv="refresh" content="0;url=/">' in answer.text


def test_a_stranger_is_told_whom_to_ask_and_the_log_has_a_hash(served: ServedDesk) -> None:
    with served.browser() as browser:
        answer = sign_in(browser, "mallory")
        assert answer.status_code == 403
        assert "this desk does not: nobody has added you to its people" in answer.text
        assert "ask the service desk of the force to add you" in answer.text
        assert "<code>mallory</code>" in answer.text
        assert browser.get("/api/v1/queue").status_code == 401
    mark = hashlib.sha256(f"{served.provider.issuer}\x1fmallory".encode()).hexdigest()[:16]
    assert details(served.desk, "sign in")[-1] == {"check": "stranger", "status": 403, "stranger": mark}
    assert "mallory" not in repr(entries(served.desk))


def test_who_has_left_signs_in_no_longer(served: ServedDesk) -> None:
    person = served.add("left")
    with writing(served.desk.engine) as connection:
        people.change(
            connection, person.id, 1, replace(standing_of(person), active=False), Why("U-0", "left"), served.now[0]
        )
    with served.browser() as browser:
        answer = sign_in(browser, "left")
        assert (answer.status_code, "Your access to this desk has ended." in answer.text) == (403, True)


def test_who_has_no_role_is_told_whom_to_ask(served: ServedDesk) -> None:
    person = served.add("roleless")
    with writing(served.desk.engine) as connection:
        standing = replace(standing_of(person), roles=frozenset())
        people.change(connection, person.id, 1, standing, Why("U-0", "moved"), served.now[0])
    with served.browser() as browser:
        answer = sign_in(browser, "roleless")
        assert (answer.status_code, "You have no role at this desk." in answer.text) == (403, True)
        assert "ask the service desk of the force for one" in answer.text


def test_a_person_of_another_provider_of_the_same_subject_is_a_stranger(served: ServedDesk) -> None:
    with writing(served.desk.engine) as connection:
        account = people.Account("https://other.example", "twin")
        standing = people.Standing("Ann Other", frozenset({"admin"}))
        people.add(connection, account, standing, Why("command line", "joined"), 1)
    with served.browser() as browser:
        assert sign_in(browser, "twin").status_code == 403


def test_signing_out_ends_the_session_and_leads_to_the_provider_s(served: ServedDesk) -> None:
    served.add("bob")
    with served.browser() as browser:
        sign_in(browser, "bob")
        copy = dict(browser.cookies)
        answer = browser.post("/sign-out", data={"token": token_in(browser.get("/search").text)})
        assert answer.status_code == 200
        [refresh] = re.findall(r'http-equiv="refresh" content="0;url=([^"]+)"', html.unescape(answer.text))
        assert refresh.startswith(f"{served.provider.issuer}/oauth2/end_session?")
        assert parse_qs(urlsplit(refresh).query) == {
            "client_id": [CLIENT_ID],
            "post_logout_redirect_uri": [f"{served.address}/sign-in"],
        }
        assert browser.get("/api/v1/queue").status_code == 401
        browser.cookies.update(copy)
        assert browser.get("/api/v1/queue").status_code == 401


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("state changed", "state"),
        ("state of another browser", "state"),
        ("no cookie", "state"),
        ("cookie changed", "state"),
        ("too late", "state"),
        ("denied", "no code"),
        ("another issuer", "issuer of the answer"),
        ("code invented", "code"),
        ("code used twice", "code"),
    ],
)
def test_what_comes_back_otherwise_signs_nobody_in(served: ServedDesk, case: str, says: str) -> None:
    served.add("eve")
    with served.browser() as browser, served.browser() as other:
        page = leave_for_provider(browser)
        back = approve(browser, page, "eve")
        used = browser
        if case == "state changed":
            back = with_query(back, state="A" * 43)
        elif case == "state of another browser":
            leave_for_provider(other)
            used = other
        elif case == "no cookie":
            used = other
        elif case == "cookie changed":
            value = browser.cookies[UNDER_WAY].strip('"')
            browser.cookies.clear()
            browser.cookies.set(UNDER_WAY, f"{value[:-1]}{'0' if value[-1] != '0' else '1'}")
        elif case == "too late":
            served.now[0] += 601
        elif case == "denied":
            back = with_query(back, code=None, error="access_denied")
        elif case == "another issuer":
            back = with_query(back, iss="https://other.example")
        elif case == "code invented":
            back = with_query(back, code="x" * 48)
        elif case == "code used twice":
            kept = browser.cookies[UNDER_WAY]
            assert browser.get(back).status_code == 200
            browser.cookies.clear()
            browser.cookies.set(UNDER_WAY, kept)
        answer = used.get(back)
        assert answer.status_code in {400, 403}
        assert used.get("/api/v1/queue").status_code == 401
    assert details(served.desk, "sign in")[-1]["check"] == says


@pytest.mark.parametrize(
    ("claims", "check"),
    [
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": [CLIENT_ID, "another-client"]}, "azp"),
        ({"azp": "another-client"}, "azp"),
        ({"iss": "https://other.example"}, "iss"),
        ({"exp": 1_700_000_000}, "exp"),
        ({"iat": 4_000_000_000}, "iat"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
    ],
)
def test_a_token_that_says_otherwise_signs_nobody_in(served: ServedDesk, claims: dict, check: str) -> None:
    subject = f"token-{check}-{len(str(claims))}"
    served.add(subject)
    served.provider.says(subject, **claims)
    with served.browser() as browser:
        answer = sign_in(browser, subject)
        assert answer.status_code == 403
        assert "What the identity provider said of you could not be verified." in answer.text
        assert browser.get("/api/v1/queue").status_code == 401
    assert details(served.desk, "sign in")[-1] == {"check": check, "status": 403}


@pytest.mark.parametrize(("seconds", "status"), [(-50, 200), (50, 200), (-90, 403), (3600 + 90, 403)])
def test_clocks_that_are_a_minute_apart_will_do(served: ServedDesk, seconds: int, status: int) -> None:
    served.add("late")
    with served.browser() as browser:
        served.now[0] += seconds
        assert sign_in(browser, "late").status_code == status


def test_the_host_name_of_the_settings_is_answered_and_no_other(served: ServedDesk) -> None:
    with served.browser() as browser:
        assert browser.get("/health").status_code == 200
        answer = browser.get("/health", headers={"Host": "evil.example"})
        assert (answer.status_code, answer.json()["title"]) == (403, "Another address")
        forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "10.0.0.9", "X-Forwarded-Proto": "https"}
        assert browser.get("/sign-in", headers=forwarded).status_code == 200


def test_nobody_picks_a_person_where_people_sign_in_at_a_provider(served: ServedDesk) -> None:
    with served.browser() as browser:
        token = served.desk.signer.form_token("0" * 32)
        browser.cookies.set("threat_visitor", "0" * 32)
        answer = browser.post("/sign-in", data={"person": "ada", "token": token})
        assert (answer.status_code, "sign in at their identity provider" in answer.text) == (403, True)
