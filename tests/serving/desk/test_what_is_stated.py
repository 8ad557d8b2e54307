"""What pages and API state: what is in force, who is in the safeguarding queue, and up to when the feeds reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fixtures.desk_browser import NOW, Browser, client_of
from fixtures.stopped_feed import publish, reference

from serving.desk.service import Desk

pytestmark = pytest.mark.usefixtures("every_place")


@dataclass
class Shown:
    """Pages and answers of a list that was published from a feed that had stopped."""

    desk: Desk
    pages: Browser

    def answer(self, path: str = "queue") -> dict[str, Any]:
        return dict(self.pages.get(f"/api/v1/{path}").json())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    var = tmp_path_factory.mktemp("var")
    force = publish(var)
    desk = Desk(force.store, var, clock=lambda: NOW, database_path=Path(force.dir.name) / "desk.sqlite")
    yield Shown(desk, client_of(desk))
    desk.close()


IN_CUSTODY = "The subject is in custody (sentence) since 11 January 2024, until 5 January 2040"


def test_custody_and_orders_are_on_the_queue_and_on_the_page(shown: Shown) -> None:
    row = shown.answer()["rows"][0]
    assert row["relationship"] == reference("held", "v1")
    assert [fact["sentence"] for fact in row["circumstances"]] == [
        IN_CUSTODY,
        "Restraining order towards this person since 1 February 2024, until 1 February 2026",
    ]
    assert IN_CUSTODY in shown.pages.get("/").text
    page = shown.pages.get(f"/relationships/{row['relationship']}").text
    assert page.index('id="now"') < page.index(IN_CUSTODY) < page.index('id="place"')
    assert "What is not on record may still be so." in page
    for fact in row["circumstances"]:
        assert f'href="#{fact["event"]}"' in page
        assert f'id="{fact["event"]}"' in page


def test_what_is_in_force_is_stated_beyond_capacity_and_off_the_list_too(shown: Shown) -> None:
    beyond = shown.answer(f"relationships/{reference('k', 'other')}")
    assert (beyond["standing"]["kind"], beyond["standing"]["rank"]) == ("ranked", 2)
    assert [fact["sentence"] for fact in beyond["circumstances"]] == [
        "The subject is on record for the homicide of another person on 20 May 2022"
    ]
    gone = shown.answer(f"relationships/{reference('k', 'dead')}")
    assert gone["standing"]["kind"] == "not_ranked"
    assert [fact["sentence"] for fact in gone["circumstances"]] == [
        "The person at risk is on record as dead since 20 May 2022 (murder)"
    ]


def test_the_safeguarding_queue_is_counted_and_says_what_it_is_for(shown: Shown) -> None:
    (item,) = shown.answer()["safeguarding"]
    assert (item["relationship"], item["parties"]) == (reference("t", "kid"), ["person_at_risk"])
    assert [trigger["kind"] for trigger in item["triggers"]] == ["threat_to_kill"]
    page = shown.pages.get("/").text
    assert 'For safeguarding <span class="desk-count">1</span>' in page
    assert "They are not ranked with adults" in page
    assert "The person at risk may be a child: the birth year has been on record since 1 January 2024." in page
    standing = shown.answer(f"relationships/{item['relationship']}")["standing"]
    assert standing["kind"] == "not_ranked"
    assert "It is in the safeguarding queue." in standing["sentence"]


def test_a_stale_feed_is_said_over_every_page(shown: Shown) -> None:
    listing = shown.answer()["listing"]
    assert [(feed["source"], feed["stale"]) for feed in listing["feeds"]] == [("calls", True), ("standard_csv", False)]
    assert listing["stale"].startswith(
        "This list was made from feeds that are behind: the feed calls reaches to 1 May 2024. What happened since"
    )
    for path in ("/", f"/relationships/{reference('k', 'other')}", f"/relationships/{reference('t', 'kid')}"):
        page = shown.pages.get(path).text
        assert page.index("made from feeds that are behind") < page.index("<h1")
    assert page.count("made from feeds that are behind") == 1
    assert (
        "The feed calls reaches to 1 May 2024. The feed standard_csv reaches to 30 May 2024."
        in shown.pages.get("/").text
    )


@pytest.mark.parametrize(("role", "path"), [("reviewer", "/model-card"), ("governance", "/audit-log")])
def test_a_stale_feed_is_said_on_pages_that_show_no_case(shown: Shown, role: str, path: str) -> None:
    page = client_of(shown.desk, role).get(path)
    assert page.status_code == 200
    assert page.text.index("made from feeds that are behind: the feed calls") < page.text.index("<h1")


def test_a_stale_feed_is_not_said_to_who_is_not_signed_in(shown: Shown) -> None:
    assert "feeds that are behind" not in client_of(shown.desk, None).get("/sign-in").text
