"""Markers on the desk: in every row and on every case, whatever ranks, and in the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.case_force import ev
from fixtures.desk_browser import NOW, Browser, client_of
from fixtures.drawn import drawn
from fixtures.feature_histories import AS_OF, Happening, Link, histories, rows, sightings
from fixtures.published_force import alone, publish, reference
from hypothesis import given

from serving.desk.list_view import Marked
from serving.desk.marked import row_markers
from serving.desk.service import Desk
from serving.relationship.kind_words import said
from serving.relationship.marker_words import Days
from serving.relationship.markers import markers, other_must_see
from threat.history.sightings import ROLE_ABOUT, ROLE_SUBJECT
from threat.vocabulary import kinds

pytestmark = pytest.mark.usefixtures("every_place")

EXPORT = {
    "events": [
        ev("non_fatal_strangulation", "2023-12-13T10:00", incident="i1", event="e1"),
        ev("strangulation_reported", "2023-12-13T10:00", incident="i1"),
        ev("weapon_used", "2024-05-20T10:00", code="knife"),
        ev("item_threat_to_kill", "2024-05-20T10:00", code="yes", assertion="assessment"),
        ev("item_sexual", "2024-05-20T10:00", code="refused", assertion="assessment"),
        ev("threat_to_kill", "2024-05-21T10:00", s="v", v="s"),
        ev("rape", "2020-02-01T10:00", v="w"),
        alone("suicide_attempt", "v", "2024-05-02T10:00"),
        # On no list: the last record is of years ago.
        ev("attempted_murder", "2012-05-02T10:00", s="old", v="gone"),
    ]
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    var: Path = tmp_path_factory.mktemp("marked")
    force = publish(EXPORT, var)
    desk = Desk(force.store, var, clock=lambda: NOW, database_path=var / "desk.sqlite")
    yield client_of(desk)
    desk.close()


def row_of(browser: Browser, relationship: str) -> dict[str, Any]:
    queue = browser.get("/api/v1/queue").json()
    return next(row for row in queue["rows"] if row["relationship"] == relationship)


def lanes_of(browser: Browser, relationship: str) -> dict[tuple[str, str], dict[str, Any]]:
    case = browser.get(f"/api/v1/relationships/{relationship}").json()
    return {(marker["name"], lane["lane"]): lane for marker in case["markers"] for lane in marker["lanes"]}


def test_a_row_says_every_yes_in_three_groups(browser: Browser) -> None:
    said_in_row = [(marker["group"], marker["text"]) for marker in row_of(browser, reference("s", "v"))["markers"]]
    assert said_in_row == [
        ("case", "strangulation 13 Dec 2023, strangulation (reported) 13 Dec 2023"),
        ("case", "threat to kill (answered yes 20 May)"),
        ("case", "weapons: knife used 20 May"),
        ("case", "suicidality of the person at risk: suicide attempt 2 May"),
        ("case", "harm to others: rape 1 Feb 2020"),
        ("by_person_at_risk", "threat to kill 21 May"),
    ]
    page = browser.get("/").text
    assert "<strong>By the person at risk:</strong> threat to kill 21 May" in page
    assert "weapons: knife used 20 May; suicidality of the person at risk: suicide attempt 2 May" in page


def test_a_case_has_all_twelve_in_order_with_both_ways(browser: Browser) -> None:
    lanes = lanes_of(browser, reference("s", "v"))
    assert list(dict.fromkeys(name for name, _ in lanes))[:3] == ["strangulation", "threat_to_kill", "weapon"]
    assert len({name for name, _ in lanes}) == 12
    strangulation = lanes["strangulation", "this_way"]
    assert (strangulation["state"], strangulation["incidents"], strangulation["sentence"]) == (
        *("yes", 1, "Yes: 1 incident, 13 Dec 2023."),
    )
    assert [event["text"] for event in strangulation["events"]] == ["strangulation, 13 Dec 2023"]
    assert strangulation["last"] == "2023-12-13T10:00:00Z"
    assert lanes["threat_to_kill", "this_way"]["answered_yes"] == "2024-05-20T09:00:00Z"
    assert lanes["sexual_violence", "this_way"]["sentence"] == "Asked and not answered (refused), 20 May."
    assert lanes["sexual_violence", "elsewhere"]["sentence"] == "Yes: 1 incident, 1 Feb 2020."
    assert lanes["stalking", "this_way"]["state"] == "not_asked"
    assert lanes["stalking", "other_way"]["state"] == "no_record"
    assert ("separation", "other_way") not in lanes


def test_each_yes_of_a_case_links_to_its_record(browser: Browser) -> None:
    relationship = reference("s", "v")
    page = browser.get(f"/relationships/{relationship}").text
    section = page[page.index('id="markers"') :]
    section = section[: section.index("</section>")]
    for lane in lanes_of(browser, relationship).values():
        for event in lane["events"] if lane["state"] == "yes" else ():
            assert f'{event["event"]}">{event["text"]}</a>' in section
    assert "No record, and a question not asked, is not a no." in section


def test_what_is_on_no_list_has_its_markers_too(browser: Browser) -> None:
    lanes = lanes_of(browser, reference("old", "gone"))
    assert lanes["attempted_murder", "this_way"]["sentence"] == "Yes: 1 incident, 2 May 2012."
    assert lanes["strangulation", "this_way"]["state"] == "no_record"


@drawn(150)
@given(histories())
def test_every_must_see_kind_of_a_case_is_in_its_row(history: tuple[list[Happening], list[Link]]) -> None:
    store, questions = sightings(*history), rows([(11, 12, AS_OF)])
    marked = Marked(*(read(store, questions, AS_OF)[0] for read in (markers, other_must_see)))
    texts = " ".join(marker.text for marker in row_markers(marked, Days(AS_OF, "UTC")))
    numbered = list(kinds().values())
    for person in (11, 12):
        for at in range(store.rows_of(person).start, store.rows_of(person).stop):
            kind, role = numbered[int(store.kind[at])], int(store.role[at])
            seen = store.visible_at(AS_OF, slice(at, at + 1))[0] and store.occurred_at[at] < AS_OF
            of_case = (role == ROLE_SUBJECT and person == 11) or (role == ROLE_ABOUT and kind.about == "person")
            if seen and of_case and kind.must_see and not kind.known_in_advance:
                assert any(said(kind.name, code) in texts for code in ("", *kind.codes)), (kind.name, texts)
