"""Every engine of the registry meets the contract: the same matrix, and no rows that nobody can score."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.feature_histories import AS_OF, QUESTIONS, UNKNOWN, rows, sightings

from features.engines.contract import Engine, TracingEngine
from features.engines.registry import ENGINES
from features.load import load_catalogue
from threat.errors import UsageError
from threat.history.sightings import Rows

EVERY = pytest.mark.parametrize("engine", [pytest.param(engine, id=name) for name, engine in ENGINES.items()])


@EVERY
def test_every_engine_meets_the_contract(engine):
    assert isinstance(engine, Engine)
    matrix = engine.build(sightings([]), QUESTIONS, load_catalogue().only(["harm_sum_ever", "harm_last"]))
    assert matrix.names == ("harm_sum_ever", "harm_last")
    assert matrix.values.dtype == np.float32
    assert matrix.values.shape == (len(QUESTIONS), 2)
    assert matrix.rows is QUESTIONS


def test_the_reference_says_which_events_are_behind_a_value():
    assert [name for name, engine in ENGINES.items() if isinstance(engine, TracingEngine)] == ["reference"]


@EVERY
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (rows([(UNKNOWN, 12, AS_OF)]), "rows have no subject"),
        (rows([(11, 12, AS_OF), (11, 11, AS_OF)]), "not another than the person at risk"),
        (
            Rows(np.arange(1), np.array([11]), np.array([12]), np.array([AS_OF], np.float64)),
            "not int64 ids",
        ),
        (
            Rows(np.arange(1), np.array([11]), np.array([12]), np.array(["2023-11-14"], "datetime64[s]")),
            "not int64 ids",
        ),
        (
            Rows(np.arange(2), np.array([11, 12]), np.array([12]), np.array([AS_OF, AS_OF])),
            "one entry per relationship",
        ),
    ],
)
def test_rows_nobody_can_score(engine, asked, says):
    with pytest.raises(UsageError, match=says):
        engine.build(sightings([]), asked, parallel=False)
