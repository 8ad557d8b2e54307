"""Cohorts drawn by the hour: which incidents index a relationship, and to which list a row belongs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from fixtures.case_force import Force, ev, pid

from threat.asof import DAY, parse_as_of, show
from threat.history.sightings import Rows
from threat.policy import load_policy
from training.cohorts import cohort as cohorts
from training.cohorts.folds import Cycle
from training.config import CohortSettings

HOUR = 3_600
INCIDENT = CohortSettings(kind="incident", after_seconds=HOUR)


def at(text: str) -> int:
    return parse_as_of(text)


def months(*starts: str) -> list[Cycle]:
    """A cycle from each start to the next."""
    seconds = [at(start) for start in starts]
    return [Cycle(i, a, b, b - 1) for i, (a, b) in enumerate(pairwise(seconds))]


def drawn(rows: Rows) -> list[tuple[int, str]]:
    return [(int(subject), show(as_of)[:16]) for subject, as_of in zip(rows.subject, rows.as_of, strict=True)]


@pytest.fixture(scope="module")
def force() -> Force:
    """Six incidents: four that index, at the edges of March and beyond it, and two that do not."""
    return Force(
        {
            "events": [
                ev("assault_with_injury", "2024-02-10T10:00+00:00", "2024-02-29T23:00+00:00", s="an"),
                ev("assault_with_injury", "2024-03-20T10:00+00:00", "2024-03-20T10:00+00:00", s="bo"),
                ev("assault_with_injury", "2024-03-31T20:00+00:00", "2024-03-31T23:00+00:00", s="cy"),
                ev("assault_with_injury", "2024-04-10T10:00+00:00", "2024-04-10T10:00+00:00", s="dee"),
                # The unit's own visit found out about an incident; an assessment says what somebody believes.
                ev("domestic_incident", "2024-03-05T10:00+00:00", s="eve", proactive="yes"),
                ev("domestic_incident", "2024-03-06T10:00+00:00", s="fay", assertion="assessment"),
            ]
        }
    )


def test_an_index_row_belongs_to_the_list_that_its_as_of_is_in(force: Force) -> None:
    cycles = months("2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01")
    got = cohorts.build(force.snapshot, cycles, INCIDENT, load_policy())
    by_list = [drawn(got.lists([cycle]).rows) for cycle in cycles]
    # An hour after an's record is the first instant of March, an hour after cy's the first of April.
    assert by_list == [
        [],
        [(pid("an"), "2024-03-01T00:00"), (pid("bo"), "2024-03-20T11:00")],
        [(pid("cy"), "2024-04-01T00:00"), (pid("dee"), "2024-04-10T11:00")],
    ]


def test_an_index_row_waits_for_the_lag_of_the_feed(force: Force) -> None:
    cycles = months("2024-03-01", "2024-04-01")
    got = cohorts.build(force.snapshot, cycles, INCIDENT, load_policy(), lag=2 * HOUR)
    assert drawn(got.rows) == [(pid("an"), "2024-03-01T02:00"), (pid("bo"), "2024-03-20T13:00")]


def test_index_rows_reach_a_horizon_before_the_first_list_and_after_the_last(force: Force) -> None:
    march = months("2024-03-10", "2024-04-01")
    every = cohorts.index_rows(force.snapshot, march, INCIDENT, load_policy(), 10, lag=2 * HOUR)
    assert every is not None
    # Ten days before 10 March is 29 February, ten days after 1 April is 11 April.
    assert drawn(every) == [
        (pid("an"), "2024-03-01T02:00"),
        (pid("bo"), "2024-03-20T13:00"),
        (pid("cy"), "2024-04-01T02:00"),
        (pid("dee"), "2024-04-10T13:00"),
    ]
    narrow = cohorts.index_rows(force.snapshot, march, INCIDENT, load_policy(), 8)
    assert narrow is not None
    assert [subject for subject, _ in drawn(narrow)] == [pid("bo"), pid("cy")]


def test_history_starts_with_the_first_record_and_labels_are_known_up_to_the_last(force: Force) -> None:
    assert show(cohorts.history_start(force.snapshot))[:16] == "2024-02-29T23:00"
    assert show(cohorts.label_knowledge(force.snapshot))[:16] == "2024-04-10T10:00"


def test_history_starts_with_the_earliest_source() -> None:
    two = Force(
        {
            "events": [
                ev("assault_with_injury", "2024-03-01T00:00+00:00", s="an", source_system="crimes"),
                ev("assault_with_injury", "2024-01-01T00:00+00:00", s="bo", source_system="custody"),
            ]
        }
    )
    assert cohorts.history_start(two.snapshot) == at("2024-01-01")


def test_the_monthly_list_knows_what_had_reached_it_by_its_start() -> None:
    recorded = Force({"events": [ev("assault_with_injury", "2024-02-29T10:00+00:00", s="an")]})
    [march] = months("2024-03-01", "2024-04-01")
    for lag, listed in ((0, 1), (13 * HOUR, 1), (14 * HOUR, 0), (DAY, 0)):
        got = cohorts.build(recorded.snapshot, [march], CohortSettings(), load_policy(), lag=lag)
        assert len(got) == listed, lag
        assert (got.rows.as_of == march.start).all()


def test_an_incident_withdrawn_by_the_as_of_is_no_row() -> None:
    incident = ev("assault_with_injury", "2024-03-10T10:00+00:00", s="an", event="E1")
    for recorded, rows in (("2024-03-10T10:59:59+00:00", 0), ("2024-03-10T11:00+00:00", 1)):
        gone = ev("withdrawn", recorded, s=None, v=None, supersedes="E1")
        stated = [{"subject": "an", "person_at_risk": "v", "recorded_at": "2024-03-01"}]
        for relationship in ({}, {"relationships": stated}):
            force = Force({"events": [incident, gone], **relationship})
            got = cohorts.build(force.snapshot, months("2024-03-01", "2024-04-01"), INCIDENT, load_policy())
            assert len(got) == rows, (recorded, relationship)


def test_an_incident_is_a_row_however_late_the_relationship_is_stated() -> None:
    incident = ev("assault_with_injury", "2024-03-10T10:00+00:00", s="an")
    for recorded in ("2024-03-10T10:59:59+00:00", "2024-03-20", "2024-06-01"):
        relationship = {"subject": "an", "person_at_risk": "v", "kind": "parent", "recorded_at": recorded}
        late = Force({"events": [incident], "relationships": [relationship]})
        got = cohorts.build(late.snapshot, months("2024-03-01", "2024-04-01"), INCIDENT, load_policy())
        assert len(got) == 1, recorded
