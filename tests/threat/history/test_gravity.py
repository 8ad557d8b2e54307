"""The total order: what decides between events of one second, and that no id does where anything else differs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.asof import NEVER
from threat.history.gravity import detail_of, details, gravities, gravity_of, in_order, kind_ranks
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.vocabulary import kinds

CODES = ("high", "medium", "no", "not_known", "refused", "scribble", "standard", "writing", "yes")
VALUES = (math.nan, -math.inf, -2.5, -0.0, 0.0, 1e-30, 1.5, 2.0, math.inf)

contents = st.tuples(
    st.sampled_from(sorted(kinds())), st.sampled_from(("", *CODES)), st.sampled_from(VALUES), st.sampled_from(DOMESTIC)
)


def as_arrays(rows):
    return (
        np.array([kinds()[kind].number for kind, _, _, _ in rows], np.int16),
        np.array([CODES.index(code) if code else -1 for _, code, _, _ in rows], np.int16),
        np.array([value for _, _, value, _ in rows], np.float32),
        np.array([DOMESTIC.index(domestic) for _, _, _, domestic in rows], np.int8),
    )


@settings(deadline=None, max_examples=200)
@given(st.lists(contents, min_size=2, max_size=12))
def test_numbers_are_in_the_order_of_what_they_stand_for(rows):
    numbers = gravities(*as_arrays(rows), CODES).tolist()
    said = [gravity_of(*row) for row in rows]
    for i, one in enumerate(said):
        assert [(numbers[i] > n, numbers[i] == n) for n in numbers] == [(one > other, one == other) for other in said]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 0, 5, NEVER]), st.sampled_from(REPORTED_BY), st.booleans(), st.booleans()),
        min_size=2,
        max_size=12,
    )
)
def test_numbers_of_details_are_in_the_order_of_what_they_stand_for(rows):
    until, reported_by, proactive, assessment = zip(*rows, strict=True)
    places = np.array([REPORTED_BY.index(word) for word in reported_by], np.int8)
    numbers = details(np.array(until), places, np.array(proactive), np.array(assessment)).tolist()
    said = [detail_of(*row) for row in rows]
    for i, one in enumerate(said):
        assert [(numbers[i] > n, numbers[i] == n) for n in numbers] == [(one > other, one == other) for other in said]


@pytest.mark.parametrize(
    ("kind", "worst_first"),
    [
        ("item_strangled", ["yes", "refused", "not_known", "not_asked", "no"]),
        ("risk_grade", ["high", "medium", "standard", "scribble", ""]),
        ("relationship_recorded", ["current_partner", "ex_partner", "parent"]),
    ],
)
def test_the_gravest_code_of_one_second_is_the_latest(kind, worst_first):
    gravity = [gravity_of(kind, code, math.nan, "yes") for code in worst_first]
    assert gravity == sorted(gravity, reverse=True)


def test_the_graver_kind_of_one_second_is_the_latest():
    worst_first = ["murder", "rape", "wounding", "criminal_damage", "domestic_incident", "child_present"]
    gravity = [gravity_of(kind, "", math.nan, "yes") for kind in worst_first]
    assert gravity == sorted(gravity, reverse=True)
    assert [kind_ranks()[kinds()[kind].number] for kind in worst_first] == sorted(
        (kind_ranks()[kinds()[kind].number] for kind in worst_first), reverse=True
    )


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), contents), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_rows_are_ordered_by_time_record_gravity_and_last_by_id(rows, random):
    ids = random.sample(range(1000), len(rows))
    numbers = gravities(*as_arrays([content for _, _, content in rows]), CODES)
    occurred, recorded = (np.array([row[i] for row in rows], np.int64) for i in (0, 1))
    order = in_order(occurred, recorded, np.array(ids, np.int64), lambda tied: (numbers[tied],))
    assert order.tolist() == sorted(
        range(len(rows)), key=lambda i: (rows[i][0], rows[i][1], gravity_of(*rows[i][2]), ids[i])
    )
