"""Corrections and withdrawals: circles, other parties, whole records, and what is tried again."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures.case_force import Force, ev

from threat.asof import NEVER, parse_as_of
from threat.history import quarantine


def _day(number: int) -> str:
    return f"2024-01-{number:02d}T00:00:00Z"


def _withdrawn(day: int, **more: object) -> dict[str, object]:
    return {"kind": "withdrawn", "occurred_at": _day(day), "recorded_at": _day(day), **more}


def _seen(force: Force) -> dict[str, tuple[int, int]]:
    """From which day until which each event is seen, by its reference; 0 without an end."""
    sightings = force.snapshot.sightings()
    names = {row["event_id"]: row["source_id"] for row in force.q("SELECT event_id, source_id FROM events")}
    first = parse_as_of(_day(1))
    out = {}
    for event, start, end in zip(
        sightings.event_id.tolist(), sightings.visible_from.tolist(), sightings.visible_until.tolist(), strict=True
    ):
        out[names[event]] = ((start - first) // 86400 + 1, 0 if end == NEVER else (end - first) // 86400 + 1)
    return out


STALKING = ev("stalking", _day(1), event="E1", record="C1")


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        (ev("stalking", _day(2), event="E2", supersedes="E2"), "circular_correction", "supersedes: E2"),
        (ev("stalking", _day(2), event="E2", supersedes="E9"), "unknown_reference", "supersedes: E9"),
        (_withdrawn(2, supersedes="E1", subject="other"), "other_parties", "supersedes: E1"),
        (_withdrawn(2, record="C1", person="other"), "other_parties", "supersedes all of the record C1"),
        (_withdrawn(2, record="C9"), "unknown_reference", "supersedes all of the record C9"),
        (_withdrawn(2, incident="I9"), "unknown_reference", "supersedes all of the incident I9"),
    ],
)
def test_what_is_no_correction_is_quarantined(row: dict[str, Any], reason: str, detail: str) -> None:
    force = Force({"events": [STALKING, row]})
    assert [(item["reason"], item["examples"][0]["detail"]) for item in force.reports[0]["reasons"]] == [
        (reason, detail)
    ]
    assert _seen(force) == {"E1": (1, 0)}


def test_a_circle_is_quarantined_in_any_split_over_loads() -> None:
    rows = [ev("stalking", _day(2), event="E2", supersedes="E3"), ev("rape", _day(2), event="E3", supersedes="E2")]
    for loads in ([rows], [[rows[0]], [rows[1]]], [[rows[1]], [rows[0]]]):
        force = Force(*({"events": [STALKING, *some]} for some in loads))
        assert _seen(force) == {"E1": (1, 0)}
        assert sum(report["severe_quarantined"] for report in force.reports) == 2


def test_recorded_before_what_it_corrects_unless_only_its_day_is_known() -> None:
    late = STALKING | {"recorded_at": _day(5)}
    early = ev("harassment", _day(1), _day(4), event="E2", supersedes="E1")
    force = Force({"events": [late, early]})
    assert force.reasons() == {"impossible_date": 1}
    # Known by the day alone: the correction of four o'clock may well be later than its target.
    by_day = Force({"events": [late | {"recorded_at": "2024-01-05"}, early | {"recorded_at": "2024-01-05T04:00"}]})
    assert by_day.reasons() == {}
    assert set(_seen(by_day)) >= {"E2"}
    # An older extract shows that the target was known before: the correction is tried again, and kept.
    again = Force({"events": [late, early]}, {"events": [STALKING | {"recorded_at": _day(3)}]})
    assert again.reports[1]["tried_again"] == {"kept": 1, "still_quarantined": 0}
    assert _seen(again) == {"E1": (3, 4), "E2": (4, 0)}


def test_a_withdrawal_may_name_the_parties_of_its_target_or_of_its_correction() -> None:
    unknown = ev("stalking", _day(1), event="E1", v=None)
    named = ev("stalking", _day(1), _day(2), event="E2", supersedes="E1")
    rows = [unknown, named, _withdrawn(3, supersedes="E1", subject="s", person_at_risk="v")]
    force = Force({"events": rows})
    assert force.reasons() == {}
    assert _seen(force) == {"E1": (1, 2), "E2": (2, 3)}


def test_a_withdrawal_before_its_event_is_tried_again() -> None:
    withdrawal, event = {"events": [_withdrawn(3, event="W1", supersedes="E1")]}, {"events": [STALKING]}
    force = Force(withdrawal, event, withdrawal, event)
    assert [report["tried_again"]["kept"] for report in force.reports] == [0, 1, 0, 0]
    assert [report["already_loaded"] for report in force.reports] == [False, False, True, True]
    assert force.reports[1]["rows_in"] == 1
    assert force.reports[1]["new"]["events"] == 2
    assert _seen(force) == {"E1": (1, 3)}
    # Nothing is left to try: a further load counts none.
    assert force.reports[3]["tried_again"] == {"kept": 0, "still_quarantined": 0}


def test_rows_of_a_load_are_counted_without_those_that_are_tried_again() -> None:
    unknown, circular = _withdrawn(3, supersedes="E9"), ev("stalking", _day(2), event="E2", supersedes="E2")
    force = Force({"events": [unknown]}, {"events": [STALKING, circular, _withdrawn(4, supersedes="E8")]})
    last = force.reports[1]
    assert (last["rows_in"], last["rows_kept"], last["rows_quarantined"]) == (3, 1, 2)
    assert force.reasons() == {"circular_correction": 1, "unknown_reference": 1}
    assert last["tried_again"] == {"kept": 0, "still_quarantined": 1}
    assert len(quarantine.read(force.snapshot)) == 3


def test_a_whole_record_is_withdrawn_by_its_reference_in_any_order_of_loads() -> None:
    before = [STALKING, ev("threat_to_kill", _day(1), _day(2), event="E2", record="C1")]
    withdrawal = [_withdrawn(4, event="W1", record="C1")]
    late = [ev("rape", _day(1), _day(3), event="E3", record="C1")]
    later = [ev("arson", _day(1), _day(6), event="E4", record="C1")]
    parts = [before, withdrawal, late, later]
    for order in ((0, 1, 2, 3), (1, 3, 2, 0), (3, 2, 1, 0)):
        force = Force(*({"events": parts[i]} for i in order))
        assert _seen(force) == {"E1": (1, 4), "E2": (2, 4), "E3": (3, 4), "E4": (6, 0)}
    # The same withdrawal stamped anew is the same withdrawal.
    again = Force(
        *(
            {"events": part}
            for part in (before, withdrawal, [_withdrawn(4, event="W1", record="C1") | {"recorded_at": _day(9)}])
        )
    )
    assert sum(again.reports[2]["new"].values()) == 0


def test_a_whole_incident_is_withdrawn_by_its_reference() -> None:
    rows = [
        ev("stalking", _day(1), event="E1", record="C1", incident="I1"),
        ev("rape", _day(1), event="E2", incident="I1"),
    ]
    force = Force({"events": [*rows, _withdrawn(2, incident="I1", subject="s")]})
    assert _seen(force) == {"E1": (1, 2), "E2": (1, 2)}


def test_the_units_own_work_is_proactive_whatever_the_column_says() -> None:
    rows = [
        ev("unit_contact", _day(1)),
        ev("unit_review", _day(1), proactive="no"),
        ev("unit_plan", _day(1), proactive="yes"),
    ]
    force = Force({"events": rows})
    assert force.reports[0]["proactive_by_theme"] == 2
    assert [row["proactive"] for row in force.q("SELECT proactive FROM events")] == [True] * 3
