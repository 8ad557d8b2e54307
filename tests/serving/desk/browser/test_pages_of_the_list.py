"""A review list of more rows than a page holds: the links from page to page, on a screen, without a mouse, on paper."""

from __future__ import annotations

import pytest
from fixtures.browser import NARROW, WIDE, axe_on, sticking_out, walk, wrong_on_paper
from fixtures.golden_lists import REFERENCE
from playwright.sync_api import Locator

from serving.desk.queue import shown


def numbers(links: Locator) -> list[str]:
    return [" ".join(text.split()) for text in links.get_by_role("link").all_inner_texts()]


def test_pages_lead_on_and_a_relationship_leads_back_to_its_row(
    window_on, axe_source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "MOST_ROWS", 1)
    window = window_on("model", "reviewer")
    page = window.page
    window.open("/")
    status = page.locator("#shown")
    assert status.inner_text() == "Showing number 1 of 10 relationships with a grade."
    links = page.get_by_role("navigation", name="Pages of graded relationships")
    assert numbers(links) == ["1", "2", "10", "Next page"]
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        assert axe_on(page, axe_source).violations == []
        assert sticking_out(page) == []
    page.set_viewport_size(WIDE)
    assert wrong_on_paper(page) == []
    assert [stop.name for stop in walk(page) if not stop.visible] == []
    links.get_by_role("link", name="Next page").press("Enter")
    page.wait_for_url("**/?page=2#shown")
    assert status.inner_text() == "Showing number 2 of 10 relationships with a grade."
    assert numbers(links) == ["Previous page", "1", "2", "3", "10", "Next page"]
    order = page.locator("section[aria-labelledby=graded]")
    order.get_by_role("link", name=REFERENCE["G02"]).press("Enter")
    page.wait_for_url("**/relationships/**")
    page.get_by_role("link", name="Back to Today").press("Enter")
    page.wait_for_url(f"**/?page=2#{REFERENCE['G02']}")
    assert page.evaluate("document.querySelector(':target').innerText").startswith(REFERENCE["G02"])
    assert window.complaints == []


def test_the_form_is_sent_without_a_mouse_and_says_what_it_chose(window_on) -> None:
    window = window_on("model", "reviewer")
    page = window.page
    window.open("/")
    page.locator("summary", has_text="Filter and sort").press("Enter")
    page.get_by_label("Sort by").select_option("incident")
    page.get_by_label("Former partner").press("Space")
    page.get_by_role("button", name="Show", exact=True).press("Enter")
    page.wait_for_url("**relation=ex_partner**#shown")
    assert "with a grade shown (former partner)." in page.locator("#shown").inner_text()
    page.get_by_role("link", name="Remove this filter: Former partner").press("Enter")
    page.wait_for_url("**/?sort=incident#shown")
    assert page.locator("#shown").inner_text().startswith("Showing 10 relationships with a grade. Sorted by")
