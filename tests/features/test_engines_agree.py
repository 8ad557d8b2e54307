"""Every engine gives the values of the reference engine for every drawn history and every drawn definition."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.engine_agreement import OTHERS, check
from fixtures.feature_definitions import catalogue, definitions
from fixtures.feature_histories import QUESTIONS, histories, sightings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engines.contract import Engine, TracingEngine
from features.engines.registry import ENGINES
from features.load import load_catalogue
from threat.errors import UsageError
from threat.history.sightings import NO_PERSON, Rows
from threat.vocabulary import kinds

REST = [pytest.param(engine, id=name) for name, engine in OTHERS.items()]
EVERY = [pytest.param(engine, id=name) for name, engine in ENGINES.items()]

QUICK = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=4000)


drawn = given(history=histories(), wanted=st.lists(definitions(), min_size=1, max_size=12))
every_kind = given(history=histories(most=60, names=tuple(kinds())))


@pytest.mark.parametrize("engine", REST)
@QUICK
@drawn
def test_drawn_definitions(engine, history, wanted):
    check(engine, sightings(*history), QUESTIONS, catalogue(wanted))


@pytest.mark.long
@pytest.mark.parametrize("engine", REST)
@LONG
@drawn
def test_drawn_definitions_at_length(engine, history, wanted):
    check(engine, sightings(*history), QUESTIONS, catalogue(wanted))


@pytest.mark.parametrize("engine", REST)
@settings(QUICK, max_examples=15)
@every_kind
def test_shipped_catalogue(engine, history):
    check(engine, sightings(*history), QUESTIONS, load_catalogue())


@pytest.mark.long
@pytest.mark.parametrize("engine", REST)
@settings(LONG, max_examples=600)
@every_kind
def test_shipped_catalogue_at_length(engine, history):
    check(engine, sightings(*history), QUESTIONS, load_catalogue())


@pytest.mark.parametrize("engine", REST)
def test_no_history_at_all(engine):
    check(engine, sightings([]), QUESTIONS, load_catalogue())


@pytest.mark.parametrize("engine", EVERY)
def test_every_engine_meets_the_contract(engine):
    assert isinstance(engine, Engine)
    matrix = engine.build(sightings([]), QUESTIONS, load_catalogue().only(["harm_sum_ever", "harm_last"]))
    assert matrix.names == ("harm_sum_ever", "harm_last")
    assert matrix.values.dtype == np.float32
    assert matrix.values.shape == (len(QUESTIONS), 2)
    assert matrix.rows is QUESTIONS


@pytest.mark.parametrize("engine", EVERY)
@pytest.mark.parametrize(
    ("subject", "at_risk", "problem"),
    [(NO_PERSON, 12, "1 rows have no subject"), (12, 12, "1 rows name a subject who is not another")],
)
def test_every_engine_refuses_the_same_rows(engine, subject, at_risk, problem):
    asked = Rows(*(np.array([number], np.int64) for number in (1, subject, at_risk, 0)))
    with pytest.raises(UsageError, match=problem):
        engine.build(sightings([]), asked, load_catalogue())


def test_some_engine_says_which_events_are_behind_a_value():
    assert [name for name, engine in ENGINES.items() if isinstance(engine, TracingEngine)] == ["reference"]
