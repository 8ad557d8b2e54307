"""How incidents drawn by hand come to be recorded: kinds, codes, second crimes, markers, revisions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures.raw_rows import EPOCH, frame, many, raw_rows

from threat.asof import DAY
from threat.simulation.records import recording, revisions
from threat.simulation.records.event_rows import EventRows
from threat.simulation.world import states

PLAIN = {"reclassified": {}, "reclassified_from": {}, "no_crime": 0.0, "corrected": 0.0, "second_crime": 0.0}
"""Nothing is revised and no second crime recorded."""


def call(offence: str, state: int = 0, at: float = 10.0) -> dict[str, Any]:
    return {"what": states.INCIDENT, "offence": states.OFFENCES.index(offence), "at": at, "state": state}


def written(*rows: dict[str, Any], **numbers: Any) -> pd.DataFrame:
    calls = raw_rows(*rows, **(PLAIN | numbers))
    events = EventRows()
    recording.incidents(events, calls, recording.incident_fields(calls))
    return frame(events)


@pytest.mark.parametrize(
    ("offence", "kind", "source"),
    [
        ("stalking", "stalking", "crime"),
        ("domestic_incident", "domestic_incident", "calls"),
        ("concern_for_safety", "concern_for_safety", "calls"),
        ("wounding_with_weapon", "wounding", "crime"),
        ("strangulation_with_injury", "non_fatal_strangulation", "crime"),
        ("injury_with_weapon", "assault_with_injury", "crime"),
        ("breach", "breach_bail", "crime"),
    ],
)
def test_an_offence_is_recorded_as_a_kind_by_a_system(offence: str, kind: str, source: str) -> None:
    row = written(call(offence), not_crimed_strangulation=0.0).iloc[0]
    assert (row["kind"], row["source"], row["relation"]) == (kind, source, 0)


@pytest.mark.parametrize(("share", "kind"), [(0.0, "non_fatal_strangulation"), (1.0, "strangulation_reported")])
def test_some_strangulation_is_reported_and_not_crimed(share: float, kind: str) -> None:
    assert written(call("non_fatal_strangulation"), not_crimed_strangulation=share)["kind"].tolist() == [kind]


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (states.NON_MOLESTATION, "breach_non_molestation"),
        (states.PROTECTION, "breach_protection_order"),
        (states.RESTRAINING, "breach_restraining_order"),
        (states.STALKING_ORDER, "breach_stalking_order"),
    ],
)
def test_a_breach_is_of_the_order_in_force(order: int, kind: str) -> None:
    state = states.BIT_ORDER | (order << states.ORDER_SHIFT)
    row = written(call("breach", state)).iloc[0]
    assert row["kind"] == kind
    assert row["code"] in {"contact", "registration", "other"}


def test_only_ordinary_crimes_have_a_second_crime_of_another_kind() -> None:
    second = {"second_crime": 1.0, "second_crimes": {"criminal_damage": 1.0}, "counting_dropped": 0.0}
    assert written(call("stalking"), **second)["kind"].tolist() == ["stalking", "criminal_damage"]
    assert written(call("criminal_damage"), **second)["kind"].tolist() == ["criminal_damage"]
    assert written(call("domestic_incident"), **second)["kind"].tolist() == ["domestic_incident"]
    assert written(call("rape"), **second)["kind"].tolist() == ["rape"]
    first_grave = call(states.OFFENCES[states.FIRST_GRAVE])
    assert written(first_grave, **second)["kind"].tolist() == ["non_fatal_strangulation"]


def test_second_crimes_are_dropped_from_the_day_of_the_changed_counting_rule_on() -> None:
    change = recording.counting_change() - EPOCH
    second = {"second_crime": 1.0, "second_crimes": {"criminal_damage": 1.0}, "counting_dropped": 1.0}
    quick = {"lag_call": 0.0, "late_share": 0.0}  # recorded a minute after it happened
    before = written(call("stalking", at=(change - 60.5) / DAY), **second, **quick)
    after = written(call("stalking", at=(change - 59.5) / DAY), **second, **quick)
    assert before["kind"].tolist() == ["stalking", "criminal_damage"]
    assert after["kind"].tolist() == ["stalking"]


def test_a_reclassified_crime_is_first_the_lesser_one_and_superseded() -> None:
    lesser = {"reclassified_from": {"stalking": "harassment"}, "reclassified": {"stalking": 1.0}}
    rows = written(call("stalking"), **lesser)
    assert rows["kind"].tolist() == ["harassment", "stalking"]
    assert rows["supersedes"].tolist() == [0, rows["event"][0]]
    assert rows["recorded"].is_monotonic_increasing
    assert rows["incident"].nunique() == rows["occurred"].nunique() == 1


@pytest.mark.parametrize(
    ("offence", "expected"),
    [("stalking", ["stalking", "withdrawn"]), ("rape", ["rape"]), ("domestic_incident", ["domestic_incident"])],
)
def test_only_ordinary_crimes_are_found_to_be_no_crime(offence: str, expected: list[str]) -> None:
    rows = written(call(offence), no_crime=1.0, corrected=1.0)
    assert rows["kind"].tolist() == expected  # what is no crime is not redated too
    if len(rows) == 2:
        assert rows["supersedes"][1] == rows["event"][0]
        assert rows["relation"].tolist() == [0, -1]
        assert rows["recorded"][1] > rows["recorded"][0]


def test_a_corrected_crime_has_an_earlier_date_and_a_later_record() -> None:
    rows = written(call("stalking"), corrected=1.0)
    assert rows["kind"].tolist() == ["stalking", "stalking"]
    assert rows["supersedes"][1] == rows["event"][0]
    assert rows["occurred"][1] < rows["occurred"][0]
    assert rows["recorded"][1] > rows["recorded"][0]


@pytest.mark.parametrize(
    ("offence", "disclosed", "marked"),
    [("breach", 0, 0), ("strangulation_with_injury", 1, 0), ("kidnap", 1, 0), ("gbh_with_intent", 1, 1)],
)
def test_what_comes_to_light_only_after_the_worst(offence: str, disclosed: int, marked: int) -> None:
    """Older abuse after a grave or deadly incident, a mark of suicidality after a deadly one: dated before it."""
    calls = raw_rows(*many(500, **call(offence)), disclosure=1.0, suicide_marker_after=1.0)
    events = EventRows()
    revisions.disclosures(events, calls)
    revisions.late_suicide_markers(events, calls)
    rows = frame(events)
    assert (rows["relation"] == 0).sum() == 500 * disclosed
    assert (rows["kind"] == "suicidal_ideation").sum() == 500 * marked
    assert (rows["occurred"] <= 9.0).all()
    assert (rows["recorded"] > 10.0).all()


def test_deadly_incidents_are_reported_by_others_than_ordinary_ones() -> None:
    shares = {"reported_by": [0, 1, 0, 0, 0, 0], "reported_by_deadly": [0, 0, 0, 1, 0, 0]}
    offences = (states.OFFENCES[states.FIRST_DEADLY - 1], states.OFFENCES[states.FIRST_DEADLY], "attempted_murder")
    calls = raw_rows(*map(call, offences), **shares)
    assert recording.callers(calls).tolist() == [1, 3, 3]


def test_markers_of_another_system_come_after_the_call_and_have_a_record_of_their_own() -> None:
    calls = raw_rows(*many(300, **call("stalking")))
    events = EventRows()
    recording.markers(events, calls, recording.incident_fields(calls))
    rows = frame(events)
    other = rows[rows["source"] != "crime"]
    assert len(other) > 3
    assert set(other["reported_by"]) == {"agency"}
    first = dict(zip(calls.keys.tolist(), (calls.first_recorded - EPOCH) / DAY, strict=True))
    assert (other["recorded"] >= other["incident"].map(first)).all()
    crime_records = set(recording.incident_fields(calls).record.tolist())  # type: ignore[union-attr]
    assert not set(other["record"]) & crime_records
    assert set(rows.loc[rows["source"] == "crime", "record"]) <= crime_records
    assert len(np.unique(rows["event"])) == len(rows)
