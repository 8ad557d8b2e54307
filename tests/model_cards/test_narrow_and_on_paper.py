"""A card, and two cards compared, read at 320 px and on paper, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fixtures.browser import NARROW, broken_anchors, sticking_out
from fixtures.cards import documents, made
from pages.chromium import chromium as run_chromium
from pages.chromium import program
from playwright.sync_api import Page

from model_cards.compared import compare, compared_page
from model_cards.demonstration import demonstration_human
from model_cards.page import page as page_of_card


@pytest.fixture(scope="module")
def narrow() -> Iterator[Page]:
    if not program():
        pytest.skip("Chromium is not installed")
    with run_chromium() as browser:
        yield browser.new_page(viewport=NARROW)


def pages() -> dict[str, str]:
    whole = made(human=demonstration_human(documents()))
    return {
        "card": page_of_card(whole),
        "empty card": page_of_card(made()),
        "compared": compared_page(compare(made(gate=None), whole)),
    }


@pytest.mark.parametrize("name", ["card", "empty card", "compared"])
def test_nothing_sticks_out_at_320_px_and_nothing_is_lost_on_paper(narrow: Page, name: str) -> None:
    narrow.emulate_media(media="screen")
    narrow.set_content(pages()[name])
    assert sticking_out(narrow) == []
    assert broken_anchors(narrow) == []
    # The table of a chart is closed on the screen and left out on paper, where the drawing has every number.
    cells = "td:not(details td)"
    seen = narrow.evaluate(f"document.querySelectorAll('{cells}').length")
    narrow.emulate_media(media="print")
    shown = "[...document.querySelectorAll('{}')].filter(e => e.checkVisibility()).length"
    assert narrow.evaluate(shown.format("nav, .skip")) == 0
    assert narrow.evaluate(shown.format(cells)) == seen
    assert "DEMONSTRATION" in narrow.evaluate("document.body.innerText")
