"""After an erasure the desk shows nothing of the person: not on the list that it had open, and not on the next one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import NOW, STARTED_AT, client_of, token_in
from fixtures.trusted import Trusted

from serving.desk.service import Desk
from serving.lists.making import ListOptions, make_list
from threat.history import Store
from threat.history.erasure import Asked, erase
from threat.ids import show_id

GONE = golden.person_id("S01")
CASE = show_id("R", golden.relationship_id("R01"))
NAMED = ("Sam Example", show_id("P", GONE), CASE)
PAGES = ("/", f"/relationships/{CASE}", f"/people/{show_id('P', GONE)}")
WHY = "The published list is shown no longer: records that it was made from were erased since."


@pytest.fixture
def store(golden_store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(golden_store, tmp_path / "history"))


@pytest.fixture
def desk(open_desk, rule_var: Path, store: Path, tmp_path: Path) -> Desk:
    """A desk that a reviewer reads while somebody is erased."""
    return open_desk(Path(shutil.copytree(rule_var, tmp_path / "var")), store=store)


def erase_them(store: Path, trusted: Trusted) -> None:
    by = (trusted.key("approval"), trusted.key("approval-owner"))
    erase(Store.open(store), Asked(GONE, "court order 12 of 2026", by, NOW))


def test_a_desk_that_is_running_shows_nothing_of_an_erased_person_and_says_why(
    desk: Desk, store: Path, demonstration_trusted: Trusted
) -> None:
    reviewer = client_of(desk)
    before = [reviewer.get(page) for page in PAGES]
    assert [answer.status_code for answer in before][:3] == [200, 200, 200]
    assert CASE in before[0].text
    erase_them(store, demonstration_trusted)
    for page in PAGES:
        answer = reviewer.get(page)
        # The review list is the first page of a desk: without a list it says why there is none.
        assert answer.status_code == (200 if page == "/" else 404), page
        assert WHY in answer.text, page
        assert page == "/" or "ask whoever runs this desk to publish a list of what is left" in answer.text, page
        # The address that the reader typed is in a link of the page; nothing of the records is.
        assert [word for word in NAMED if word in answer.text and word not in page] == [], page
    token = token_in(reviewer.get("/search").text)
    found = reviewer.post("/search", data={"reference": CASE, "token": token})
    assert (found.status_code, WHY in found.text) == (404, True)
    api = reviewer.get("/api/v1/queue")
    assert (api.status_code, api.json()["problem"]) == (404, WHY)
    assert client_of(desk, "governance").get("/governance").status_code == 200
    assert client_of(desk, "governance").get("/audit-log").status_code == 200


def test_the_next_list_is_of_those_who_are_left(desk: Desk, store: Path, demonstration_trusted: Trusted) -> None:
    reviewer = client_of(desk)
    assert reviewer.get("/").status_code == 200
    erase_them(store, demonstration_trusted)
    options = ListOptions(capacity=3, publish=True)
    make_list(store, desk.var, golden.AS_OF, options, started_at=STARTED_AT + 1)
    page = reviewer.get("/")
    assert page.status_code == 200
    assert [word for word in NAMED if word in page.text] == []
    answer = reviewer.get(f"/relationships/{CASE}")
    assert answer.status_code == 404
    assert "There is no relationship with this reference in the records the list was made from." in answer.text
    assert "Sam Example" not in answer.text


def test_a_load_closes_no_list(desk: Desk, store: Path) -> None:
    """A history that grew is no erasure: the list stays open, and is not opened again."""
    reviewer = client_of(desk)
    reviewer.get("/")
    view = desk.view()
    (store / "manifest.json").touch()
    assert reviewer.get("/").status_code == 200
    assert desk.view() is view
