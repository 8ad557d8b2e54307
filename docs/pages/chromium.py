"""A desk on a port of its own and a Chromium that reads its pages: for the pictures of the README and for tests."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from serving.desk import cookies
from serving.desk.app import create
from serving.desk.server import listen
from serving.desk.service import Desk
from serving.desk.session.beginning import begin
from serving.identity import development
from serving.identity.roles import RoleName

PROGRAMS = ("chromium", "chromium-browser")
"""Names of Debian's package and of others. Playwright's own download is never used: CI has no way to it."""

FLAGS = (
    "--no-sandbox",  # CI runs as root, where Chromium refuses to start with its sandbox; only our own pages are opened
    "--disable-gpu",
    "--disable-quic",
    # Each of these otherwise asks hosts of Google at the start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

_START_SECONDS = 10.0
"""A server on a loopback port starts in a tenth of a second; ten, on a machine that is busy with other tests."""


def program() -> str:
    """Return the path of Chromium on this machine; empty when there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), "")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window.

    While it runs, ``asyncio.run`` is refused in the same thread: Playwright keeps a loop running there.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(desk: Desk, bound: socket.socket | None = None) -> Iterator[str]:
    """Serve a desk from a thread; give its address, without a slash at the end.

    ``bound``: a listener for a desk that must know its address beforehand; None for a free loopback port.
    """
    with bound or listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            create(desk), log_level="warning", access_log=False, proxy_headers=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("The desk did not start on its port.")
        time.sleep(0.01)


def sign_in(context: BrowserContext, desk: Desk, address: str, role: RoleName) -> None:
    """Give a browser the cookie of a new session of the first person of the development sign-in who has a role."""
    now = desk.clock()
    with desk.logged_change(now) as change:
        development.enrol(change.connection, now)
        person = development.picked(change.connection, development.with_role(role).subject)
        assert person is not None, role
        session = begin(desk, change, person, now, now, {})
    context.add_cookies(
        [
            {
                "name": cookies.SESSION,
                "value": desk.signer.cookie(session.id),
                "url": address,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )
