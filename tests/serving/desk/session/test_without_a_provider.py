"""A desk whose provider does not answer, or is not needed to say what a page, a cookie and a host name must be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fixtures.desk_browser import NOW, Browser, client_of
from fixtures.log_entries import details

from serving.desk.cookies import SESSION
from serving.desk.service import Desk
from serving.desk.session.beginning import begin
from serving.identity import people
from serving.identity.people import Account, Standing, Why
from serving.identity.sessions import Limits
from serving.identity.settings import ProviderSettings, SignIn

NOBODY_ANSWERS = "http://127.0.0.1:9/nobody"
HOST = "threat.force.example"


def sign_in_at(issuer: str = "https://login.force.example", desk: str = f"https://{HOST}") -> SignIn:
    return SignIn(Limits(), ProviderSettings(issuer, "threat-desk", "secret", desk, "IT"))


@pytest.fixture
def away(open_desk, rule_var) -> Iterator[Desk]:
    """A desk whose provider is not there."""
    return open_desk(rule_var, sign_in=sign_in_at(NOBODY_ANSWERS))


def browser_of(desk: Desk, host: str = HOST) -> Browser:
    return client_of(desk, None, host=host, caller="10.0.0.9")


def test_a_provider_that_does_not_answer_is_said_on_the_sign_in_page(away: Desk) -> None:
    answer = browser_of(away).get("/sign-in/start?back=/audit-log")
    assert answer.status_code == 502
    assert "The identity provider cannot be used: it did not answer. Try again in some minutes" in answer.text
    assert "/sign-in/start?back=%2Faudit-log" in answer.text
    assert "127.0.0.1:9" not in answer.text
    assert details(away, "sign in") == [{"status": 502}]


def test_signing_out_does_not_wait_for_a_provider(away: Desk) -> None:
    client, token = signed_in(away, browser_of(away))
    answer = client.post("/sign-out", data={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def signed_in(desk: Desk, client: Browser) -> tuple[Browser, str]:
    """A browser with a session, past the provider; and its form token."""
    with desk.logged_change(NOW) as change:
        account, standing = Account(desk.sign_in.issuer, "ann"), Standing("Ann Made-up", frozenset({"reviewer"}))
        person = people.add(change.connection, account, standing, Why("command line", "joined"), NOW)
        session = begin(desk, change, person, NOW, NOW, {})
    client.cookies.set(f"__Host-{SESSION}", desk.signer.cookie(session.id))
    return client, desk.signer.form_token(session.id)


def test_over_tls_cookies_are_of_this_host_alone_and_the_browser_asks_for_nothing_else(open_desk, rule_var) -> None:
    desk = open_desk(rule_var, sign_in=sign_in_at())
    answer = browser_of(desk).get("/sign-in")
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-threat_visitor=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    client, _ = signed_in(desk, browser_of(desk))
    assert client.get("/api/v1/queue").status_code == 200


def test_a_cookie_without_the_prefix_opens_nothing_over_tls(open_desk, rule_var) -> None:
    desk = open_desk(rule_var, sign_in=sign_in_at())
    client, _ = signed_in(desk, browser_of(desk))
    value = client.cookies[f"__Host-{SESSION}"]
    client.cookies.clear()
    client.cookies.set(SESSION, value)  # as another host of the force could set it
    assert client.get("/api/v1/queue").status_code == 401


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "login.force.example", f"{HOST}.evil.example", ""])
def test_no_other_host_name_is_answered(open_desk, rule_var, host: str) -> None:
    desk = open_desk(rule_var, sign_in=sign_in_at())
    answer = browser_of(desk, host or "x").get("/health", headers={"Host": host})
    assert (answer.status_code, answer.json()["title"]) == (403, "Another address")


def test_a_session_of_the_development_sign_in_ends_when_a_provider_is_set(open_desk, rule_var, tmp_path) -> None:
    database = tmp_path / "one.sqlite"
    cookie = client_of(open_desk(rule_var, database_path=database)).cookies[SESSION]
    desk = open_desk(
        rule_var, database_path=database, sign_in=sign_in_at("http://127.0.0.1:9", "http://127.0.0.1:8000")
    )
    client = client_of(desk, None)
    client.cookies.set(SESSION, cookie)
    assert client.get("/api/v1/queue").status_code == 401
    assert details(desk, "GET /api/v1/queue") == [{"cookie": "of another sign-in", "status": 401}]


def test_the_pages_of_a_provider_are_not_there_without_one(open_desk, rule_var) -> None:
    client = client_of(open_desk(rule_var))
    assert [client.get(f"/sign-in/{page}").status_code for page in ("start", "start-again", "callback")] == [404] * 3
