"""A long case file in pages: every record is on one page, and links from any page lead to its card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from fixtures.case_force import Force, ev, pid
from fixtures.desk_browser import NOW, Browser, client_of

from serving.desk.case.file import PER_PAGE
from serving.desk.service import Desk
from serving.lists.making import ListOptions, make_list
from threat.asof import parse_as_of
from threat.ids import pair_ids, show_id

DAYS = [str(date(2024, 6, 28) - timedelta(days=20 * number)) for number in range(PER_PAGE + 3)]
EXPORT = {"events": [ev("threat_to_kill", day, day, incident=f"i{n}") for n, day in enumerate(DAYS)]}
PAGE = f"/relationships/{show_id('R', int(pair_ids([pid('s')], [pid('v')])[0]))}"
ANCHORS = r'<span id="(E-[0-9a-f]{16})">'


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    force, var = Force(EXPORT, now="2024-07-01T01:00+01:00"), tmp_path_factory.mktemp("var")
    options = ListOptions(capacity=1, publish=True, stale_ok=True)
    make_list(force.store, var, parse_as_of("2024-07-01"), options, started_at=NOW)
    desk = Desk(force.store, var, clock=lambda: NOW, database_path=Path(force.dir.name) / "desk.sqlite")
    yield client_of(desk)
    desk.close()


def test_two_pages_hold_every_record_once(pages: Browser) -> None:
    first, second = (re.findall(ANCHORS, pages.get(f"{PAGE}?page={number}").text) for number in (1, 2))
    recorded = pages.get(f"/api/v1{PAGE}").json()["incidents"]["records"]
    assert len(set(first + second)) == len(first + second) == recorded
    assert pages.get(f"/api/v1{PAGE}?page=2").json()["incidents"]["page"] == 2


def test_links_lead_to_the_page_of_the_card_from_either_page(pages: Browser) -> None:
    on_page = {number: set(re.findall(ANCHORS, pages.get(f"{PAGE}?page={number}").text)) for number in (1, 2)}
    for number, text in ((1, pages.get(PAGE).text), (2, pages.get(f"{PAGE}?page=2").text)):
        here = set(re.findall(r'href="#(E-[0-9a-f]{16})"', text))
        elsewhere = re.findall(rf'href="{PAGE}(\?page=2)?#(E-[0-9a-f]{{16}})"', text)
        assert here <= on_page[number]
        assert all(event in on_page[2 if query else 1] and event not in on_page[number] for query, event in elsewhere)
        assert here or elsewhere


def test_pages_are_named_and_lead_to_each_other_with_what_was_chosen(pages: Browser) -> None:
    text = pages.get(f"{PAGE}?kind=threats").text
    assert "Page 1 of 2." in text
    assert 'aria-label="Pages of incidents"' in text
    assert f'href="{PAGE}?kind=threats&amp;page=2#records"' in text
    assert "Page 2 of 2." in pages.get(f"{PAGE}?kind=threats&page=99").text
