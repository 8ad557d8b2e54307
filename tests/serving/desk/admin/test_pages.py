"""Who may sign in, at /admin/people: who sees it, who changes whom, and only after proving again who they are."""

from __future__ import annotations

import re

import pytest
from fixtures.desk_browser import NOW, Browser, client_of, sign_in, token_in
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import details, entries

from serving.desk.service import Desk
from serving.identity import people
from serving.identity.development import development_people, with_role
from serving.identity.person import Person
from serving.identity.sessions import RECENT_SECONDS
from serving.storage import reading

ROB, ADA = development_people()["rob"], with_role("admin")
PAGE = f"/admin/people/{ROB.id}"
FORM = {
    "shown": "Rob Reviewer",
    "role": "reviewer",
    "authority": "none",
    "unit": "",
    "trained_until": "",
    "active": "yes",
}


def stands(desk: Desk, person_id: str = ROB.id) -> Person:
    with reading(desk.engine) as connection:
        return people.of_id(connection, person_id)


def send(client: Browser, page: str = PAGE, **changes: object):
    text = client.get(page).text
    version = re.search(r'name="version" value="(\d+)"', text)
    form = FORM | {"token": token_in(text), "version": version[1] if version else "1", "justification": "moved"}
    return client.post(page, data=form | changes)


@pytest.fixture
def now() -> list[int]:
    return [NOW]


@pytest.fixture
def clocked(open_desk, rule_var, now) -> Desk:
    return open_desk(rule_var, clock=lambda: now[0])


def test_the_list_says_who_may_what_and_no_case(desk):
    page = client_of(desk, "admin").get("/admin/people").text
    for person in development_people().values():
        assert f'href="/admin/people/{person.id}">{person.standing.shown}</a>' in page
    assert REFERENCE["G01"] not in page
    assert "Add a person" not in page  # the people of the development sign-in come from a file


def test_governance_reads_and_changes_nobody(desk):
    client = client_of(desk, "governance")
    page = client.get(PAGE).text
    assert "Joined the unit or the service that uses the desk" in page
    assert "Save this change" not in page
    assert send(client).status_code == 403


@pytest.mark.parametrize("role", ["reviewer", "supervisor", "analyst"])
def test_who_reads_cases_reads_no_people(desk, role):
    assert [client_of(desk, role).get(path).status_code for path in ("/admin/people", PAGE)] == [403, 403]


def test_a_change_holds_at_the_next_request_and_is_kept_with_why(desk):
    rob, ada = client_of(desk, None), client_of(desk, "admin")
    sign_in(rob, "rob")
    assert rob.get("/api/v1/queue").status_code == 200
    answer = send(
        ada, role=["analyst", "governance"], authority="inspector", trained_until="2027-03-31", justification="rank"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    person = stands(desk)
    assert (person.roles_in_words, person.authority, str(person.trained_until)) == (
        "analyst, governance",
        "inspector",
        "2027-03-31",
    )
    assert f"Signed in as <strong>Rob Reviewer</strong>, {person.roles_in_words}" in rob.get("/search").text
    assert details(desk, "change a person") == [
        {
            "active": True,
            "authority": "inspector",
            "changed": ["roles", "unit", "authority", "trained_until"],
            "justification": "rank",
            "roles": "analyst, governance",
            "trained_until": "2027-03-31",
        }
    ]
    page = ada.get(PAGE).text
    assert "Rank or authority changed" in page
    assert '<td class="govuk-table__cell" data-label="By">Ada Admin</td>' in page


def test_access_that_has_ended_ends_the_session(desk):
    rob, ada = client_of(desk, None), client_of(desk, "admin")
    sign_in(rob, "rob")
    assert send(ada, active="no", justification="left").status_code == 303
    assert rob.get("/api/v1/queue").status_code == 401
    assert details(desk, "GET /api/v1/queue") == [{"cookie": "no longer active", "status": 401}]


def test_nobody_changes_themselves(desk):
    ada = client_of(desk, "admin")
    own = f"/admin/people/{ADA.id}"
    page = ada.get(own).text
    assert "Nobody changes their own roles" in page
    assert "Save this change" not in page
    form = FORM | {"token": token_in(page), "version": "1", "justification": "rank", "role": "supervisor"}
    assert ada.post(own, data=form).status_code == 403
    assert stands(desk, ADA.id).roles == {"admin"}
    assert entries(desk)[-1] == ("admin", "change a person", ADA.id, "refused")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"justification": ""}, "No reason is chosen: choose why."),
        ({"role": "chief"}, "There is no such role. One of reviewer,"),
        ({"trained_until": "soon"}, "The last day of training is no day. Such as 2027-03-31."),
        ({"shown": ""}, "The person has no name to show."),
        ({"version": "7"}, "Somebody changed this person since the page was opened."),
        ({"unit": "Threat assessment"}, "Nothing is changed"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(desk, changes, says):
    answer = send(client_of(desk, "admin"), **({"unit": "Kept unit"} | changes))
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{changes.get("unit", "Kept unit")}"' in answer.text
    assert stands(desk) == stands(desk).__class__(**{**vars_of(stands(desk)), "version": 1})


def vars_of(person: Person) -> dict[str, object]:
    return {name: getattr(person, name) for name in Person.__dataclass_fields__}


def test_who_proved_too_long_ago_who_they_are_proves_it_again_and_comes_back(clocked, now):
    ada = client_of(clocked, "admin")
    now[0] += RECENT_SECONDS
    page = ada.get(PAGE).text
    assert "Save this change" not in page
    assert f'href="/sign-in/again?back=%2Fadmin%2Fpeople%2F{ROB.id}"' in page
    again = ada.get(f"/sign-in/again?back={PAGE}").text
    assert "This is the development sign-in" in again
    answer = ada.post("/sign-in/again", data={"token": token_in(again), "back": PAGE})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert "Save this change" in ada.get(PAGE).text
    now[0] += RECENT_SECONDS + 60  # the form was filled in slowly
    assert send_old(ada, clocked).status_code == 303


def send_old(client: Browser, desk: Desk):
    form = FORM | {"version": "1", "justification": "moved", "role": "analyst", "unit": "Threat assessment"}
    return client.post(PAGE, data=form | {"token": token_in(client.get(PAGE).text)})


def test_a_form_that_is_sent_much_later_changes_nothing_and_is_there_after_the_proof(clocked, now):
    ada = client_of(clocked, "admin")
    now[0] += 3 * RECENT_SECONDS
    answer = send_old(ada, clocked)
    again = f"/sign-in/again?back=%2Fadmin%2Fpeople%2F{ROB.id}&kept=yes"
    assert (answer.status_code, answer.headers["location"]) == (303, again)
    assert stands(clocked).roles == {"reviewer"}
    assert entries(clocked)[-1][1:] == ("POST /admin/people/{reference}", ROB.id, "refused")
    page = ada.get(again).text
    assert "What you wrote is kept for 7 days and is not saved yet." in page
    ada.post("/sign-in/again", data={"token": token_in(page), "back": PAGE})
    page = ada.get(PAGE).text
    assert "This is what you were about to save." in page
    assert re.search(r'value="analyst" checked', page)
    assert not re.search(r'value="reviewer" checked', page)
    assert send_old(ada, clocked).status_code == 303
    assert "This is what you were about to save." not in ada.get(PAGE).text


def test_nobody_is_added_to_the_people_of_the_development_sign_in(desk):
    ada = client_of(desk, "admin")
    assert ada.get("/admin/people/add").status_code == 403
    assert "come from its own file" in ada.get("/admin/people/add").text
    assert ada.get("/admin/people/U-0000000000000000").status_code == 404


def test_a_new_person_who_was_sent_much_later_is_there_after_the_proof(clocked, now, monkeypatch):
    monkeypatch.setattr("serving.desk.admin.pages._require_provider", lambda _: None)  # as at an identity provider
    ada, page = client_of(clocked, "admin"), "/admin/people/add"
    form = FORM | {"subject": "nora", "shown": "Nora New", "justification": "joined"}
    form["token"] = token_in(ada.get(page).text)
    now[0] += 3 * RECENT_SECONDS
    again = ada.post(page, data=form).headers["location"]
    assert again == "/sign-in/again?back=%2Fadmin%2Fpeople%2Fadd&kept=yes"
    ada.post("/sign-in/again", data={"token": token_in(ada.get(again).text), "back": page})
    shown = ada.get(page).text
    assert "This is what you were about to save." in shown
    assert 'value="Nora New"' in shown
    assert ada.post(page, data=form | {"token": token_in(shown)}).status_code == 303
    assert "This is what you were about to save." not in ada.get(page).text
