"""Ranked data: persons numbered alike everywhere, and every way to be wrong named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fixtures.ranked_rows import drawn

from threat.errors import BadInput, UsageError
from threat.measuring.ranked import Cut, EventKeys, Labelled, Ranked

NAN = float("nan")


def test_every_unknown_person_is_one_of_its_own() -> None:
    rows = Labelled.of(label=[1, 0, 1, 0], person=[7, -1, 7, -1], outside_person=[7, -1])
    assert rows.persons == 4
    assert rows.person[0] == rows.person[2] == rows.outside_person[0]
    assert len({rows.person[1], rows.person[3], rows.outside_person[1], rows.person[0]}) == 4


@pytest.mark.parametrize("names", [["p1", "p1", None], [1.0, 1.0, NAN]])
def test_a_person_may_be_named_by_anything(names: list[Any]) -> None:
    rows = Labelled.of(label=[1, 0, 1], person=names)
    assert rows.persons == 2
    assert rows.person[0] == rows.person[1] != rows.person[2]


def test_cycles_that_are_numbers_keep_them_and_others_are_numbered() -> None:
    assert Labelled.of(label=[0, 0], cycle=[7, 3]).cycle.tolist() == [7, 3]
    assert Labelled.of(label=[0, 0, 0], cycle=["May", "June", "May"]).cycle.tolist() == [1, 0, 1]


def test_what_is_not_given() -> None:
    rows = Labelled.of(label=[1, NAN, 0])
    assert rows.credit.tolist() == [1.0, 0.0, 0.0]
    assert (rows.persons, rows.cycle.tolist(), len(rows.outside_credit)) == (3, [0, 0, 0], 0)
    assert (rows.has_known_label.tolist(), rows.hit.tolist()) == ([True, False, True], [True, False, False])
    assert (rows.events, rows.events_inside, rows.people_with_events) == (1, 1, 1)


def test_a_part_keeps_its_persons_and_events_and_drops_what_is_outside() -> None:
    rows = drawn([(1, 0, 1, 1.0), (2, 0, 1, 0.5), (2, 1, 1, 0.5), (3, 1, 0, 0.0)], outside=[(9, 1.0)])
    assert (rows.events, rows.events_inside, rows.people_with_events) == (3, 2, 3)
    part = rows.part(np.array([False, False, True, True]))
    assert (len(part), part.events, part.persons) == (2, 1, rows.persons)
    assert part.person.tolist() == rows.person[2:].tolist()
    assert part.keys is not None
    assert (part.keys.row.tolist(), part.keys.event.tolist()) == ([0], [2])


def test_lists_of_some_cycles_take_the_events_that_they_missed_along() -> None:
    keys = EventKeys(row=np.array([0, 1, 2]), event=np.array([5, 6, 6]), outside=np.array([7, 8]))
    rows = Labelled.of(
        label=[1, 1, 1, 0], credit=[1.0, 0.5, 0.5, 0.0], person=[1, 2, 2, 3], cycle=[0, 0, 1, 1],
        outside_person=[9, 1], outside_credit=[0.25, 0.75], outside_cycle=[1, 0], keys=keys,
    )  # fmt: skip
    second = rows.of_cycles(np.array([1]))
    assert (second.person.tolist(), second.credit.tolist()) == (rows.person[2:].tolist(), [0.5, 0.0])
    assert (second.outside_person.tolist(), second.outside_credit.tolist()) == ([rows.outside_person[0]], [0.25])
    assert (second.events, second.events_inside, second.persons) == (2, 1, rows.persons)
    both = rows.of_cycles(np.array([0, 1]))
    assert (both.events, both.outside_credit.tolist()) == (rows.events, [0.25, 0.75])
    with pytest.raises(ValueError, match="not known which lists missed"):
        Labelled.of(label=[1], outside_person=[2]).of_cycles(np.array([0]))
    with pytest.raises(BadInput, match="have 1 cycles for 2 persons"):
        Labelled.of(label=[1], outside_person=[2, 3], outside_cycle=[0])


def test_the_tables_of_a_run_are_read_back() -> None:
    import pandas as pd

    predictions = pa.table({"label": [1, 0], "credit": [0.5, 0.0], "subject_id": [4, -1], "fold": [2, 3]})
    outcomes = pd.DataFrame({"row": [0, -1], "incident": [8, 9], "subject_id": [4, 4], "credit": [0.5, 1.0]})
    rows = Labelled.from_tables(predictions, outcomes)
    assert (rows.events, rows.events_inside, rows.persons) == (2, 1, 2)
    assert rows.person[0] == rows.outside_person[0]
    assert rows.cycle.tolist() == [2, 3]


def test_order_is_by_cycle_then_falling_score_with_ties_together() -> None:
    ranked = Ranked(rows=Labelled.of(label=[0] * 5, cycle=[1, 0, 1, 1, 0]), score=np.array([2.0, NAN, 5.0, 2.0, 1.0]))
    order = ranked.order
    assert order.rows.tolist() == [4, 2, 0, 3]
    assert order.lists == [(0, 1), (1, 4)]
    assert (order.tie_start.tolist(), order.tie_end.tolist()) == ([0, 1, 2, 2], [1, 2, 4, 4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": [1, 2, 0]}, "neither 0 nor 1"),
        ({"credit": [1]}, "credit has 1 values, but there are 3 labels"),
        ({"person": [1]}, "person has 1 values, but there are 3"),
        ({"cycle": [0, 0]}, "cycle has 2 values, but there are 3"),
        ({"credit": [1, -1, 0]}, "credit of a row is below 0"),
        ({"credit": [1, NAN, 0]}, "credit of a row is below 0 or not a number"),
        ({"outside_person": [1], "outside_credit": [-1]}, "credit of an event outside"),
        ({"outside_person": [1], "outside_credit": []}, "0 credits for 1 persons"),
        ({"label": [1, 2, 0], "credit": [-1, 0, 0]}, "2 problems"),
    ],
)
def test_wrong_rows_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Labelled.of(**({"label": [1, 0, 0]} | change))


@pytest.mark.parametrize(
    ("score", "probability", "message"),
    [
        ([1.0], None, "score has 1 values, but there are 2 labels"),
        ([1.0, 2.0], [0.5], "probability has 1 values"),
        ([1.0, 2.0], [0.5, 1.5], "not all between 0 and 1"),
    ],
)
def test_wrong_orders_are_named(score: list[float], probability: list[float] | None, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Ranked(
            rows=Labelled.of(label=[1, 0]),
            score=np.array(score),
            probability=None if probability is None else np.array(probability),
        )


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ({}, "not exactly one is given"),
        ({"capacity": 1, "threshold": 0.5}, "not exactly one is given"),
        ({"capacity": 0}, "capacity is not above 0"),
        ({"capacity": NAN}, "capacity is not above 0"),
        ({"threshold": NAN}, "threshold is not a finite number"),
    ],
)
def test_a_cut_is_one_number_that_can_be_used(cut: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Cut(**cut)
