"""A signed-in browser of a desk, without a server; and when the golden desk's lists are made and read."""

from __future__ import annotations

import asyncio
import re

import golden_force as golden
import httpx

from serving.desk.app import create
from serving.desk.service import Desk
from threat.asof import DAY

STARTED_AT = golden.LOADED_AT + DAY
NOW = STARTED_AT + 3600


class Browser:
    """Asks an application directly, keeps cookies, follows no redirect; ``host`` and ``caller`` may be another's."""

    def __init__(self, desk: Desk, *, host: str = "127.0.0.1:8000", caller: str = "127.0.0.1") -> None:
        self.cookies = httpx.Cookies()
        self._transport = httpx.ASGITransport(create(desk), raise_app_exceptions=False, client=(caller, 50000))
        self._base = f"http://{host}"

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url=self._base, cookies=self.cookies, trust_env=False
            ) as client:
                answer = await client.request(method, path, **options)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: object) -> httpx.Response:
        return self.request("POST", path, **options)


def client_of(desk: Desk, role: str | None = "reviewer", **options: str) -> Browser:
    """A browser on this machine, signed in through the form when a role is given."""
    browser = Browser(desk, **options)
    if role is not None:
        page = browser.get("/sign-in")
        answer = browser.post("/sign-in", data={"role": role, "token": token_in(page.text)})
        assert answer.status_code == 303, answer.text
    return browser


def token_in(page: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]
