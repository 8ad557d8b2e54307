"""The two engines give one value for every drawn history and every drawn definition."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.feature_histories import QUESTIONS, catalogue, definitions, histories, sightings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engines.fold.build import build
from features.engines.reference.read import answers
from features.load import Catalogue, load_catalogue
from threat.history.sightings import Rows, Sightings
from threat.vocabulary import kinds

TO_1E6 = {"sum", "recency_weighted"}
"""Sums of floats; window ratios and slopes join them when they sum harm. Everything else agrees to the bit."""

QUICK = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=4000)


def check(store: Sightings, rows: Rows, wanted: Catalogue) -> None:
    """Assert that both engines agree on every row and definition."""
    fast = build(store, rows, wanted, parallel=False).values
    for i in range(len(rows)):
        slow = np.array([value for value, _ in answers(store, rows, i, wanted)], np.float32)
        for j, d in enumerate(wanted):
            if d.statistic in TO_1E6 or d.of == "harm":
                np.testing.assert_allclose(fast[i, j], slow[j], rtol=1e-6, atol=1e-6, err_msg=f"row {i}: {d}")
            else:
                assert fast[i, j].tobytes() == slow[j].tobytes() or (np.isnan(fast[i, j]) and np.isnan(slow[j])), (
                    f"row {i}: fold {fast[i, j]!r}, reference {slow[j]!r}: {d}"
                )


drawn = given(histories(), st.lists(definitions(), min_size=1, max_size=12))


@QUICK
@drawn
def test_drawn_definitions(history, wanted):
    check(sightings(*history), QUESTIONS, catalogue(wanted))


@pytest.mark.long
@LONG
@drawn
def test_drawn_definitions_at_length(history, wanted):
    check(sightings(*history), QUESTIONS, catalogue(wanted))


every_kind = given(histories(most=60, names=tuple(kinds())))


@settings(QUICK, max_examples=15)
@every_kind
def test_shipped_catalogue(history):
    check(sightings(*history), QUESTIONS, load_catalogue())


@pytest.mark.long
@settings(LONG, max_examples=600)
@every_kind
def test_shipped_catalogue_at_length(history):
    check(sightings(*history), QUESTIONS, load_catalogue())


def test_no_history_at_all():
    check(sightings([]), QUESTIONS, load_catalogue())
