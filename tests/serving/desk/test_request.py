"""Who may ask what, and the audit entry without which nothing is answered."""

from __future__ import annotations

import threading

import pytest
from fixtures.desk_browser import Browser, client_of
from fixtures.golden_force import person_id
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import entries, people_and_commands

from serving.desk import api
from serving.desk.app import PAGES
from serving.desk.service import Desk
from serving.identity.development import with_role
from serving.identity.roles import ROLES
from threat.ids import show_id


def test_every_read_is_one_entry(desk):
    client = client_of(desk, "reviewer")
    listed = client.get("/api/v1/queue").json()["listing"]["id"]
    client.get(f"/api/v1/relationships/{REFERENCE['G01']}")
    client.get("/api/v1/relationships/R-0000000000000001")
    client.get("/api/v1/relationships/nonsense")
    client.get("/api/v1/models/current/card")
    client.get("/")
    client.get("/health")
    assert entries(desk) == [
        ("reviewer", "sign in", "", "done"),
        ("reviewer", "view queue", listed, "done"),
        ("reviewer", "view relationship", REFERENCE["G01"], "done"),
        ("reviewer", "view relationship", "R-0000000000000001", "not found"),
        ("reviewer", "view relationship", "", "refused"),
        ("reviewer", "view model card", "", "not found"),
        ("reviewer", "view queue", listed, "done"),
    ]
    assert people_and_commands(desk) == 7


def test_no_entry_no_answer(desk, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("disk full")

    client = client_of(desk)
    monkeypatch.setattr("serving.desk.service.record", full)
    answer = client.get("/api/v1/queue")
    assert answer.status_code == 500
    assert REFERENCE["G01"] not in answer.text


def test_what_breaks_inside_tells_nothing(desk, monkeypatch):
    def broken(self: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Desk, "view", broken)
    client = client_of(desk)
    for path in ("/api/v1/queue", "/"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert [entry[1:] for entry in entries(desk)[1:]] == [("view queue", "", "failed")] * 2


def test_the_page_that_says_so_needs_no_database(desk, monkeypatch):
    client = client_of(desk)

    def locked(*_: object) -> None:
        raise OSError("database is locked")

    monkeypatch.setattr("serving.desk.rendering.sitting_of", locked)
    answer = client.get("/")
    assert (answer.status_code, "Something broke here" in answer.text) == (500, True)


def test_readers_at_the_same_moment_keep_one_chain(desk):
    clients = [client_of(desk, role) for role in ("reviewer", "supervisor", "analyst", "reviewer")]
    statuses: list[int] = []

    def read(client: Browser) -> None:
        statuses.extend(client.get(f"/api/v1/relationships/{REFERENCE['G01']}").status_code for _ in range(5))

    threads = [threading.Thread(target=read, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert people_and_commands(desk) == 4 + 20


PERSON = show_id("P", person_id("S01"))
READS = {
    "/api/v1/queue": "see_cases",
    f"/api/v1/relationships/{REFERENCE['G01']}": "see_cases",
    "/api/v1/models/current/card": "see_card",
    f"/relationships/{REFERENCE['G01']}": "see_cases",
    f"/relationships/{REFERENCE['G01']}/sum": "see_cases",
    f"/api/v1/people/{PERSON}": "see_cases",
    f"/people/{PERSON}": "see_cases",
    "/model-card": "see_card",
    "/audit-log": "see_log",
    "/governance": "see_governance",
    "/fairness": "see_governance",
    "/admin/people": "see_people",
    f"/admin/people/{with_role('reviewer').id}": "see_people",
}


@pytest.mark.usefixtures("every_place")
@pytest.mark.parametrize("role", ROLES)
def test_roles(open_desk, model_var, role):
    desk = open_desk(model_var)
    client = client_of(desk, role)
    for path, permission in READS.items():
        expected = 200 if permission in ROLES[role].may else 403
        assert client.get(path).status_code == expected, (role, path)
    refused = [entry for entry in entries(desk) if entry[3] == "refused"]
    assert len(refused) == sum(permission not in ROLES[role].may for permission in READS.values())


def test_governance_and_admin_see_no_case(desk):
    for role, lands in (("governance", "/governance"), ("admin", "/audit-log")):
        client = client_of(desk, role)
        answer = client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, lands)
        # The log names what the desk itself touched by its reference; it leads to no case.
        assert f"/relationships/{REFERENCE['G01']}" not in client.get(lands).text


def test_every_route_is_declared():
    """A route that is added without saying what it needs and logs fails here."""
    routes = {
        (method, route.path)
        for router in (api.router, *(room.router for room in PAGES))
        for route in router.routes
        for method in route.methods
    }
    assert routes == {
        ("GET", "/health"),
        ("GET", "/api/v1/health"),
        ("GET", "/api/v1/queue"),
        ("GET", "/api/v1/relationships/{reference}"),
        ("GET", "/api/v1/models/current/card"),
        ("GET", "/"),
        ("GET", "/triage"),
        ("POST", "/triage"),
        ("GET", "/triage/next"),
        ("GET", "/must-see/{reference}"),
        ("POST", "/must-see/{reference}"),
        ("GET", "/questions/{reference}"),
        ("POST", "/questions/{reference}"),
        ("GET", "/cases/{reference}/decide"),
        ("POST", "/cases/{reference}/decide"),
        ("GET", "/cases/{reference}/take-back"),
        ("POST", "/cases/{reference}/take-back"),
        ("GET", "/cases/{reference}/voice"),
        ("POST", "/cases/{reference}/voice"),
        ("GET", "/cases/{reference}/safe-contact"),
        ("POST", "/cases/{reference}/safe-contact"),
        ("POST", "/cases/{reference}/safe-contact/open"),
        ("GET", "/proposals"),
        ("GET", "/proposals/{reference}"),
        ("POST", "/proposals/{reference}"),
        ("GET", "/supervisor"),
        ("GET", "/cases/new"),
        ("POST", "/cases/new"),
        ("GET", "/cases/{reference}"),
        ("GET", "/cases/{reference}/let-go"),
        ("POST", "/cases/{reference}/let-go"),
        ("GET", "/cases/{reference}/read-again"),
        ("POST", "/cases/{reference}/read-again"),
        ("GET", "/cases/{reference}/reopen"),
        ("POST", "/cases/{reference}/reopen"),
        ("GET", "/cases/{reference}/history"),
        ("GET", "/cases/{reference}/grade"),
        ("POST", "/cases/{reference}/grade"),
        ("GET", "/cases/{reference}/order"),
        ("POST", "/cases/{reference}/order"),
        ("GET", "/relationships/{reference}"),
        ("GET", "/relationships/{reference}/sum"),
        ("POST", "/relationships/{reference}/names"),
        ("POST", "/relationships/{reference}/safe-contact"),
        ("GET", "/people/{reference}"),
        ("POST", "/people/{reference}/names"),
        ("GET", "/api/v1/people/{reference}"),
        ("GET", "/search"),
        ("POST", "/search"),
        ("POST", "/names/close"),
        ("GET", "/model-card"),
        ("GET", "/governance"),
        ("GET", "/fairness"),
        ("GET", "/tour"),
        ("GET", "/audit-log"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-out"),
        ("GET", "/sign-in/start"),
        ("GET", "/sign-in/start-again"),
        ("GET", "/sign-in/callback"),
        ("GET", "/sign-in/again"),
        ("POST", "/sign-in/again"),
        ("GET", "/admin/people"),
        ("GET", "/admin/people/add"),
        ("POST", "/admin/people/add"),
        ("GET", "/admin/people/{reference}"),
        ("POST", "/admin/people/{reference}"),
    }
