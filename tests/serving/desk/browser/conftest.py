"""Chromium, axe-core, and the desks whose pages it reads; all made once a file."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from fixtures import family_force, stopped_feed
from fixtures import golden_force as golden
from fixtures.browser import WIDE, Window
from fixtures.desk_browser import NOW, STARTED_AT
from fixtures.frontend_build import ROOT, load_build
from fixtures.golden_lists import REFERENCE
from pages.chromium import chromium as run_chromium
from pages.chromium import program, served, sign_in
from playwright.sync_api import Browser

from serving.audit.log import Entry, record
from serving.desk.service import Desk
from serving.desk.sign_in import Role
from serving.lists.making import ListOptions, make_list
from threat.history.store import Store

TOUR = {
    "status": "Ready: the model orders the list.",
    "steps": [
        {"title": title, "text": "It rose.", "link": link, "link_text": link_text}
        for title, link, link_text in (
            ("One that rose", f"/relationships/{REFERENCE['G01']}", "Open the relationship"),
            ("The gate at work", "/model-card", "Open the model card"),
        )
    ],
}

FORCES = {"stopped feed": stopped_feed.publish, "family": family_force.publish}
"""Forces of their own, each published in a folder, by the name of their desk."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, for one file: while it runs, other tests of the same process could not call ``asyncio.run``."""
    if not program():
        pytest.skip("Chromium is not installed")
    with run_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core at the version of the lock, fetched by one worker while the other waits."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "axe-core.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return str(load_build().axe_script().read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def desk_named(
    golden_store: Path, rule_var: Path, model_var: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Desk, str]]]:
    """A desk and its address by the name of its state, served from the first time it is asked for."""
    folder = tmp_path_factory.mktemp("desks")
    opened: dict[str, tuple[Desk, str]] = {}
    with ExitStack() as stack:

        def open_desk(name: str) -> Desk:
            var, store, tour = folder / name / "var", golden_store, folder / name / "tour.json"
            (folder / name).mkdir()
            if name in FORCES:
                force = FORCES[name](var)
                stack.callback(lambda: force)  # its files go when nobody refers to it
                store = force.store
            elif name == "empty":
                store = folder / name / "history"
                Store.create(store)
                make_list(store, var, golden.AS_OF, ListOptions(publish=True), started_at=STARTED_AT)
            elif name == "tour":
                tour.write_text(json.dumps(TOUR), encoding="utf-8")
            var = {"rule": rule_var, "model": model_var, "tour": rule_var, "broken log": rule_var}.get(name, var)
            database = folder / name / "desk.sqlite"
            desk = Desk(store, var, clock=lambda: NOW, database_path=database, tour_path=tour)
            stack.enter_context(closing(desk))
            if name == "broken log":
                change_first_entry(desk)
            return desk

        def named(name: str) -> tuple[Desk, str]:
            if name not in opened:
                desk = open_desk(name)
                opened[name] = desk, stack.enter_context(served(desk))
            return opened[name]

        yield named


def change_first_entry(desk: Desk) -> None:
    """Write an entry to the audit log of a desk, and change it behind the desk's back."""
    record(desk.engine, Entry("development admin", "admin", "access", "sign in"), NOW)
    with closing(sqlite3.connect(str(desk.engine.url.database))) as raw, raw:
        raw.execute("DROP TRIGGER audit_entries_no_update")
        raw.execute("UPDATE audit_entries SET who = 'nobody' WHERE sequence = 1")


OpenWindow = Callable[..., Window]


@pytest.fixture(scope="module")
def window_on(chromium: Browser, desk_named: Callable[[str], tuple[Desk, str]]) -> Iterator[OpenWindow]:
    """A window on a desk, in a session of its own; ``script=False``: a browser that runs no scripts."""
    with ExitStack() as stack:

        def make(name: str, role: Role | None = None, *, script: bool = True) -> Window:
            desk, address = desk_named(name)
            context = stack.enter_context(chromium.new_context(viewport=WIDE, java_script_enabled=script))
            if role is not None:
                sign_in(context, desk, address, role)
            return Window.of(context, address)

        yield make
