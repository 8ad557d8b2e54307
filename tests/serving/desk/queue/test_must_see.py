"""Must-see items on the review list: one person, one event, one item, with every relationship that it touches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.case_force import ev
from fixtures.desk_browser import NOW, Browser, client_of
from fixtures.published_force import alone, person, publish, reference

from serving.desk.service import Desk

pytestmark = pytest.mark.usefixtures("every_place")

EXPORT = {
    "events": [
        ev("stalking", "2024-05-01T10:00"),
        ev("assault_with_injury", "2024-05-02T10:00", v="w"),
        ev("threat_to_kill", "2024-05-29T10:00"),
        alone("release", "s", "2024-06-04T10:00", "2024-05-28T10:00", code="licence"),
        ev("threat_to_kill", "2024-05-27T10:00", s="x", v="y", domestic="no"),
    ]
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    var: Path = tmp_path_factory.mktemp("must_see")
    force = publish(EXPORT, var)
    desk = Desk(force.store, var, clock=lambda: NOW, database_path=var / "desk.sqlite")
    yield client_of(desk)
    desk.close()


def test_a_release_is_one_item_of_the_man_with_both_relationships(browser: Browser) -> None:
    threat, release, uncovered = browser.get("/api/v1/queue").json()["must_see"]
    assert (threat["person"], [each["relationship"] for each in threat["relationships"]]) == ("", [reference("s", "v")])
    assert [trigger["sentence"] for trigger in threat["triggers"]] == [
        "Threat to kill on 29 May 2024, recorded 3 days ago"
    ]
    assert release["person"] == person("s")
    touched = [(each["relationship"], each["role"], each["rank"], each["band"]) for each in release["relationships"]]
    assert touched == [
        (reference("s", "v"), "subject", 1, "review"),
        (reference("s", "w"), "subject", 1, "review"),
    ]
    assert [trigger["sentence"] for trigger in release["triggers"]] == ["Release from custody expected on 4 June 2024"]
    texts = [[marker["text"] for marker in each["markers"]] for each in release["relationships"]]
    assert texts[0][:2] == ["threat to kill 29 May", "stalking 1 May"]
    assert (uncovered["person"], uncovered["relationships"]) == ("", [])


def test_on_the_page_each_relationship_is_seen_by_itself_and_an_uncovered_record_too(browser: Browser) -> None:
    page = browser.get("/").text
    section = page[page.index('id="must-see"') : page.index('id="safeguarding"')]
    assert section.count("Release from custody expected on 4 June 2024") == 2
    assert section.count(f">{reference('s', 'w')}</a>") == 1
    assert section.count(f">{reference('s', 'v')}</a>") == 1
    assert section.count("Say what you found") == 3  # of two relationships, and of the record without one
    assert "No relationship found for this record" in section
