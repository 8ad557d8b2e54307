"""Sightings from plain arrays in any order."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.feature_definitions import ASSAULTS, catalogue, define
from fixtures.feature_histories import AS_OF, QUESTIONS, UNKNOWN, histories, rows, sightings
from hypothesis import HealthCheck, given, settings
from numpy.testing import assert_array_equal

from features import build, load_catalogue
from features.arrays import sightings_from
from threat.asof import DAY
from threat.errors import BadInput
from threat.history.sightings import ROLE_AT_RISK, ROLE_SUBJECT
from threat.vocabulary import kind

HIT = kind("assault_with_injury").number


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(histories(most=40))
def test_sightings_from_arrays_in_any_order(history):
    """Sorting the rows of a store again, from a shuffled copy, gives the store back."""
    store = sightings(*history)
    shuffle = np.random.default_rng(len(store.kind)).permutation(len(store.kind))
    person = np.repeat(store.persons, np.diff(store.offsets))
    counterpart = np.where(store.counterpart >= 0, store.persons[store.counterpart], UNKNOWN) if len(person) else person
    columns = {
        name: getattr(store, name)[shuffle]
        for name in (
            "event_id", "incident_id", "began_at", "until", "visible_from", "visible_until", "value", "code", "role",
            "domestic", "reported_by", "source", "proactive", "assessment",
        )
    }  # fmt: skip
    again = sightings_from(
        person[shuffle],
        store.kind[shuffle],
        store.occurred_at[shuffle],
        store.recorded_at[shuffle],
        threads=2,
        code_names=store.code_names,
        sources=dict(zip(store.source_names, store.history_start.tolist(), strict=True)),
        counterpart=counterpart[shuffle],
        **columns,
    )
    assert_array_equal(again.persons, store.persons)
    assert_array_equal(again.offsets, store.offsets)
    for name in ("event_id", "occurred_at", "recorded_at", "kind"):
        assert_array_equal(getattr(again, name), getattr(store, name), err_msg=name)
    wanted = load_catalogue()
    assert_array_equal(build(again, QUESTIONS, wanted).values, build(store, QUESTIONS, wanted).values)


def test_a_long_history_is_sorted_by_the_total_order():
    random = np.random.default_rng(5)
    n = 5_000
    person, occurred = random.integers(0, 3, n) * 10**12, random.integers(0, 40, n)
    recorded, event = occurred + random.integers(0, 3, n), random.permutation(n)
    store = sightings_from(person, np.full(n, HIT), occurred, recorded, event_id=event)
    assert_array_equal(store.event_id, event[np.lexsort((event, recorded, occurred, person))])
    assert_array_equal(store.persons, [0, 10**12, 2 * 10**12])


@pytest.mark.parametrize(
    ("persons", "in_order"),
    [
        ([7, 7, 7], ["domestic_incident", "wounding", "rape"]),
        ([7, 8, 7], ["domestic_incident", "wounding"]),
        ([8, 7, 7], ["wounding", "rape"]),
    ],
)
def test_of_one_second_the_gravest_is_the_latest(persons, in_order):
    names = ("domestic_incident", "rape", "wounding")
    numbers, times = np.array([kind(name).number for name in names]), np.full(3, AS_OF - DAY)
    store = sightings_from(np.array(persons), numbers, times, times, event_id=np.array([3, 2, 1]))
    assert store.kind[store.rows_of(7)].tolist() == [kind(name).number for name in in_order]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"colour": np.zeros(2)}, "no column of this name"),
        ({"role": np.array([ROLE_SUBJECT])}, "one entry per row"),
        ({"person": np.array([-1, 3])}, "unknown persons have no sightings"),
        ({"kind": np.array([HIT, 999])}, "no kind of this number"),
    ],
)
def test_arrays_nobody_understands(columns, says):
    given = {
        "person": np.array([1, 2]),
        "kind": np.array([HIT, HIT]),
        "occurred_at": np.arange(2),
        "recorded_at": np.arange(2),
    }
    with pytest.raises(BadInput, match=says):
        sightings_from(**{**given, **columns})


def test_both_parties_from_arrays():
    now = np.array([AS_OF - DAY] * 2)
    store = sightings_from(
        np.array([7, 8]),
        np.array([HIT, HIT]),
        now,
        now,
        event_id=np.array([1, 1]),
        role=np.array([ROLE_SUBJECT, ROLE_AT_RISK]),
        counterpart=np.array([8, 7]),
    )
    wanted = catalogue([define("a", **ASSAULTS), define("b", **ASSAULTS, scope="at_risk_anyone")])
    assert_array_equal(build(store, rows([(7, 8, AS_OF), (8, 7, AS_OF)]), wanted).values, [[1, 1], [0, 0]])
