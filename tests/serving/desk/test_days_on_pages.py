"""Days and times on pages: records in the zone of the force, a day where a source dates by day, as-ofs by UTC date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.case_force import Force, ev, pid
from fixtures.desk_browser import NOW, Browser, client_of

from serving.desk.service import Desk
from serving.lists.making import ListOptions, make_list, replay_list
from threat.asof import parse_as_of
from threat.ids import pair_ids, show_id

pytestmark = pytest.mark.usefixtures("every_place")

EXPORT = {
    "events": [
        ev("threat_to_kill", "2024-06-28", "2024-06-28", incident="a"),
        ev("assault_with_injury", "2024-06-27T10:15", "2024-06-27T23:45", incident="b"),
        ev("stalking", "2021-02-01", "2024-06-20T12:00", until="2024-06-15", incident="c"),
        {"kind": "custody", "person": "s", "occurred_at": "2024-06-25", "recorded_at": "2024-06-25"}
        | {"until": "2024-07-31", "domestic": "unknown"},
        ev("murder", "1900-01-01", "2024-06-26", v="w", event="undated"),
    ],
}  # fmt: skip
"""All in summer, in London, where a day begins at 23:00 UTC of the day before and ends at 22:59:59 UTC."""


@pytest.fixture(scope="module", params=["Europe/London", "America/New_York"])
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Browser]]:
    force, var = Force(EXPORT, now="2024-07-01T01:00+01:00"), tmp_path_factory.mktemp("var")
    policy = var / "policy.yaml"
    shipped = (Path(__file__).parents[3] / "threat" / "policy.yaml").read_text(encoding="utf-8")
    policy.write_text(shipped.replace("time_zone: Europe/London", f"time_zone: {request.param}"), encoding="utf-8")
    options = ListOptions(capacity=1, publish=True, stale_ok=True, policy_path=policy)
    made = make_list(force.store, var, parse_as_of("2024-07-01"), options, started_at=NOW)
    assert made.id.startswith("L-2024-07-01-")
    assert replay_list(force.store, var, made.id, started_at=NOW, policy_path=policy)["same"]
    desk = Desk(force.store, var, clock=lambda: NOW, database_path=Path(force.dir.name) / "desk.sqlite")
    yield request.param, client_of(desk)
    desk.close()


SAID = {
    "Europe/London": (
        "The subject is in custody since 25 June 2024, until 31 July 2024",
        "Threat to kill on 28 June 2024, recorded 3 days ago",
        ">28 June 2024</time></strong> · recorded <",  # no clock time: the source gave none
        ">27 June 2024, 10:15</time></strong> · recorded <",
        ">27 June 2024, 23:45</time>",
    ),
    "America/New_York": (
        "The subject is in custody since 24 June 2024, until 31 July 2024",
        "Threat to kill on 27 June 2024, recorded 3 days ago",
        ">27 June 2024</time></strong> · recorded <",
        ">27 June 2024, 05:15</time></strong> · recorded <",
        ">27 June 2024, 18:45</time>",
    ),
}


def test_records_are_said_in_the_zone_of_the_policy(shown: tuple[str, Browser]) -> None:
    zone, pages = shown
    page = pages.get(f"/relationships/{show_id('R', int(pair_ids([pid('s')], [pid('v')])[0]))}").text
    for sentence in (*SAID[zone], f"Days and times of records are those of {zone}."):
        assert sentence in page
    assert SAID[zone][0] in pages.get("/").text


def test_a_list_is_named_by_the_utc_date_of_its_as_of(shown: tuple[str, Browser]) -> None:
    _, pages = shown
    assert "made from what was recorded before 1 July 2024, 00:00 UTC." in pages.get("/").text


def test_a_course_of_conduct_is_said_from_its_beginning_to_its_end(shown: tuple[str, Browser]) -> None:
    zone, pages = shown
    page = pages.get(f"/relationships/{show_id('R', int(pair_ids([pid('s')], [pid('v')])[0]))}").text
    began = {"Europe/London": "1 February 2021", "America/New_York": "31 January 2021"}[zone]
    assert f">{began}</time> to <time" in page
    assert page.index("Threat to kill") < page.index("Stalking")  # in its place of 15 June 2024
    assert re.findall(r"<h3[^>]*>([0-9]{4})</h3>", page) == ["2024"]


def test_a_death_without_a_date_is_said_to_have_happened_at_no_known_time(shown: tuple[str, Browser]) -> None:
    _, pages = shown
    page = pages.get(f"/relationships/{show_id('R', int(pair_ids([pid('s')], [pid('v')])[0]))}").text
    recorded = page.partition("Happened at a time not known, before it was recorded</strong> · recorded <time")[2]
    assert recorded.partition(">")[2].startswith("26 June 2024</time>")


def test_a_death_without_a_date_is_given_no_day_by_any_part_of_a_page(shown: tuple[str, Browser]) -> None:
    """Its row holds the time of its recording, which is no day of a death."""
    _, pages = shown
    of_other, of_dead = (
        pages.get(f"/api/v1/relationships/{show_id('R', int(pair_ids([pid('s')], [pid(who)])[0]))}").json()
        for who in ("v", "w")
    )
    alive = [[line["text"] for line in answer["now"][-1]["sentences"]] for answer in (of_other, of_dead)]
    assert alive == [
        [
            "The subject is on record for the homicide of another person on a day not known.",
            "Neither party is on record as dead.",
        ],
        [
            "The person at risk is on record as dead, on a day not known (murder).",
            "The subject is not on record as dead.",
        ],
    ]
    (trigger,) = (each for each in of_other["must_see"] if each["kind"] == "murder")
    assert trigger["sentence"].startswith("Murder of another person on a day not known, about the subject, recorded ")
    shorts = [why["short"] for why in of_other["seen_for"]]
    assert "murder of another person on a day not known" in shorts
    lanes = {marker["name"]: marker["lanes"] for marker in of_other["markers"]}
    harm = lanes["harm_to_others"][0]
    assert (harm["sentence"], harm["events"][0]["text"]) == (
        "Yes: 1 incident, on a day not known.",
        "murder, on a day not known",
    )
    (row,) = (row for row in pages.get("/api/v1/queue").json()["rows"])
    assert "harm to others: murder on a day not known" in [marker["text"] for marker in row["markers"]]
