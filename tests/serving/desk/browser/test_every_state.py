"""Every page in every state, in Chromium: axe-core, a narrow screen, paper, no scripts, and who is asked for what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
from fixtures.browser import NARROW, WIDE, Window, axe_on, broken_anchors, sticking_out, visible_text, wrong_on_paper
from fixtures.desk_states import STATES, State
from fixtures.state_cases import path_on
from playwright.sync_api import Page, ViewportSize

from serving.desk.service import Desk


@dataclass
class Shown:
    """A state of the desk in a window; all tests of a state look at the same page."""

    state: State
    window: Window

    @property
    def page(self) -> Page:
        return self.window.page


def show(state: State, window: Window) -> Shown:
    """Open a state in a window. Fails unless its answer and its heading are the state's own."""
    answer = window.open(state.path)
    if state.form:
        assert answer.status == 200
        answer = window.send(state.form, dict(state.fields))
    assert answer.status == state.status
    assert window.page.locator("h1").all_inner_texts() == [state.h1]
    return Shown(state, window)


def on_desk(state: State, desk_named: Callable[[str], tuple[Desk, str]]) -> State:
    """The state with the references of its desk in its path."""
    return replace(state, path=path_on(desk_named(state.desk)[0], state.path))


@pytest.fixture(scope="module", params=STATES, ids=[state.name.replace(" ", "_") for state in STATES])
def shown(request: pytest.FixtureRequest, window_on, desk_named) -> Iterator[Shown]:
    state = on_desk(request.param, desk_named)
    window = window_on(state.desk, state.role)
    yield show(state, window)
    window.page.context.close()


@pytest.mark.parametrize("size", [WIDE, pytest.param(NARROW, marks=pytest.mark.slow)], ids=["wide", "narrow"])
def test_axe_finds_nothing(shown: Shown, axe_source: str, size: ViewportSize) -> None:
    shown.page.set_viewport_size(size)
    axe = axe_on(shown.page, axe_source)
    assert {"region", "target-size", "color-contrast", "page-has-heading-one"} <= axe.ran
    assert not axe.violations, "\n".join(axe.violations)


def test_no_page_scrolls_sideways_at_320_px_which_is_400_percent(shown: Shown) -> None:
    shown.page.set_viewport_size(NARROW)
    wide = sticking_out(shown.page)
    assert not wide, "\n".join(wide)


def test_on_paper_all_is_open_and_marked_and_there_is_nothing_to_press(shown: Shown) -> None:
    shown.page.set_viewport_size(WIDE)
    wrong = wrong_on_paper(shown.page)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow  # a second window for each page
def test_without_scripts_a_page_says_the_same(shown: Shown, window_on) -> None:
    shown.page.set_viewport_size(WIDE)
    without = show(shown.state, window_on(shown.state.desk, shown.state.role, script=False))
    said = without_counts(without.page)
    without.page.context.close()
    assert shown.state.h1 in said
    assert said == without_counts(shown.page)


def without_counts(page: Page) -> str:
    """The text of a page without what grows with each opening: how many entries the audit log has, and their hash."""
    said = visible_text(page)
    if page.url.endswith("/audit-log"):  # each opening adds an entry to those that are listed
        said = re.sub(r"\S+ entr\S+, latest first.*(?=This desk supports)", "# ", said, flags=re.DOTALL)
    return re.sub(r"[0-9a-f]{64}|(?<=Entries)\s+\d+|(?<=witness file)\s+\d+", "#", said)


def test_a_page_asks_its_own_host_alone_and_the_browser_complains_of_nothing(shown: Shown) -> None:
    hosts = {urlsplit(url).netloc for url in shown.window.asked}
    assert hosts == {urlsplit(shown.window.address).netloc}
    assert shown.window.complaints == []


def test_links_within_a_page_lead_to_something_on_the_page(shown: Shown) -> None:
    assert broken_anchors(shown.page) == []
