"""Incidents that intake forms where the source names none: by parties and the day that a time counts for."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures.case_force import Force, ev

from threat.history.intake.incidents import calendar_days, incident_days
from threat.history.intake.sources.standard_csv import shape

PLAIN = {"kind": "stalking", "occurred": "2024-07-02T00:30:00", "recorded": "2024-11-04"}
INCIDENTS = "SELECT incident_id FROM events ORDER BY source_id"


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ({}, {}, True),
        ({}, {"kind": "injury"}, True),
        ({}, {"v": "w"}, False),
        ({}, {"s": "v", "v": "s"}, False),
        ({"v": None}, {"v": None}, False),
        ({"kind": "charge"}, {"kind": "charge"}, False),
        ({"incident": "I1"}, {}, False),
        # Half past midnight, in summer time, is the night of the day before ...
        ({}, {"occurred": "2024-07-01T23:30:00"}, True),
        ({}, {"occurred": "2024-07-01T22:30:00Z"}, True),
        ({}, {"occurred": "2024-07-01T06:00:00"}, True),
        ({}, {"occurred": "2024-07-01T05:59:59"}, False),
        ({}, {"occurred": "2024-07-02T05:59:59"}, True),
        ({}, {"occurred": "2024-07-02T06:00:00"}, False),
        # ... also where the clocks change in the night.
        ({"occurred": "2024-03-30T23:30:00"}, {"occurred": "2024-03-31T05:59:59"}, True),
        ({"occurred": "2024-10-26T23:30:00"}, {"occurred": "2024-10-27T05:59:59"}, True),
        # A day without a time is that day, and so is its midnight, which stands for a day in many systems.
        ({}, {"occurred": "2024-07-01"}, True),
        ({}, {"occurred": "2024-07-02"}, False),
        ({"occurred": "2024-07-02T21:00:00"}, {"occurred": "2024-07-02"}, True),
        ({"occurred": "2024-07-02T00:00:00"}, {"occurred": "2024-07-02"}, True),
        ({"occurred": "2024-07-02T00:00:01"}, {"occurred": "2024-07-02"}, False),
    ],
)
def test_one_incident_is_what_one_person_did_to_another_on_one_day_and_in_its_night(
    first: dict[str, Any], second: dict[str, Any], together: bool
) -> None:
    rows = [ev(**(PLAIN | change), event=f"E{i}") for i, change in enumerate((first, second))]
    one = Force({"events": rows})
    apart = Force({"events": rows[1:]}, {"events": rows[:1]})
    assert (len({row["incident_id"] for row in one.q(INCIDENTS)}) == 1) is together
    assert one.q(INCIDENTS) == apart.q(INCIDENTS)


def test_a_store_whose_incidents_end_at_midnight_has_the_rows_of_the_same_file(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [incident_days, lambda times, precision, zone: calendar_days(times, zone)]

    def days(*given: Any) -> Any:
        return rules.pop()(*given)

    monkeypatch.setattr(shape, "incident_days", days)
    evening, night = ev(**(PLAIN | {"occurred": "2024-07-01T23:30:00"}), event="E1"), ev(**PLAIN, event="E2")
    further = ev(**(PLAIN | {"kind": "injury"}), event="E3")
    force = Force({"events": [evening, night]}, {"events": [evening, night, further]})
    assert (force.reports[1]["new"]["events"], force.reports[1]["held_already"]["events"]) == (1, 2)
    # The night keeps the incident that it has; what is recorded from now on is of the evening.
    first, second, third = (row["incident_id"] for row in force.q(INCIDENTS))
    assert first == third != second
