"""Where a link to the card of an event leads: this page, another page, past a filter; and from its reference alone."""

from __future__ import annotations

import re

import pytest
from fixtures.case_files import file_of, happening, page_of
from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE, event_of

from serving.desk.case.file import PER_PAGE
from serving.desk.case.filters import Choice
from serving.desk.case.links import CaseLinks, addresses_of_event
from threat.errors import UsageError
from threat.ids import show_id

R = "R-0123456789abcdef"
LAST = 3 * PER_PAGE
FILE = file_of(*(happening(number, number) for number in range(1, LAST + 1)))


def links(choice: Choice, back: str = "") -> CaseLinks:
    return CaseLinks(R, FILE, choice, page_of(FILE, choice), back)


@pytest.mark.parametrize(
    ("choice", "number", "address"),
    [
        (Choice(), 1, "#E-"),
        (Choice(), PER_PAGE, "#E-"),
        (Choice(), PER_PAGE + 1, f"/relationships/{R}?page=2#E-"),
        (Choice(page=2), 1, f"/relationships/{R}#E-"),
        (Choice(page=9), LAST, "#E-"),  # a page beyond the last is the last
        (Choice(year=[2024]), 1, f"/relationships/{R}#E-"),  # a choice may hide it: the page without a choice does not
    ],
)
def test_a_link_to_a_card_leads_to_the_page_that_holds_it(choice: Choice, number: int, address: str) -> None:
    assert links(choice).event(show_id("E", number)) == address.replace("E-", show_id("E", number))


def test_an_event_on_no_card_has_no_address() -> None:
    assert links(Choice()).event(show_id("E", LAST + 1)) == ""


def test_a_filter_and_a_page_keep_where_the_reader_came_from() -> None:
    kept = links(Choice(year=[2024, 2023], page=2), back="/?page=3#order")
    assert kept.at_page(1) == f"/relationships/{R}?year=2024&year=2023&back=%2F%3Fpage%3D3%23order#records"
    assert kept.selected[0] == ("Year", "2024", f"/relationships/{R}?year=2023&back=%2F%3Fpage%3D3%23order#records")
    assert links(Choice()).every == f"/relationships/{R}#records"


def test_the_pages_of_incidents() -> None:
    assert links(Choice(lane=["one_person"])).pagination == {}
    middle = links(Choice(page=2)).pagination
    assert [item["number"] for item in middle["items"]] == [1, 2, 3]  # type: ignore[attr-defined]
    assert [item["current"] for item in middle["items"]] == [False, True, False]  # type: ignore[attr-defined]
    texts = [middle[way]["text"] for way in ("previous", "next")]  # type: ignore[index]
    assert texts == ["Later incidents", "Earlier incidents"]
    assert "previous" not in links(Choice()).pagination
    assert "next" not in links(Choice(page=3)).pagination


def test_the_card_of_an_event_from_its_reference_on_the_relationship_of_its_two_parties_first(desk) -> None:
    view = desk.view()
    assert addresses_of_event(view, event_of("f3")) == [
        f"/relationships/{REFERENCE['G06']}#{event_of('f3')}",
        f"/relationships/{REFERENCE['G10']}#{event_of('f3')}",
    ]
    assert addresses_of_event(view, event_of("j1"))[0] == f"/relationships/{REFERENCE['G10']}#{event_of('j1')}"
    assert addresses_of_event(view, event_of("f5"))[0] == f"/relationships/{REFERENCE['G06']}#{event_of('f5')}"
    for hidden in ("a13", "h4"):  # recorded later; withdrawn
        assert addresses_of_event(view, event_of(hidden)) == []
    with pytest.raises(UsageError, match="Not a reference of a event"):
        addresses_of_event(view, REFERENCE["G01"])


def test_the_filter_of_a_page_shows_what_was_chosen_and_links_lead_past_it(desk) -> None:
    page = client_of(desk).get(f"/relationships/{REFERENCE['G06']}?lane=other_way&year=2023").text
    section = page[page.index('id="records"') :]
    said = "2 of 7 incidents shown: Person at risk towards subject, 2023. The others are on record all the same."
    assert said in section
    assert re.findall(r'<span id="(E-[0-9a-f]{16})">', section)[-2:] == [event_of("j1"), event_of("j2")]
    assert re.findall(r'<h4 class="desk-incident__title">([^<]+)<', section) == [
        "Recorded as former partners",
        "Assault without injury",
    ]
    assert f'href="/relationships/{REFERENCE["G06"]}#{event_of("f3")}"' in page
    assert re.findall(r'value="(\w+)" checked', section) == ["other_way", "2023"]


def test_a_choice_that_no_form_offers_is_refused(desk) -> None:
    answer = client_of(desk).get(f"/relationships/{REFERENCE['G06']}?lane=north")
    assert answer.status_code == 422
