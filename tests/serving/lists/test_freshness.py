"""How fresh records are, in words, and what does not make a relationship fresh."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fixtures import golden_force as golden
from fixtures.feature_histories import UNKNOWN, Happening, rows, sightings
from fixtures.golden_lists import names_in_order, published_list

from serving.desk.service import Desk
from serving.lists.freshness import freshness, last_incident, new_records
from threat.asof import DAY


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "under 1 day"),
        (0.99, "under 1 day"),
        (1.0, "1 to 7 days"),
        (7.99, "1 to 7 days"),
        (8.0, "8 to 90 days"),
        (90.99, "8 to 90 days"),
        (91.0, "over 90 days"),
    ],
)
def test_freshness(days, words):
    assert freshness(golden.AS_OF - int(days * DAY), golden.AS_OF) == words


def test_freshness_of_the_golden_force(rule_var):
    listed = published_list(rule_var)
    fresh = dict(zip(names_in_order(listed), listed.rows["freshness"].to_pylist(), strict=True))
    assert fresh["G01"] == "1 to 7 days"
    assert fresh["G07"] == "8 to 90 days"  # what was recorded after the as-of does not make it fresh
    assert fresh["G09"] == "8 to 90 days"  # the unit's own visit does not either


@pytest.mark.parametrize(("seconds_after", "counted"), [(-1, 0), (0, 1), (1, 1)])
def test_what_was_recorded_in_the_second_of_the_list_before_is_new(seconds_after: int, counted: int) -> None:
    """The list before knew what was recorded before its as-of, so the very second is not lost between the two."""
    since = golden.AS_OF - 7 * DAY
    recorded = since + seconds_after
    records = sightings([Happening("stalking", recorded, recorded, subject=1, at_risk=2, event_id=1)])
    assert new_records(records, rows([(1, 2, golden.AS_OF)]), since, golden.AS_OF).tolist() == [counted]


def test_the_last_incident_of_the_golden_force(desk: Desk) -> None:
    view = desk.view()
    pairs = view.snapshot.rows([golden.relationship_id(name) for name in golden.ORDER], golden.AS_OF)
    latest = last_incident(view.snapshot.sightings(), pairs, golden.AS_OF)
    days = [(golden.AS_OF - at) // DAY for at in latest.tolist()]
    assert dict(zip(golden.ORDER, days, strict=True)) == golden.DAYS_SINCE_LAST_INCIDENT


def test_the_last_incident_is_this_way_on_record_and_past() -> None:
    def at(day: int, kind: str = "stalking", subject: int = 1, at_risk: int = 2, **more: int) -> Happening:
        happened = day * DAY
        return Happening(kind, happened, more.pop("recorded_at", happened), subject=subject, at_risk=at_risk, **more)

    def latest(*happenings: Happening) -> list[int]:
        numbered = [replace(happening, event_id=i, incident_id=i) for i, happening in enumerate(happenings, start=1)]
        asked = [(1, 2, 100 * DAY), (2, 1, 100 * DAY), (1, UNKNOWN, 100 * DAY), (9, 2, 100 * DAY)]
        return (last_incident(sightings(numbered), rows(asked), 100 * DAY) // DAY).tolist()

    first = at(10)
    assert latest(first) == [10, 0, 0, 0]
    assert latest(first, at(30, "domestic_incident"), at(40, "charge"), at(50, "unit_contact")) == [30, 0, 0, 0]
    assert latest(first, at(30, subject=2, at_risk=1)) == [10, 30, 0, 0]
    assert latest(first, at(30, at_risk=3), at(40, subject=3)) == [10, 0, 0, 0]
    assert latest(first, at(30, recorded_at=100 * DAY)) == [10, 0, 0, 0]  # not yet on record
    assert latest(first, at(30, withdrawn_at=99 * DAY)) == [10, 0, 0, 0]
    assert latest(at(30, withdrawn_at=100 * DAY)) == [30, 0, 0, 0]
    assert latest() == [0, 0, 0, 0]
