"""A question of identity: who is named, which cases it is between, and an answer that ends it."""

from __future__ import annotations

import pytest
from fixtures import golden_force as golden
from fixtures.casework_unit import NONE_SEALED
from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE
from fixtures.graded import form_in

from serving.casework import views
from serving.casework.opening import ListToOpen, open_from_list
from serving.casework.refer import RecordedEvent
from serving.casework.sealing import Sealer
from serving.desk.service import Desk
from serving.storage import reading
from threat.ids import show_id

EVENT = golden.rows()[0]["event"]


def asked(desk: Desk, **more: object) -> str:
    """The address of a question that another list asks."""
    desk.view()
    now = desk.clock()
    record = RecordedEvent(golden.event_id(EVENT), "threat_to_kill", "pair", now - 7200, now - 3600)
    listed = ListToOpen("L-next", now, *more.pop("given", ({0: [record]}, ())), **more)
    assert open_from_list(desk.casework, listed, Sealer(bytes(32), NONE_SEALED), now) is not None
    with reading(desk.engine) as connection:
        [question] = [row.id for row in views.must_see_waiting(connection) if row.kind == "link_question"]
    return f"/questions/{question}"


def test_a_record_that_no_relationship_covers_names_its_people_and_is_answered(desk: Desk):
    address = asked(desk)
    client = client_of(desk)
    today = client.get("/").text
    assert f'href="{address}' in today
    page = client.get(address).text
    row = golden.rows()[0]
    for person in (row["subject"], row["person_at_risk"]):
        assert f"/people/{show_id('P', golden.person_id(person))}" in page
    action, hidden = form_in(page, "/questions/")
    answer = client.post(action, data={**hidden, "answer": "not_ours", "note": "A neighbour."})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert address not in client.get("/").text
    assert client.get(address).headers["location"] == "/"
    again = client.post(action, data={**hidden, "answer": "not_ours", "note": "A neighbour."})
    assert again.status_code == 303  # a double click is one answer


def test_two_cases_of_one_pair_are_both_linked(desk: Desk):
    desk.view()
    with reading(desk.engine) as connection:
        cases = sorted(case.id for case in views.triage_waiting(connection))[:1]
        cases += [row.case_id for row in views.must_see_waiting(connection)][:1]
    page = client_of(desk).get(asked(desk, given=({}, ()), same_pair=[cases])).text
    assert all(f'href="/cases/{case}"' in page for case in cases)


def test_a_row_that_did_not_fit_says_where_it_is_found(desk: Desk):
    row = RecordedEvent(5, "quarantined", "pair", desk.clock(), desk.clock())
    page = client_of(desk).get(asked(desk, given=({}, ()), quarantined=[row])).text
    assert "report of its load" in page
    assert "/people/" not in page[page.index("<h1") :]


@pytest.mark.parametrize(
    ("fields", "said"), [({}, "Choose what you found."), ({"answer": "settled"}, "Say in a line what you found.")]
)
def test_what_is_missing_is_said_at_its_field(desk: Desk, fields, said):
    address = asked(desk)
    client = client_of(desk)
    _, hidden = form_in(client.get(address).text, "/questions/")
    answer = client.post(address, data=hidden | fields)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_who_may_not_answer_and_what_is_no_question(desk: Desk):
    address = asked(desk)
    assert client_of(desk, "analyst").get(address).status_code == 403
    client = client_of(desk)
    assert client.get("/questions/nonsense").status_code == 422
    assert client.get("/questions/F-0000000000000000").status_code == 303
    assert REFERENCE["G01"] not in client.get(address).text
