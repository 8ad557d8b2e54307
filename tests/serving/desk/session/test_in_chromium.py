"""Signing in at a real provider with a real browser: strict cookies arrive, and so does the page asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fixtures.identity_provider import ServedDesk
from pages.chromium import chromium, program
from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not program(), reason="Chromium is not installed")]


@pytest.fixture
def page(served: ServedDesk) -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_context(java_script_enabled=False).new_page()


def at_the_provider(page: Page, served: ServedDesk, subject: str) -> None:
    page.wait_for_url(f"{served.provider.issuer}/**")
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_there_and_back_again_and_out(page: Page, served: ServedDesk) -> None:
    rob = served.add("rob")
    served.add("ada", "admin")
    served.provider.says("ada", acr="phr")
    page.goto(f"{served.address}/admin/people/{rob.id}")
    page.get_by_role("button", name="Sign in").click()
    at_the_provider(page, served, "ada")
    page.wait_for_url(f"{served.address}/admin/people/{rob.id}")
    assert "Signed in as Ada Made-up, admin" in page.locator("header").inner_text()
    served.now[0] += 1000
    page.reload()
    page.get_by_role("button", name="Sign in again to change").click()
    served.now[0] -= 1000  # what comes next goes by the provider's clock too
    page.get_by_role("button", name="Sign in again").click()
    at_the_provider(page, served, "ada")
    page.wait_for_url(f"{served.address}/admin/people/{rob.id}")
    page.get_by_label("Analyst").check()
    page.get_by_label("Moved to other work").check()
    page.get_by_role("button", name="Save this change").click()
    assert "reviewer, analyst" in page.locator("dl").inner_text()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{served.provider.issuer}/oauth2/end_session**")
    page.goto(f"{served.address}/admin/people")
    assert page.url.startswith(f"{served.address}/sign-in")
