"""What indexes a relationship: flag, versions and merges as known at the as-of; and who is no row all the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.case_force import Force, ev, pid
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import parse_as_of, show
from threat.history.links import Links
from threat.history.spans import Spans
from threat.policy import load_policy
from training.cohorts import cohort as cohorts
from training.cohorts.cohort import Cohort
from training.cohorts.folds import Cycle
from training.cohorts.index_incidents import linked_group

HOUR = 3600
YEAR = Cycle(0, parse_as_of("2024-01-01"), parse_as_of("2025-01-01"), parse_as_of("2025-01-01") - 1)
HURT = ev("assault_with_injury", "2024-03-10T10:00+00:00", domestic="")
ON_RECORD = {"subject": "s", "person_at_risk": "v", "kind": "ex_partner", "recorded_at": "2024-02-01"}


def indexed(lag: int = 0, after: int = HOUR, **tables: Any) -> Cohort:
    force = Force(tables)  # named, because its folder goes with it
    return cohorts.indexed(force.snapshot, [YEAR], after, load_policy(), lag)


def drawn(cohort: Cohort) -> list[tuple[int, int, str]]:
    rows = cohort.rows
    times = [show(int(as_of))[:16] for as_of in rows.as_of]
    return list(zip(rows.subject.tolist(), rows.at_risk.tolist(), times, strict=True))


def dropped(cohort: Cohort) -> dict[str, int]:
    return {step.step: step.dropped for step in cohort.attrition[0].steps if step.dropped}


@pytest.mark.parametrize(
    ("relationship", "rows"),
    [
        (ON_RECORD, [(pid("s"), pid("v"), "2024-03-10T11:00")]),
        # The relationship is stated a week later: from then the incident is known to be domestic.
        (ON_RECORD | {"recorded_at": "2024-03-17T10:00+00:00"}, [(pid("s"), pid("v"), "2024-03-17T11:00")]),
        (ON_RECORD | {"person_at_risk": "w"}, []),
        (ON_RECORD | {"withdrawn_at": "2024-03-01T10:00+00:00"}, []),
    ],
)
def test_a_blank_flag_is_domestic_between_the_parties_of_a_relationship(
    relationship: dict[str, str], rows: list[tuple[int, int, str]]
) -> None:
    assert drawn(indexed(events=[HURT], relationships=[relationship])) == rows


def test_an_incident_recorded_under_an_id_that_was_found_to_be_a_party_is_the_relationships_own() -> None:
    link = {"source_person": "v2", "person": "v", "recorded_at": "2024-03-01"}
    under_another = HURT | {"person_at_risk": "v2"}
    found = indexed(events=[under_another], relationships=[ON_RECORD], person_links=[link])
    assert drawn(found) == [(pid("s"), pid("v"), "2024-03-10T11:00")]
    unknown_then = indexed(
        events=[under_another], relationships=[ON_RECORD], person_links=[link | {"recorded_at": "2024-04-01"}]
    )
    assert drawn(unknown_then) == []


def test_a_correction_of_a_detail_does_not_index_a_second_time() -> None:
    first = ev("assault_with_injury", "2024-03-10T10:00+00:00", event="E1", incident="I1")
    detail = ev("wounding", "2024-03-10T10:00+00:00", "2024-05-01T10:00+00:00", supersedes="E1", incident="I1")
    assert drawn(indexed(events=[first, detail])) == [(pid("s"), pid("v"), "2024-03-10T11:00")]


@pytest.mark.parametrize(
    ("death", "step"),
    [
        (ev("death", "2024-03-09T10:00+00:00", s=None, v=None, person="v"), "person at risk lives"),
        (ev("suspected_suicide", "2024-03-09T10:00+00:00", s=None, v=None, person="s"), "subject lives"),
    ],
)
def test_nobody_on_record_as_dead_is_a_row(death: dict[str, object], step: str) -> None:
    after_death = indexed(events=[HURT | {"domestic": "yes"}, death])
    assert (drawn(after_death), dropped(after_death)) == ([], {step: 1})


def test_rows_of_who_may_be_a_child_are_for_the_safeguarding_queue() -> None:
    persons = [{"person": "v", "birth_year": "2008", "recorded_at": "2024-01-01"}]
    young = indexed(events=[HURT | {"domestic": "yes"}], persons=persons)
    assert (drawn(young), dropped(young)) == ([], {"adults": 1})
    persons[0]["birth_year"] = "2007"
    assert len(indexed(events=[HURT | {"domestic": "yes"}], persons=persons)) == 1


def test_a_row_knows_what_had_reached_us_an_hour_after_the_incident_did() -> None:
    death = ev("death", "2024-03-10T10:30+00:00", s=None, v=None, person="v")
    alive, dead = (indexed(lag=lag, after=after, events=[HURT | {"domestic": "yes"}, death])
                   for lag, after in ((2 * HOUR, 1800), (0, HOUR)))  # fmt: skip
    assert drawn(alive) == [(pid("s"), pid("v"), "2024-03-10T12:30")]
    assert drawn(dead) == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_ids_that_links_join_share_a_group(pairs: list[tuple[int, int]]) -> None:
    source, survivor = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    order = np.argsort(source, kind="stable")
    person, count = np.unique(source, return_counts=True)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    spans = Spans(first, np.zeros(len(source), np.int64), np.zeros(len(source), np.int64))
    links = Links(person, spans, survivor[order], np.zeros(len(source), bool))
    group = linked_group(links, np.arange(12)).tolist()
    together = {person: {person} for person in range(12)}
    for a, b in pairs:
        whole = together[a] | together[b]
        together.update(dict.fromkeys(whole, whole))
    assert group == [min(together[person]) for person in range(12)]
