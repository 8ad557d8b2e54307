"""How old its list is, said on every page of cases by the clock of the desk; one too old says so over everything."""

from __future__ import annotations

import re

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE

from serving.desk.problems import NotFound
from serving.identity.roles import RoleName
from threat.asof import DAY

CASE = f"/relationships/{REFERENCE['G01']}"


def main_of(text: str) -> list[str]:
    """The texts of a page's main part in order, without its markup."""
    main = text[text.index("<main") : text.index("</main>")]
    return [" ".join(part.split()) for part in re.split(r"<[^>]+>", main) if part.strip()]


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (-1, "which is still to come by the clock of this desk."),
        (0, "less than a day old."),
        (DAY - 1, "less than a day old."),
        (DAY, "1 day old."),
        (3 * DAY + 1, "3 days old."),
        (7 * DAY, "7 days old."),
        (60 * DAY, "9 weeks old."),
        (400 * DAY, "about 13 months old."),
    ],
)
def test_the_list_and_a_case_say_their_age_by_the_clock_of_the_desk(
    open_desk, rule_var, seconds: int, age: str
) -> None:
    now = golden.AS_OF + seconds
    client = client_of(open_desk(rule_var, clock=lambda: now))
    for path in ("/", "/?relation=sibling", CASE):
        texts = main_of(client.get(path).text)
        assert [text for text in texts if text.startswith("This list is from 1 Jun 2024")] == [
            f"This list is from 1 Jun 2024, {age}"
        ]
        assert ("silence here is not calm" in " ".join(texts)) == (seconds > 7 * DAY)


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("reviewer", "/", 200),
        ("analyst", CASE, 200),
        ("reviewer", "/model-card", 200),
        ("governance", "/audit-log", 200),
        ("admin", "/model-card", 403),
        ("reviewer", "/relationships/R-0000000000000001", 404),
        ("reviewer", "/nowhere", 404),
        ("reviewer", "/?page=two", 422),
    ],
)
def test_a_list_that_is_too_old_says_so_first_on_every_page(
    open_desk, rule_var, role: RoleName, path: str, status: int
) -> None:
    now = golden.AS_OF + 7 * DAY
    client = client_of(open_desk(rule_var, clock=lambda: now), role)
    said = "This list is 7 days old: it is from 1 Jun 2024, and records may be at most 7 days behind."
    assert said not in client.get(path).text
    now += 1
    answer = client.get(path)
    assert answer.status_code == status
    texts = main_of(answer.text)
    # An exclamation mark for the eye, "Warning" for the ear, then the sentence: before the way back and the heading.
    assert texts[:2] == ["!", "Warning"]
    assert texts[2].startswith(said)


def test_nothing_is_said_of_age_without_a_list_or_where_it_cannot_be_opened(open_desk, golden_store, tmp_path) -> None:
    desk = open_desk(tmp_path)
    with pytest.raises(NotFound):
        desk.view()
    assert (desk.age_of_list(golden.AS_OF).age, desk.age_of_list(golden.AS_OF).stale) == ("", "")
    assert "This list is" not in client_of(desk).get("/").text


def test_the_list_of_a_demonstration_says_its_age_and_no_warning(open_desk, rule_var, tmp_path) -> None:
    tour = tmp_path / "tour.json"
    tour.write_text('{"status": "Ready."}', encoding="utf-8")
    now = golden.AS_OF + 400 * DAY
    texts = main_of(client_of(open_desk(rule_var, clock=lambda: now, tour_path=tour)).get("/").text)
    assert "This list is from 1 Jun 2024, about 13 months old." in texts
    assert "silence here is not calm" not in " ".join(texts)
