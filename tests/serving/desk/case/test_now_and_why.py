"""How things are at the date of the list, and why a reviewer sees a relationship: fixed lines, and never the rank."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.case_force import ev
from fixtures.desk_browser import NOW, Browser, client_of
from fixtures.published_force import alone, publish, reference

from serving.desk.service import Desk

pytestmark = pytest.mark.usefixtures("every_place")

EXPORT = {
    "events": [
        ev("stalking", "2024-04-01T10:00"),
        ev("marac_referral", "2024-05-27T10:00"),
        ev("unit_plan", "2024-05-03T10:00", proactive="yes"),
        ev("restraining_order", "2024-01-01T10:00", until="2024-06-05T10:00"),
        alone("bail_granted", "s", "2024-05-01T10:00", code="conditional"),
        alone("licence_end", "s", "2024-06-06T10:00", "2024-05-01T10:00"),
        # Recorded before the first list, and nothing since: it stays for review alone.
        ev("stalking", "2024-04-02T10:00", s="quiet", v="calm"),
        alone("custody", "held", "2024-05-20T10:00", "2024-05-20T10:00", until="2024-06-03T10:00", code="police"),
        ev("threat_to_kill", "2024-05-29T10:00", s="held", v="her"),
        ev("stalking", "2024-03-01T10:00", s="killer", v="lives"),
        ev("murder", "2022-05-20T10:00", s="killer", v="dead"),
        ev("stalking", "2024-03-01T10:00", s="someone", v=None),
        # On no list: the last record is of years ago.
        ev("stalking", "2012-05-02T10:00", s="old", v="gone"),
    ]
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    var: Path = tmp_path_factory.mktemp("now")
    force = publish(EXPORT, var, ["2024-05-25", "2024-06-01"], capacity=10)
    desk = Desk(force.store, var, clock=lambda: NOW, database_path=var / "desk.sqlite")
    yield client_of(desk)
    desk.close()


def case_of(browser: Browser, relationship: str) -> dict[str, Any]:
    return browser.get(f"/api/v1/relationships/{relationship}").json()


def now_of(browser: Browser, relationship: str) -> dict[str, list[str]]:
    lines = case_of(browser, relationship)["now"]
    return {line["what"]: [sentence["text"] for sentence in line["sentences"]] for line in lines}


def seen_for(browser: Browser, relationship: str) -> list[tuple[str, str]]:
    return [(reason["title"], reason["sentence"]) for reason in case_of(browser, relationship)["seen_for"]]


def test_six_lines_in_their_order_with_what_is_on_record(browser: Browser) -> None:
    now = now_of(browser, reference("s", "v"))
    assert list(now.items()) == [
        ("custody", ["No stay in custody or detention is on record as in force."]),
        ("release_due", ["No release to come is on record."]),
        (
            "bail",
            [
                "The subject is on bail (conditional) since 1 May 2024, no end is recorded.",
                "The conditions themselves are not in these records.",
            ],
        ),
        ("order", ["Restraining order towards this person since 1 January 2024, until 5 June 2024."]),
        (
            "plan",
            ["Plan by the unit recorded on 3 May, 4 weeks ago.", "Who owns a plan is not in these records."],
        ),
        ("alive", ["Neither party is on record as dead."]),
    ]


@pytest.mark.parametrize(
    ("parties", "said"),
    [
        (("held", "her"), ["Neither party is on record as dead."]),
        (
            ("killer", "lives"),
            [
                "The subject is on record for the homicide of another person on 20 May 2022.",
                "Neither party is on record as dead.",
            ],
        ),
        (
            ("killer", "dead"),
            [
                "The person at risk is on record as dead since 20 May 2022 (murder).",
                "The subject is not on record as dead.",
            ],
        ),
    ],
)
def test_who_is_on_record_as_dead(browser: Browser, parties: tuple[str, str], said: list[str]) -> None:
    assert now_of(browser, reference(*parties))["alive"] == said


def test_nothing_on_record_is_said_as_that_and_once_what_it_means(browser: Browser) -> None:
    relationship = reference("old", "gone")
    assert [line["on_record"] for line in case_of(browser, relationship)["now"]] == [False] * 6
    page = browser.get(f"/relationships/{relationship}").text
    section = page[page.index('id="now"') :].split("</section>")[0]
    assert section.count("What is not on record may still be so.") == 1
    assert page.count("What is not on record may still be so.") == 1
    assert "No plan and no review by the unit is on record." in section


def test_each_line_leads_to_its_record_and_the_card_leads_back(browser: Browser) -> None:
    relationship = reference("held", "her")
    stay = case_of(browser, relationship)["now"][0]["sentences"][0]
    page = browser.get(f"/relationships/{relationship}").text
    assert f'href="#{stay["event"]}">{stay["text"]}</a>' in page
    assert f'id="{stay["event"]}"' in page
    assert "Now: Custody or detention" in page


def test_why_a_reviewer_sees_it(browser: Browser) -> None:
    assert seen_for(browser, reference("s", "v")) == [
        ("New on record", "1 new record since the list of 25 May"),
        ("Referral", "Referral to the multi-agency conference, recorded 27 May, 5 days ago"),
        ("Diary", "An order ends on 5 Jun"),
        ("Diary", "A licence ends on 6 Jun"),
    ]
    # The end of the stay opens the item: the diary does not say it again.
    assert seen_for(browser, reference("held", "her")) == [
        ("Must see", "Threat to kill on 29 May 2024, recorded 3 days ago"),
        ("Must see", "Custody is due to end on 3 June 2024, about the subject; no release is recorded"),
        ("New on record", "1 new record since the list of 25 May"),
    ]


def test_a_row_of_the_list_and_any_other_read_alike(browser: Browser) -> None:
    on_the_list, on_none = reference("quiet", "calm"), reference("old", "gone")
    assert seen_for(browser, on_the_list) == seen_for(browser, on_none) == [("For review", "")]
    row = next(row for row in browser.get("/api/v1/queue").json()["rows"] if row["relationship"] == on_the_list)
    assert [reason["title"] for reason in row["seen_for"]] == ["For review"]
    pages = [browser.get(f"/relationships/{relationship}").text for relationship in (on_the_list, on_none)]
    sections = [page[page.index('id="seen-for"') :].split("</section>")[0] for page in pages]
    assert sections[0] == sections[1]
    assert "rank" not in sections[0].lower()


def test_the_row_says_it_short(browser: Browser) -> None:
    page = browser.get("/").text
    assert "Must see (threat to kill 29 May; custody of the subject, end 3 Jun), new on record (1 new record)" in page
    assert "diary (an order ends 5 Jun; a licence ends 6 Jun)" in page
    assert "<strong>Why you see it:</strong> For review</p>" in page
