"""Contributions sum to the score or are refused; a calibrator that falls is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from fixtures.drawn_samples import CANDIDATE, sample

from threat.errors import IntegrityFailure
from threat.release.documents.model import Calibrator
from threat.release.scorer import contributions, raw_score
from training.models import trees


@pytest.fixture(scope="module")
def booster():
    return trees.fit(
        trees.TreeRows.of_outcomes(sample(1)), CANDIDATE, 60, trees.Growth(constraints=[1, 1, 0, 1, 0], seed=7)
    )


def test_contributions_sum_to_the_raw_score(booster) -> None:
    values = sample(3).values
    parts = contributions(booster, values)
    assert parts.shape == (2_000, 6)
    np.testing.assert_allclose(parts.sum(axis=1), raw_score(booster, values), atol=1e-9)


def test_contributions_that_do_not_sum_are_refused(booster) -> None:
    class Wrong:
        def predict(self, values, pred_contrib=False, **_):
            return np.ones((len(values), 6)) if pred_contrib else np.zeros(len(values))

    with pytest.raises(IntegrityFailure, match="do not sum to the score"):
        contributions(Wrong(), sample(3).values)


@pytest.mark.parametrize(
    "table",
    [
        {"method": "platt", "slope": -1.0, "intercept": 0.0},
        {"method": "isotonic", "x": [0, 1], "y": [0.5, 0.4]},
        {"method": "isotonic", "x": [1, 0], "y": [0.4, 0.5]},
        {"method": "isotonic", "x": [], "y": []},
        {"method": "other"},
    ],
)
def test_a_calibrator_that_falls_is_refused(table) -> None:
    with pytest.raises(IntegrityFailure, match=r"model/calibrator\.json"):
        Calibrator.parse(json.dumps(table).encode(), "model/calibrator.json")
