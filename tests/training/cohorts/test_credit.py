"""Credit for outcomes, drawn by the day: half-open windows, equal parts, and what is outside."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from threat.asof import DAY
from threat.history.sightings import NO_PERSON, Rows
from training.cohorts.cohort import Lists
from training.cohorts.credit import CreditedOutcomes, OutcomeEvents, credit_outcomes
from training.cohorts.folds import Cycle

HORIZON = 60
FIRST, SECOND = Cycle(4, 0, 30 * DAY, 30 * DAY - 1), Cycle(5, 30 * DAY, 60 * DAY, 60 * DAY - 1)
AN, BO, CY, DEE = 11, 12, 13, 14


def rows(*drawn: tuple[int, int, float]) -> Rows:
    """Rows of (subject, person at risk, day); the relationship's id is made of both."""
    subject, at_risk, day = (np.array(column) for column in zip(*drawn, strict=True)) if drawn else [np.zeros(0)] * 3
    as_of = (day * DAY).astype(np.int64)
    return Rows((subject * 100 + at_risk).astype(np.int64), subject.astype(np.int64), at_risk.astype(np.int64), as_of)


def events(*drawn: tuple[int, int, int, float]) -> OutcomeEvents:
    """Events of (incident, subject, person at risk, day): moments, on record at once."""
    incident, subject, at_risk, day = (np.array(column) for column in zip(*drawn, strict=True))
    at = (day * DAY).astype(np.int64)
    return OutcomeEvents(incident, subject, at_risk, at, at + 1, at)


def credit(
    drawn_events: OutcomeEvents,
    lists: Lists,
    index_rows: Rows | None = None,
    left_out: tuple[tuple[int, int], ...] = (),
) -> CreditedOutcomes:
    """Credit on a history whose relationships never merge: the parties of a row are those it names.

    ``left_out``: (subject, day) of the rows that are in no figure.
    """

    def parties(relationship_id: Any, at: int) -> Rows:
        assert at == drawn_events.cut
        return Rows(relationship_id, relationship_id // 100, relationship_id % 100, relationship_id * 0)

    snapshot: Any = SimpleNamespace(relationships=SimpleNamespace(rows=parties))

    def left_out_of(drawn_rows: Rows) -> Any:
        named = zip(drawn_rows.subject.tolist(), (drawn_rows.as_of // DAY).tolist(), strict=True)
        return np.array([row in left_out for row in named], bool)

    return credit_outcomes(snapshot, drawn_events, lists, HORIZON, left_out_of=left_out_of, index_rows=index_rows)


def lines(credited: CreditedOutcomes) -> list[tuple[int, int, int, float]]:
    """(row, incident, list, credit) of each line of credit; row -1 is outside."""
    names = ["row", "incident", "fold", "credit"]
    return [tuple(line) for line in credited.credit_lines[names].itertuples(index=False, name=None)]


MONTHLY = Lists((FIRST, SECOND), rows((AN, BO, 0), (AN, BO, 30), (CY, DEE, 30)), np.array([4, 5, 5]))
SECOND_LATER = 1 / DAY


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-SECOND_LATER, []),  # before the first list
        (0, [(0, 1, 4, 1.0)]),  # at the as-of itself: in the first window alone
        (30 - SECOND_LATER, [(0, 1, 4, 1.0)]),
        (30, [(0, 1, 4, 0.5), (1, 1, 5, 0.5)]),  # both lists could have foreseen it
        (60 - SECOND_LATER, [(0, 1, 4, 0.5), (1, 1, 5, 0.5)]),
        (60, [(1, 1, 5, 1.0)]),  # the end of the first window is not in it
        (90 - SECOND_LATER, [(1, 1, 5, 1.0)]),
        (90, []),  # the end of the test: credited nowhere
    ],
)
def test_a_window_holds_its_start_and_not_its_end(day: float, expected: list[tuple[int, int, int, float]]) -> None:
    credited = credit(events((1, AN, BO, day)), MONTHLY)
    assert lines(credited) == expected
    assert credited.rows.label.tolist() == [int(any(line[0] == row for line in expected)) for row in range(3)]


def test_lists_without_a_row_of_the_relationship_get_their_part_outside() -> None:
    # Cy and Dee are on the second list alone; both lists' windows hold day 40.
    credited = credit(events((1, CY, DEE, 40)), MONTHLY)
    assert lines(credited) == [(2, 1, 5, 0.5), (-1, 1, 4, 0.5)]
    assert credited.rows.credit.tolist() == [0, 0, 0.5]
    assert credited.rows.outside_credit.tolist() == [0.5]


def test_an_incident_with_two_victims_is_one_outcome() -> None:
    credited = credit(events((1, AN, BO, 70), (1, CY, DEE, 70), (2, CY, DEE, 71)), MONTHLY)
    assert lines(credited) == [(1, 1, 5, 0.5), (2, 1, 5, 0.5), (2, 2, 5, 1.0)]
    assert credited.rows.credit.tolist() == [0, 0.5, 1.5]
    assert (credited.rows.events, credited.rows.events_inside) == (2, 2)


def test_the_person_at_risks_own_outcome_goes_to_every_row_in_which_they_are_at_risk() -> None:
    lists = Lists((FIRST,), rows((AN, BO, 0), (CY, BO, 0), (BO, AN, 0)), np.full(3, 4))
    credited = credit(events((1, NO_PERSON, BO, 5)), lists)
    assert lines(credited) == [(0, 1, 4, 0.5), (1, 1, 4, 0.5)]


INDEXED = Lists((FIRST, SECOND), rows((AN, BO, 29), (AN, BO, 35)), np.array([4, 5]))


def test_an_outcome_is_shared_among_all_index_rows_that_could_foresee_it() -> None:
    # Of five index rows the window of day 5's has closed by day 69. Two of the other four are not in the test.
    every = rows((AN, BO, 5), (AN, BO, 10), (AN, BO, 29), (AN, BO, 35), (AN, BO, 65))
    credited = credit(events((1, AN, BO, 69)), INDEXED, every)
    assert lines(credited) == [(0, 1, 4, 0.25), (1, 1, 5, 0.25)]


@pytest.mark.parametrize(
    ("day", "outside"),
    [
        (-SECOND_LATER, []),
        (0, [(-1, 1, 4, 1.0)]),
        (30 - SECOND_LATER, [(-1, 1, 4, 1.0)]),
        (30, [(-1, 1, 5, 1.0)]),
        (60 - SECOND_LATER, [(-1, 1, 5, 1.0)]),
        (60, []),  # exactly at the end of the test: the next test's to answer for
    ],
)
def test_an_outcome_of_the_test_period_that_no_index_row_foresaw_is_outside(
    day: float, outside: list[tuple[int, int, int, float]]
) -> None:
    credited = credit(events((1, CY, DEE, day)), INDEXED, INDEXED.rows)
    assert lines(credited) == outside
    assert credited.rows.label.tolist() == [0, 0]


def test_a_row_left_out_gets_no_credit_and_its_list_has_missed_nothing() -> None:
    # Day 40 is in both lists' windows: the other row has the whole event, and nothing is outside.
    credited = credit(events((1, AN, BO, 40)), MONTHLY, left_out=((AN, 0),))
    assert lines(credited) == [(1, 1, 5, 1.0)]
    assert (credited.rows.left_out.tolist(), credited.rows.n) == ([True, False, False], 2)
    assert credited.rows.has_known_label.tolist() == [False, True, True]
    # An event that only rows left out could have foreseen is in no figure.
    gone = credit(events((1, AN, BO, 40)), MONTHLY, left_out=((AN, 0), (AN, 30)))
    assert lines(gone) == []
    assert gone.rows.events == 0


def test_an_index_row_left_out_does_not_share_in_an_outcome() -> None:
    every = rows((AN, BO, 10), (AN, BO, 29), (AN, BO, 35))
    credited = credit(events((1, AN, BO, 60)), INDEXED, every, left_out=((AN, 10), (AN, 35)))
    assert lines(credited) == [(0, 1, 4, 1.0)]
    gone = credit(events((1, AN, BO, 50)), INDEXED, every, left_out=((AN, 10), (AN, 29), (AN, 35)))
    assert lines(gone) == []


def test_a_course_that_was_not_yet_on_record_reaches_into_a_window() -> None:
    began, over, recorded = (np.array([day * DAY]) for day in (-10, 20, 31))
    course = OutcomeEvents(np.array([1]), np.array([AN]), np.array([BO]), began, over, recorded)
    # Over by the second list, on day 30, and on record only on day 31: not that list's to foresee.
    assert lines(credit(course, MONTHLY)) == [(0, 1, 4, 1.0)]
    known = OutcomeEvents(np.array([1]), np.array([AN]), np.array([BO]), began, over, began)
    assert lines(credit(known, MONTHLY)) == []


def test_an_unknown_subject_is_a_person_of_its_own() -> None:
    lists = Lists((FIRST,), rows((AN, BO, 0), (AN, DEE, 0)), np.array([4, 4]))
    unknown = Rows(lists.rows.relationship_id, np.array([NO_PERSON, NO_PERSON]), lists.rows.at_risk, lists.rows.as_of)
    credited = credit(events((1, CY, DEE, 5)), Lists((FIRST,), unknown, np.array([4, 4])))
    assert len(set(credited.rows.person.tolist())) == 2


def test_the_lines_of_credit_say_when_the_row_or_the_list_asked() -> None:
    credited = credit(events((1, CY, DEE, 40), (2, AN, BO, 35)), MONTHLY)
    columns = ["row", "as_of", "occurred_at", "subject_id", "person_at_risk_id"]
    assert credited.credit_lines[columns].to_numpy().tolist() == [
        [0, 0, 35 * DAY, AN, BO],
        [1, 30 * DAY, 35 * DAY, AN, BO],
        [2, 30 * DAY, 40 * DAY, CY, DEE],
        [-1, 0, 40 * DAY, CY, DEE],
    ]
    late = credit(events((1, CY, DEE, 45)), INDEXED, INDEXED.rows)
    assert late.credit_lines[columns].to_numpy().tolist() == [[-1, 30 * DAY, 45 * DAY, CY, DEE]]
