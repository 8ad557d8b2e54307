"""Every engine gives the values of the reference engine for every drawn history and every drawn definition."""

from __future__ import annotations

import pytest
from fixtures.engine_agreement import OTHERS, check
from fixtures.feature_definitions import catalogue, definitions
from fixtures.feature_histories import QUESTIONS, histories, sightings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.load import load_catalogue
from threat.vocabulary import kinds

REST = [pytest.param(engine, id=name) for name, engine in OTHERS.items()]

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
