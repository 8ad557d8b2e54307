"""Which event is behind a figure when several give it: always the latest of them."""

from __future__ import annotations

import pytest
from fixtures.feature_definitions import define
from fixtures.feature_histories import AS_OF, hit, rows, sightings

from features import lineage, value
from threat.asof import DAY

ASKED = rows([(11, 12, AS_OF)])
KINDS = {"kinds": ("assault_with_injury", "custody", "restraining_order")}


@pytest.mark.parametrize("statistic", ["max", "sum"])
def test_of_two_equally_grave_events_of_an_incident_the_latest(statistic):
    store = sightings([hit(1, 20, incident_id=7), hit(2, 10, incident_id=7)])
    assert lineage(store, ASKED, 0, define("a", statistic=statistic, of="harm", **KINDS)) == [2]


def test_of_two_equally_grave_incidents_the_latest_is_the_highest_and_both_are_in_the_sum():
    store = sightings([hit(1, 20), hit(2, 10)])
    assert lineage(store, ASKED, 0, define("a", statistic="max", of="harm", **KINDS)) == [2]
    assert lineage(store, ASKED, 0, define("a", statistic="sum", of="harm", **KINDS)) == [1, 2]


def test_of_two_stays_that_end_together_the_latest():
    ended = AS_OF - 5 * DAY
    store = sightings([hit(1, 20, until=ended), hit(2, 10, until=ended), hit(3, 30, until=ended - 1)])
    assert lineage(store, ASKED, 0, define("a", statistic="days_since_end", **KINDS)) == [2]


def test_a_stay_of_no_length_is_behind_no_days_in_custody():
    store = sightings(
        [hit(1, 20, until=AS_OF - 20 * DAY), hit(2, 10, until=AS_OF - 5 * DAY), hit(3, 90, until=AS_OF - 60 * DAY)]
    )
    in_custody = define("a", statistic="days_in_custody", window_days=30, **KINDS)
    assert value(store, ASKED, in_custody).tolist() == [5.0]
    assert lineage(store, ASKED, 0, in_custody) == [2]


def test_the_last_gap_is_between_two_incidents_and_the_average_between_all():
    store = sightings([hit(1, 30), hit(2, 20), hit(3, 10)])
    assert lineage(store, ASKED, 0, define("a", statistic="last_gap", **KINDS)) == [2, 3]
    assert lineage(store, ASKED, 0, define("a", statistic="mean_gap", **KINDS)) == [1, 2, 3]


def test_an_unknown_counterpart_is_behind_no_count_of_persons():
    store = sightings([hit(1, 30), hit(2, 20, at_risk=-1), hit(3, 10, at_risk=13)])
    of_persons = define("a", statistic="distinct_counterparts", scope="subject_anyone", **KINDS)
    assert lineage(store, ASKED, 0, of_persons) == [1, 3]
