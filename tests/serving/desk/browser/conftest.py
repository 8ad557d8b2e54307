"""Chromium, axe-core, and the desks whose pages it reads; all made once a file."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from fixtures.browser import WIDE, Window
from fixtures.frontend_build import ROOT, load_build
from fixtures.graded import every_place_of
from fixtures.state_desks import GoldenFolders, opener_of
from pages.chromium import chromium as run_chromium
from pages.chromium import program, served, sign_in
from playwright.sync_api import Browser

from serving.desk import reveal
from serving.desk.service import Desk
from serving.identity.roles import RoleName


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, for one file: while it runs, other tests of the same process could not call ``asyncio.run``."""
    if not program():
        pytest.skip("Chromium is not installed")
    with run_chromium() as browser:
        yield browser


@pytest.fixture(scope="module", autouse=True)
def every_place_shown() -> Iterator[None]:
    """The pages as they are once people have graded everything: they say most then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reveal, "Places", every_place_of)
        yield


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core at the version of the lock, fetched by one worker while the other waits."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "axe-core.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return str(load_build().axe_script().read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def desk_named(
    golden_folders: GoldenFolders, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Desk, str]]]:
    """A desk and its address by the name of its state, served from the first time it is asked for."""
    opened: dict[str, tuple[Desk, str]] = {}
    with ExitStack() as stack:
        open_desk = opener_of(golden_folders, tmp_path_factory.mktemp("desks"), stack)

        def named(name: str) -> tuple[Desk, str]:
            if name not in opened:
                desk = open_desk(name)
                opened[name] = desk, stack.enter_context(served(desk))
            return opened[name]

        yield named


OpenWindow = Callable[..., Window]


@pytest.fixture(scope="module")
def window_on(chromium: Browser, desk_named: Callable[[str], tuple[Desk, str]]) -> Iterator[OpenWindow]:
    """A window on a desk, in a session of its own; ``script=False``: a browser that runs no scripts."""
    with ExitStack() as stack:

        def make(name: str, role: RoleName | None = None, *, script: bool = True) -> Window:
            desk, address = desk_named(name)
            context = stack.enter_context(chromium.new_context(viewport=WIDE, java_script_enabled=script))
            if role is not None:
                sign_in(context, desk, address, role)
            return Window.of(context, address)

        yield make
