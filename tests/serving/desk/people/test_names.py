"""Names: opened once a sitting with a reason, logged at each page that shows one, before anything is read."""

from __future__ import annotations

import html
import json
import re

import pytest
from fixtures.desk_browser import client_of, session_of, token_in
from fixtures.golden_force import person_id
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import details, entries

from serving.desk.people import names
from serving.identity import development
from serving.storage import writing
from threat.history import identities
from threat.ids import show_id

PAGE = f"/relationships/{REFERENCE['G01']}"
REASON = {"justification": "daily_review", "reason": "morning review of the list"}


def open_names(client, name="G01", **changed):
    """Send the form of a page, and return the answer."""
    page = f"/relationships/{REFERENCE[name]}"
    return client.post(f"{page}/names", data={"token": token_in(client.get(page).text), **REASON, **changed})


def test_one_justification_opens_names_on_every_page_of_the_sitting(desk):
    client = client_of(desk)
    answer = open_names(client, "G04")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/relationships/{REFERENCE['G04']}")
    text = client.get(PAGE).text
    assert "Sam Example" in text
    assert "Pat &lt;b&gt;Example&lt;/b&gt;" in text  # escaped
    assert "Names are open, for 60 more minutes at most." in text
    assert "Why do you need the names?" not in text
    assert "Sam Example" not in client_of(desk).get(PAGE).text  # another session


def test_each_page_that_shows_a_name_is_one_more_entry_with_the_reason(desk):
    client = client_of(desk)
    open_names(client, "G04")
    client.get(PAGE)
    client.get("/")  # no names there
    assert [entry[1:3] for entry in entries(desk)][2:] == [
        ("open names for the sitting", ""),
        ("view relationship", REFERENCE["G01"]),
        ("open names", REFERENCE["G01"]),
        ("view queue", entries(desk)[-1][2]),
    ]
    assert details(desk, "open names for the sitting") == [REASON | {"minutes": 60}]
    assert details(desk, "open names") == [REASON]
    assert "Example" not in json.dumps(entries(desk))


def test_the_history_keeps_the_reason_of_each_page(desk, golden_store):
    client = client_of(desk)
    open_names(client, "G04")
    log = golden_store / identities.LOG
    before = len(log.read_text().splitlines()) if log.exists() else 0
    client.get(PAGE)
    added = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    assert [(line["reason"], line["by"], line["persons"]) for line in added] == [
        (
            "Daily review by the unit: morning review of the list",
            development.with_role("reviewer").who_in_log,
            [show_id("P", person_id("S01")), show_id("P", person_id("P01"))],
        )
    ]


def test_nothing_is_read_unless_the_entry_was_committed(desk, monkeypatch):
    def unwritable(*_: object) -> None:
        raise OSError("disk full")

    client = client_of(desk)
    open_names(client)
    read = []
    monkeypatch.setattr(names.identities, "read", lambda *_, **__: read.append("read"))
    monkeypatch.setattr("serving.desk.service.record", unwritable)
    assert client.get(PAGE).status_code == 500
    assert read == []


def test_where_no_identity_is_on_record_the_page_says_so(desk):
    client = client_of(desk)
    open_names(client, "G04")
    text = client.get(f"/relationships/{REFERENCE['G04']}").text
    assert text.count("No name on record") == 2


def test_a_name_under_a_reference_that_was_merged_is_found(desk, monkeypatch):
    """S09b was found to be S09: an identity recorded under the older reference is this person's."""
    client = client_of(desk)
    open_names(client, "G04")
    asked = []
    read = identities.read

    def under_the_older_reference(tables, person_ids, **why):
        asked.extend(person_ids)
        return read(tables, [person_id("S01")], **why).assign(person_id=person_id("S09b"))

    monkeypatch.setattr(names.identities, "read", under_the_older_reference)
    assert "Sam Example" in client.get(f"/relationships/{REFERENCE['G09']}").text
    assert asked == [person_id("S09"), person_id("S09b"), person_id("P09")]


def test_a_date_of_birth_that_is_not_on_record_is_said_so(desk, monkeypatch):
    read = identities.read
    monkeypatch.setattr(identities, "read", lambda *args, **why: read(*args, **why).assign(birth_date=None))
    client = client_of(desk)
    open_names(client)
    text = client.get(PAGE).text
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
        ({"reason": "x" * 66_000}, 413, "The form is longer than 64 kB."),
    ],
)
def test_names_stay_closed(desk, changed, status, said):
    client = client_of(desk)
    answer = open_names(client, **changed)
    assert answer.status_code == status
    assert said in answer.text
    assert "Sam Example" not in answer.text
    assert "Sam Example" not in client.get(PAGE).text


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
    text = text[text.index('<h2 class="govuk-heading-m" id="names">') :]  # another form is above
    checked = re.findall(r'value="([a-z_]+)"\s+checked', text)
    written = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", text)
    assert {html.unescape(said) for said in [*checked, *written]} == kept


def test_another_session_s_token_opens_nothing_and_is_logged(desk):
    token_of_another = token_in(client_of(desk, "supervisor").get(PAGE).text)
    client = client_of(desk)
    assert open_names(client, token=token_of_another).status_code == 403
    for path in ("/sign-out", "/names/close"):
        assert client.post(path, data={"token": token_of_another}).status_code == 403
    assert entries(desk)[-3:] == [
        ("reviewer", "open names for the sitting", "R-55b0ef087369bc22", "refused"),
        ("reviewer", "sign out", "", "refused"),
        ("reviewer", "close the names", "", "refused"),
    ]


def test_an_analyst_never_sees_the_form_or_the_names(desk):
    client = client_of(desk, "analyst")
    assert "Open the names" not in client.get(PAGE).text
    assert client.post(f"{PAGE}/names", data={"token": "x"}).status_code == 403


def test_a_role_that_may_see_no_names_sees_none_whatever_the_database_says(desk):
    reviewer, analyst = client_of(desk), client_of(desk, "analyst")
    open_names(reviewer)
    session = session_of(desk, analyst)
    with writing(desk.engine) as connection:
        connection.exec_driver_sql("UPDATE open_names SET session_id = ?", (session.id,))
    text = analyst.get(PAGE).text
    assert "Sam Example" not in text
    assert "Names are open" not in text
