"""Records sent to the desk: the same intake as files, one answer a key, and what must be seen waits at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.desk_browser import Browser, client_of
from fixtures.log_entries import details, entries
from httpx import Response
from sqlalchemy import select

from serving.audit.tables import AUDIT_ENTRIES
from serving.casework import views
from serving.desk.events import services
from serving.desk.events.delivery import Delivery
from serving.desk.events.received import DELIVERIES, Receiver
from serving.desk.service import Desk
from serving.storage import reading
from threat.asof import parse_as_of
from threat.history.store import Store

NOW = parse_as_of("2027-03-02T09:00:00Z")
PEOPLE = [{"person": name, "recorded_at": "2027-01-04T09:00"} for name in ("A", "B", "C", "D")]
PAIR = {"relationship": "1", "subject": "A", "person_at_risk": "B", "kind": "ex_partner", "recorded_at": "2027-01-04"}
FIRST = {"persons": PEOPLE, "relationships": [PAIR]}


def report(number: str = "1", **changed: Any) -> dict[str, Any]:
    row = {"event": f"X{number}", "subject": "A", "person_at_risk": "B", "kind": "strangulation_reported"}
    return row | {"occurred_at": "2027-03-01T21:40", "recorded_at": "2027-03-02T08:50", "domestic": "yes"} | changed


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "history", tmp_path / "var", clock=lambda: NOW)
    yield desk
    desk.close()


@pytest.fixture
def secret(desk: Desk) -> str:
    return services.let_in(desk.engine, "crime system", "standard_csv", by="root", at=NOW - 60)[1]


@pytest.fixture
def client(desk: Desk) -> Browser:
    return client_of(desk, None)


def send(client: Browser, secret: str, key: str, **files: list[dict[str, Any]]) -> Response:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    return client.post("/api/v1/events", json={"files": files}, headers=headers)


def waiting(desk: Desk) -> list[tuple[str, list[str]]]:
    with reading(desk.engine) as connection:
        return [(item.kind, [e.kind for e in item.events]) for item in views.must_see_waiting(connection)]


def test_a_report_waits_for_a_person_as_soon_as_it_is_answered(desk: Desk, secret: str, client: Browser) -> None:
    assert send(client, secret, "first-delivery", **FIRST).status_code == 200
    answer = send(client, secret, "a-report-of-1", events=[report()]).json()
    assert (answer["rows"], answer["kept"], answer["quarantined"], answer["repeated"]) == (1, 1, [], False)
    assert [len(item["events"]) for item in answer["must_see"]] == [1]
    assert answer["must_see"][0]["relationship"].startswith("R-")
    assert waiting(desk) == [("must_see", ["strangulation_reported"])]
    # The clock runs from the arrival: 09:00 in London is in unit hours, so an hour.
    with reading(desk.engine) as connection:
        assert views.must_see_waiting(connection)[0].due_at == NOW + 3_600


def test_the_same_delivery_again_gets_the_first_answer_and_changes_nothing(
    desk: Desk, secret: str, client: Browser
) -> None:
    send(client, secret, "first-delivery", **FIRST)
    first = send(client, secret, "a-report-of-1", events=[report()]).json()
    before, batches = entries(desk), Store.open(desk.store).snapshot().batches
    again = send(client, secret, "a-report-of-1", events=[report()]).json()
    assert again == first | {"repeated": True}
    assert (entries(desk), Store.open(desk.store).snapshot().batches) == (before, batches)
    other = send(client, secret, "a-report-of-1", events=[report("2")])
    assert other.status_code == 422
    assert other.json()["problem"] == "This key was used for a delivery of other rows."
    # Under another key the history has the rows already: nothing is kept twice, and nothing opens twice.
    once_more = send(client, secret, "another-key-1", events=[report()]).json()
    assert (first["opened"], once_more["opened"], once_more["must_see"]) == (1, 0, first["must_see"])
    assert waiting(desk) == [("must_see", ["strangulation_reported"])]


def test_a_desk_that_was_stopped_between_load_and_answer_opens_at_the_repeat(
    desk: Desk, secret: str, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, secret, "first-delivery", **FIRST)

    def stopped(*_: Any) -> Any:
        raise KeyboardInterrupt

    service = services.Service("V-0", "crime system", "standard_csv")
    with reading(desk.engine) as connection:
        service = services.of_secret(connection, secret) or service
    delivery = Delivery.model_validate({"files": {"events": [report()]}})
    with monkeypatch.context() as patched:
        patched.setattr(Receiver, "_open", stopped)
        with pytest.raises(KeyboardInterrupt):
            Receiver(desk).receive(service, "a-report-of-1", delivery, NOW)
    assert waiting(desk) == []
    answer = send(client, secret, "a-report-of-1", events=[report()]).json()
    assert (answer["repeated"], len(answer["must_see"])) == (False, 1)
    assert waiting(desk) == [("must_see", ["strangulation_reported"])]


def test_whom_no_relationship_covers_is_a_question_and_so_is_a_severe_row_that_did_not_fit(
    desk: Desk, secret: str, client: Browser
) -> None:
    send(client, secret, "first-delivery", **FIRST)
    orphan = report("7", subject="C", person_at_risk="D", kind="threat_to_kill", domestic="no")
    unreadable = report("8", occurred_at="yesterday")
    answer = send(client, secret, "two-of-them-1", events=[orphan, unreadable]).json()
    assert [item["relationship"] for item in answer["must_see"]] == [""]
    assert answer["quarantined"] == [
        {
            "file": "events",
            "row": 2,
            "reason": "unreadable_time",
            "severe": True,
            "meaning": "no format of the profile reads the time",
        }
    ]
    assert sorted(waiting(desk)) == [("link_question", ["quarantined"]), ("link_question", ["threat_to_kill"])]


def test_a_report_of_weeks_ago_that_is_sent_now_opens_now(desk: Desk, secret: str, client: Browser) -> None:
    send(client, secret, "first-delivery", **FIRST)
    late = report(occurred_at="2027-02-10T21:40", recorded_at="2027-02-11T08:50")
    answer = send(client, secret, "a-late-report", events=[late]).json()
    assert [len(item["events"]) for item in answer["must_see"]] == [1]
    assert waiting(desk) == [("must_see", ["strangulation_reported"])]


def test_what_opens_nothing_is_kept_all_the_same(desk: Desk, secret: str, client: Browser) -> None:
    send(client, secret, "first-delivery", **FIRST)
    answer = send(client, secret, "a-visit-of-us", events=[report(kind="unit_contact", code="visit", proactive="yes")])
    assert (answer.json()["kept"], answer.json()["must_see"]) == (1, [])
    assert waiting(desk) == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer threat-wrong", "Basic {secret}"])
def test_only_a_system_that_is_let_in(desk: Desk, secret: str, client: Browser, header: str) -> None:
    headers = {"Authorization": header.format(secret=secret), "Idempotency-Key": "a-report-of-1"}
    answer = client.post("/api/v1/events", content=b"{" * 9_000_000, headers=headers)
    assert (answer.status_code, answer.json()["problem"]) == (401, "No system that is let in sent this.")
    assert entries(desk)[-1] == ("system", "send records", "", "refused")
    assert details(desk, "send records") == [{"status": 401}]


def test_an_ended_system_is_refused(desk: Desk, secret: str, client: Browser) -> None:
    services.end(desk.engine, "crime system", by="root", at=NOW)
    assert send(client, secret, "first-delivery", **FIRST).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"[]", 422, "not an object but an array"),
        (b'{"files": {"events": [{"event": true}]}}', 422, "files.events.0.event"),
        (b'{"files": {}, "files": {}}', 422, "the name 'files' stands twice in one object"),
        (b'{"files": {"event": [{}]}}', 422, "files.event: the profile reads"),
        (b" " * (2 * 1024 * 1024 + 1), 413, ""),
    ],
)
def test_what_is_no_delivery_is_refused_in_words(
    desk: Desk, secret: str, client: Browser, body: bytes, status: int, said: str
) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "a-report-of-1"}
    answer = client.post("/api/v1/events", content=body, headers=headers)
    assert (answer.status_code, said in answer.json()["value"]) == (status, True)
    assert not (desk.store / "manifest.json").exists()


def test_a_delivery_needs_a_key(desk: Desk, secret: str, client: Browser) -> None:
    answer = client.post("/api/v1/events", json={"files": FIRST}, headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["where"]) == (422, "header.Idempotency-Key")


def test_the_log_and_the_answer_kept_hold_no_record(desk: Desk, secret: str, client: Browser) -> None:
    send(client, secret, "first-delivery", **FIRST)
    send(client, secret, "a-report-of-1", events=[report(subject="A", person_at_risk="B")])
    said = details(desk, "send records")[-1]
    assert said | {"batch": ""} == {"batch": "", "rows": 1, "quarantined": 0, "must_see": 1, "questions": 0}
    with reading(desk.engine) as connection:
        kept = connection.execute(select(DELIVERIES.c.answer)).scalars().all()
        logged = connection.execute(select(AUDIT_ENTRIES.c.detail)).scalars().all()
    everything = json.dumps([*kept, *logged])
    assert [word for word in ("strangulation", "2027-03-01", "X1", secret) if word in everything] == []
