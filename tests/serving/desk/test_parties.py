"""Names: opened with a reason, for one answer, by a form of this session, and logged."""

from __future__ import annotations

import html
import json
import re
import sqlite3

import pytest
from fixtures.desk_browser import client_of, token_in
from fixtures.golden_lists import REFERENCE
from sqlalchemy import select

from serving.audit.database import AUDIT_ENTRIES
from threat.history import identities


def open_names(client, name="G01", **changed):
    token = token_in(client.get(f"/relationships/{REFERENCE[name]}").text)
    data = {"token": token, "justification": "daily_review", "reason": "morning review of the list", **changed}
    return client.post(f"/relationships/{REFERENCE[name]}/names", data=data)


def test_names_open_with_a_reason_and_are_logged(desk):
    client = client_of(desk)
    answer = open_names(client)
    assert answer.status_code == 200
    assert "Sam Example" in answer.text
    assert "Pat &lt;b&gt;Example&lt;/b&gt;" in answer.text  # escaped
    with sqlite3.connect(str(desk.engine.url.database)) as raw:
        logged = raw.execute("SELECT subject, detail FROM audit_entries WHERE action = 'open names'").fetchall()
    raw.close()
    assert logged == [
        (
            REFERENCE["G01"],
            json.dumps({"justification": "daily_review", "reason": "morning review of the list"}, sort_keys=True),
        )
    ]
    assert "Example" not in json.dumps(logged)
    assert "Sam Example" not in client.get(f"/relationships/{REFERENCE['G01']}").text  # for that one answer only


def test_where_no_identity_is_on_record_the_page_says_so(desk):
    text = open_names(client_of(desk), "G04").text
    assert "No identity of either party is on record. Your reason was recorded: “morning review of the list”." in text
    assert "Why do you need the names?" not in text


def test_a_date_of_birth_that_is_not_on_record_is_said_so(desk, monkeypatch):
    def without_dates(*args: object, **options: object) -> object:
        return read(*args, **options).assign(birth_date=None)

    read = identities.read
    monkeypatch.setattr(identities, "read", without_dates)
    text = open_names(client_of(desk)).text
    assert "Sam Example" in text
    assert text.count("date of birth not recorded") == 2
    assert "None" not in text


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"reason": " "}, 422, "Say why in 5 to 500 characters."),
        ({"reason": "x" * 501}, 422, "Say why in 5 to 500 characters."),
        ({"justification": "curious"}, 422, "Choose why you need the names."),
        ({"token": "0" * 64}, 403, "This form is not from a page of this session."),
        ({"token": ""}, 403, "This form is not from a page of this session."),
        ({"reason": "x" * 9000}, 413, "The form is longer than 8 kB."),
    ],
)
def test_names_stay_closed(desk, changed, status, said):
    answer = open_names(client_of(desk), **changed)
    assert answer.status_code == status
    assert said in answer.text
    assert "Sam Example" not in answer.text


@pytest.mark.parametrize(
    ("changed", "field", "kept"),
    [
        ({"justification": ""}, "justification", {"Morning <b>review</b>"}),
        ({"reason": "why"}, "reason", {"daily_review", "why"}),
    ],
)
def test_a_form_with_an_error_leads_to_the_field_and_keeps_what_was_filled_in(desk, changed, field, kept):
    filled_in = {"reason": "Morning <b>review</b>"} | changed
    text = open_names(client_of(desk), **filled_in).text
    assert f'<a href="#{field}">' in text
    assert len(re.findall(rf'<(?:input|textarea)[^>]* id="{field}"', text)) == 1
    assert f'aria-describedby="{field}-error"' in text or f'{field}-hint {field}-error"' in text
    checked = re.findall(r'value="([a-z_]+)"\s+checked', text)
    written = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", text)
    assert {html.unescape(said) for said in [*checked, *written]} == kept


def test_another_session_s_token_opens_nothing_and_is_logged(desk):
    token_of_another = token_in(client_of(desk, "supervisor").get(f"/relationships/{REFERENCE['G01']}").text)
    client = client_of(desk)
    assert open_names(client, token=token_of_another).status_code == 403
    assert client.post("/sign-out", data={"token": token_of_another}).status_code == 403
    with desk.engine.connect() as connection:
        logged = connection.execute(select(AUDIT_ENTRIES).order_by(AUDIT_ENTRIES.c.sequence)).all()[-2:]
    assert [(e.role, e.action, e.outcome) for e in logged] == [
        ("reviewer", "open names", "refused"),
        ("reviewer", "sign out", "refused"),
    ]


def test_an_analyst_never_sees_the_form_or_the_names(desk):
    client = client_of(desk, "analyst")
    assert "Open the names" not in client.get(f"/relationships/{REFERENCE['G01']}").text
    assert client.post(f"/relationships/{REFERENCE['G01']}/names", data={"token": "x"}).status_code == 403
