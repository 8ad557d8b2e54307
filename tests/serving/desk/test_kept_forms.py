"""A form that met a session which had ended is kept for its writer, and for nobody else; it is never sent by itself."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import Browser, client_of, session_of, token_in
from fixtures.log_entries import entries
from sqlalchemy import select

from serving.casework.drafts import draft_of
from serving.casework.tables import DRAFTS
from serving.desk.cookies import SESSION
from serving.desk.service import Desk
from serving.storage import reading

PATH = "/search"
HOUR = 3_600


def left_idle(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> tuple[Browser, dict[str, object], str]:
    """A browser with a page of its session open, the fields of its form, and its person, two hours later."""
    client = client_of(desk)
    person = session_of(desk, client).person.id
    fields = {"token": token_in(client.get("/").text), "version": "3", "fact": ["a", "b"], "note": "He came\r\nback."}
    now = desk.clock()
    monkeypatch.setattr(desk, "clock", lambda: now + 2 * HOUR)
    return client, fields, person


def kept(desk: Desk, person: str) -> object:
    with reading(desk.engine) as connection:
        draft = draft_of(connection, person, PATH, desk.clock())
    return None if draft is None else (dict(draft.fields), draft.seen_version)


def test_a_form_of_a_session_that_was_left_is_kept_and_leads_to_the_sign_in(desk, monkeypatch):
    client, fields, person = left_idle(desk, monkeypatch)
    answer = client.post(PATH, data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?back=%2Fsearch&kept=yes")
    assert kept(desk, person) == ({"fact": ["a", "b"], "note": ["He came\nback."]}, 3)
    assert entries(desk)[-1] == ("nobody", "POST /search", "", "refused")
    assert "He came" not in repr(entries(desk))


def test_it_is_kept_for_nobody_else(desk, monkeypatch):
    client, fields, _ = left_idle(desk, monkeypatch)
    client.post(PATH, data=fields)
    other = session_of(desk, client_of(desk, "supervisor")).person.id
    assert kept(desk, other) is None


def test_a_form_of_another_site_is_not_kept(desk, monkeypatch):
    client, fields, _ = left_idle(desk, monkeypatch)
    other = client_of(desk, "supervisor")
    for token in ("", "0" * 64, token_in(other.get("/").text)):
        client.post(PATH, data=fields | {"token": token})
    client.post(PATH, data=fields | {"token": [fields["token"]] * 2})
    client.post(PATH, json={"note": "He came back."})
    client.post("/names/close", data=fields)  # no page has this address
    client.cookies.set(SESSION, "forged")
    client.post(PATH, data=fields)
    with reading(desk.engine) as connection:
        assert connection.execute(select(DRAFTS)).all() == []


def test_a_form_of_a_session_that_lasts_is_not_kept(desk):
    client = client_of(desk)
    client.post(PATH, data={"token": token_in(client.get("/").text), "reference": "nonsense"})
    with reading(desk.engine) as connection:
        assert connection.execute(select(DRAFTS)).all() == []


def test_a_form_that_needs_a_proof_is_kept_for_after_it(desk, monkeypatch):
    client = client_of(desk, "admin")
    session = session_of(desk, client)
    address = f"/admin/people/{session.person.id}"
    token = token_in(client.get(address).text)
    now = desk.clock()
    monkeypatch.setattr(desk, "clock", lambda: now + HOUR // 2)
    answer = client.post(address, data={"token": token, "shown": "Ann Other"})
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in/again")
    with reading(desk.engine) as connection:
        draft = draft_of(connection, session.person.id, address, desk.clock())
    assert draft is not None
    assert dict(draft.fields) == {"shown": ["Ann Other"]}
