"""Every refusal is one entry: nobody signed in, a role that may not, a sign-in that failed, a form that is no form."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from fixtures.desk_browser import client_of, session_of, token_in
from fixtures.golden_force import person_id
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import people_and_commands

from serving.audit.log import account, session_mark
from serving.desk.cookies import SESSION
from serving.desk.service import Desk
from serving.identity import development
from serving.identity.signing import Signer
from threat.ids import show_id

PERSON = show_id("P", person_id("S01"))


def logged(desk: Desk) -> list[tuple[str, ...]]:
    """(who, role, action, subject, outcome, detail) of each entry of a person, oldest first."""
    with closing(sqlite3.connect(str(desk.engine.url.database))) as raw:
        columns = "who, role, action, subject, outcome, detail"
        query = f"SELECT {columns} FROM audit_entries WHERE role <> 'engine' ORDER BY sequence"
        return raw.execute(query).fetchall()


@pytest.mark.parametrize(
    ("address", "action", "subject"),
    [
        ("/", "GET /", ""),
        ("/api/v1/queue", "GET /api/v1/queue", ""),
        (f"/relationships/{REFERENCE['G01']}", "GET /relationships/{reference}", REFERENCE["G01"]),
        (f"/api/v1/people/{PERSON}", "GET /api/v1/people/{reference}", PERSON),
        ("/people/Sam%20Example", "GET /people/{reference}", ""),
        ("/audit-log?reference=Sam", "GET /audit-log", ""),
    ],
)
def test_a_request_of_nobody_is_an_entry_with_its_reference(
    desk: Desk, address: str, action: str, subject: str
) -> None:
    assert client_of(desk, None).get(address).status_code in {303, 401}
    assert logged(desk) == [("nobody signed in", "nobody", action, subject, "refused", '{"status": 401}')]


def test_why_a_cookie_opened_nothing(desk: Desk) -> None:
    client = client_of(desk)
    cookie = client.cookies.get(SESSION)
    client.post("/sign-out", data={"token": token_in(client.get("/search").text)})
    client.cookies.set(SESSION, cookie)
    client.get("/api/v1/queue")
    client.cookies.clear()
    client.cookies.set(SESSION, Signer(b"k" * 32).cookie("0" * 32))
    client.get("/api/v1/queue")
    assert [entry[-1] for entry in logged(desk)[-2:]] == [
        '{"cookie": "signed out", "status": 401}',
        '{"cookie": "forged", "status": 401}',
    ]


def test_a_role_that_may_not_names_what_it_asked_for(desk: Desk) -> None:
    client_of(desk, "governance").get(f"/relationships/{REFERENCE['G01']}")
    assert logged(desk)[-1] == (
        development.with_role("governance").who_in_log,
        "governance",
        "GET /relationships/{reference}",
        REFERENCE["G01"],
        "refused",
        '{"status": 403}',
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": {"role": "admin"}}, 403),
        ({"data": {"role": "admin", "token": "0" * 64}}, 403),
        ({"json": {"role": "admin"}}, 400),
        ({"data": {"role": "x" * 70_000}}, 413),
    ],
)
def test_a_sign_in_that_failed_is_an_entry(desk: Desk, sent: dict, status: int) -> None:
    client = client_of(desk, None)
    client.get("/sign-in")
    assert client.post("/sign-in", **sent).status_code == status
    assert logged(desk) == [("nobody signed in", "nobody", "sign in", "", "refused", f'{{"status": {status}}}')]


def test_a_person_that_there_is_not_is_an_entry_without_what_was_typed(desk: Desk) -> None:
    client = client_of(desk, None)
    token = token_in(client.get("/sign-in").text)
    client.post("/sign-in", data={"person": "Sam Example", "token": token})
    assert logged(desk) == [("nobody signed in", "nobody", "sign in", "", "refused", '{"status": 422}')]


def test_a_form_of_a_signed_in_user_is_one_entry(desk: Desk) -> None:
    client = client_of(desk)
    assert client.post(f"/relationships/{REFERENCE['G01']}/names", data={"token": "0" * 64}).status_code == 403
    assert client.post("/search", json={}).status_code == 400
    assert [(entry[2], entry[3], entry[5]) for entry in logged(desk)[1:]] == [
        ("open names for the sitting", REFERENCE["G01"], '{"status": 403}'),
        ("POST /search", "", '{"status": 400}'),
    ]


@pytest.mark.parametrize("options", [{"host": "evil.example"}, {"caller": "10.0.0.9"}])
def test_a_request_from_elsewhere_is_an_entry(desk: Desk, options: dict[str, str]) -> None:
    assert client_of(desk, None, **options).get("/").status_code == 403
    assert logged(desk) == [("nobody signed in", "nobody", "ask from elsewhere", "", "refused", '{"status": 403}')]


def test_a_refusal_that_cannot_be_logged_is_not_answered_as_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("serving.desk.service.record", full)
    assert client_of(desk, None).get("/api/v1/queue").status_code == 500


def test_every_entry_of_a_session_has_its_mark_and_the_account(desk: Desk) -> None:
    client = client_of(desk)
    session = session_of(desk, client)
    page = client.get(f"/relationships/{REFERENCE['G01']}").text
    form = {"token": token_in(page), "justification": "daily_review", "reason": "to look"}
    client.post(f"/relationships/{REFERENCE['G01']}/names", data=form)
    client.get("/audit-log")
    with closing(sqlite3.connect(str(desk.engine.url.database))) as raw:
        marks = raw.execute("SELECT DISTINCT session, os_user FROM audit_entries WHERE role <> 'engine'").fetchall()
    assert marks == [(session_mark(session.id), account())]
    assert session.id not in repr(logged(desk))
    assert people_and_commands(desk) == 4


def test_the_log_shows_a_session_alone(desk: Desk) -> None:
    client_of(desk).get("/api/v1/queue")
    admin = client_of(desk, "admin")
    session = session_of(desk, admin)
    page = admin.get(f"/audit-log?session={session_mark(session.id)}").text
    assert "1 entry that matches" in page
    assert f"<code>{session_mark(session.id)}</code>" in page
    wrong = admin.get("/audit-log?session=Sam")
    assert (wrong.status_code, "The mark of a session has 16 digits" in wrong.text) == (422, True)
