"""To keep a grade costs what it costs to change it: six activations, by mouse and by keyboard; a record costs two."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from fixtures.browser import axe_on
from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE
from fixtures.graded import Grader, waiting_cases
from playwright.sync_api import Page

from serving.casework.graded import grades_since
from serving.desk.service import Desk
from serving.storage import reading


@dataclass
class Hand:
    """Chooses and presses on a page, and counts: ``activations`` of a control, not the way to it."""

    page: Page
    keyboard: bool
    activations: int = 0

    def choose(self, name: str, place: int) -> None:
        """Choose the radio button at a place of its group, 0 or 1."""
        if not self.keyboard:
            self.page.locator(f"input[type=radio][name={name}]").nth(place).click()
        else:
            self._go_to(f"input[name={name}]")
            # The first stop of a group without a choice is its first button; an arrow goes to the next and chooses it.
            self.page.keyboard.press("ArrowDown" if place else "Space")
        self.activations += 1

    def press(self, text: str) -> None:
        """Press a button, and wait for where it leads."""
        with self.page.expect_navigation():
            if self.keyboard:
                self._go_to("main form button")
                self.page.keyboard.press("Enter")
            else:
                self.page.get_by_role("button", name=text).click()
        self.activations += 1

    def _go_to(self, selector: str) -> None:
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never came to {selector}")


def apart(work: Callable[[], object]) -> object:
    """Run something that has an event loop of its own while Chromium has this thread's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def of_reviewer(desk: Desk) -> Grader:
    return Grader(client_of(desk))


@pytest.mark.parametrize("keyboard", [False, True], ids=["mouse", "keyboard"])
def test_a_grade_is_kept_or_changed_in_six_activations(window_on, desk_named, keyboard: bool) -> None:
    desk, _ = desk_named("rule")
    counts = {}
    for name, place in (("G06", 0), ("G07", 1)):
        case = apart(lambda name=name: of_reviewer(desk).case_of(REFERENCE[name]))
        window = window_on("rule", "reviewer")
        window.open(f"/cases/{case}/grade")
        hand = Hand(window.page, keyboard)
        assert window.page.locator("main input:checked").count() == 0
        hand.choose("grade", 1)
        hand.choose("fact", 0)
        hand.press("Save my grade")
        assert window.page.url.endswith(f"/cases/{case}/order")
        assert window.page.locator("main input:checked").count() == 0
        hand.choose("grade_after", place)
        hand.choose("reason", 0)
        hand.press("Save")
        counts[place] = hand.activations
        with reading(desk.engine) as connection:
            graded = grades_since(connection, 0, case=str(case))[0]
        assert (graded.first, graded.grade) == ("look_closer", ("look_closer", "act_today")[place])
        window.page.context.close()
    assert counts == {0: 6, 1: 6}


def test_a_must_see_record_is_seen_in_two_activations(window_on, desk_named) -> None:
    desk, _ = desk_named("rule")
    waiting = apart(lambda: waiting_cases(client_of(desk)))
    window = window_on("rule", "reviewer")
    window.open(f"/cases/{waiting[0]}/grade")
    assert "/must-see/" in window.page.url
    hand = Hand(window.page, keyboard=True)
    hand.choose("result", 0)
    hand.press("Save")
    assert hand.activations == 2
    assert window.page.url.endswith(f"/cases/{waiting[0]}/grade")
    window.page.context.close()


def test_the_page_of_two_who_wrote_at_once_is_sound(window_on, desk_named, axe_source: str) -> None:
    desk, _ = desk_named("model")
    case = apart(lambda: of_reviewer(desk).case_of(REFERENCE["G06"]))
    window = window_on("model", "reviewer")
    window.open(f"/cases/{case}/grade")
    apart(lambda: Grader(client_of(desk, "supervisor")).grade(str(case)))
    window.page.locator("textarea[name=note]").fill("Mine: she called twice")
    hand = Hand(window.page, keyboard=False)
    hand.choose("grade", 0)
    hand.choose("fact", 0)
    hand.press("Save my grade")
    assert window.page.locator("h1").inner_text() == "The case changed while you wrote"
    assert "Mine: she called twice" in window.page.locator("main").inner_text()
    assert axe_on(window.page, axe_source).violations == []
    window.page.context.close()
