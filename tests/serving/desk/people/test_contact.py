"""Safe contact: its own permission, reason and entry; on one answer, never on paper."""

from __future__ import annotations

import json

import pytest
from fixtures.desk_browser import client_of, token_in
from fixtures.golden_force import person_id
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import details, entries

from serving.identity.roles import ROLES
from threat.history import identities
from threat.ids import show_id

PAGE = f"/relationships/{REFERENCE['G01']}"
REASON = {"justification": "contact_now", "reason": "call about the release"}
HELD = {"safe_contact": "through her sister, <mornings>", "interpreter": "Polish"}


def open_contact(client, **changed):
    token = token_in(client.get(PAGE).text)
    return client.post(f"{PAGE}/safe-contact", data={"token": token, **REASON, **changed})


@pytest.fixture
def recorded(monkeypatch):
    """Identities that say how to reach the person."""
    read = identities.read
    monkeypatch.setattr(identities, "read", lambda *args, **why: read(*args, **why).assign(**HELD))


def test_it_is_shown_on_one_answer(desk, recorded):
    client = client_of(desk)
    answer = open_contact(client)
    assert answer.status_code == 200
    assert "through her sister, &lt;mornings&gt;" in answer.text
    assert "Interpreter: Polish." in answer.text
    assert "sister" not in client.get(PAGE).text


def test_open_names_do_not_open_it(desk, recorded):
    client = client_of(desk)
    why = {"justification": "daily_review", "reason": "names for the review"}
    client.post(f"{PAGE}/names", data={"token": token_in(client.get(PAGE).text), **why})
    text = client.get(PAGE).text
    assert "Sam Example" in text
    assert "sister" not in text
    assert "Polish" not in text
    assert "Open the safe contact" in text


def test_it_is_never_on_paper(desk, recorded):
    text = open_contact(client_of(desk)).text
    section = text.index('<section aria-labelledby="safe-contact" class="desk-screen">')
    assert text.index("through her sister") > section
    assert "</section>" not in text[section : text.index("through her sister")]


def test_it_has_an_entry_and_a_line_in_the_history_s_own_log(desk, golden_store):
    open_contact(client_of(desk))
    assert ("reviewer", "open safe contact", REFERENCE["G01"], "done") in entries(desk)
    assert details(desk, "open safe contact") == [REASON]
    line = json.loads((golden_store / identities.LOG).read_text().splitlines()[-1])
    assert line["reason"] == "safe contact: To contact the person at risk: call about the release"
    assert line["persons"] == [show_id("P", person_id("P01"))]


def test_what_is_not_on_record_is_said_so_and_reassures_of_nothing(desk):
    text = open_contact(client_of(desk)).text
    assert "no safe contact is on record. Another number or address that is on record may be known to the" in text
    assert "Interpreter: not recorded, so it is not known whether one is needed." in text


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"justification": ""}, "contact-justification", "Choose why you need the safe contact."),
        ({"reason": "why"}, "contact-reason", "Say why in 5 to 500 characters."),
    ],
)
def test_a_form_with_an_error_opens_nothing_and_leads_to_the_field(desk, recorded, changed, field, said):
    answer = open_contact(client_of(desk), **changed)
    assert answer.status_code == 422
    assert f'<a href="#{field}">{said}</a>' in answer.text
    assert answer.text.count(f'id="{field}"') == 1
    assert "sister" not in answer.text


@pytest.mark.parametrize("role", ROLES)
def test_only_a_role_that_may_see_it(desk, recorded, role):
    client = client_of(desk, role)
    answer = client.post(f"{PAGE}/safe-contact", data={"token": token_in(client.get(client_page(role)).text), **REASON})
    allowed = "see_safe_contact" in ROLES[role].may
    assert allowed == (role in ("reviewer", "supervisor"))
    assert answer.status_code == (200 if allowed else 403)
    assert ("sister" in answer.text) == allowed


def client_page(role) -> str:
    return "/audit-log" if "see_cases" not in ROLES[role].may else PAGE
