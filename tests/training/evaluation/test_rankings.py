"""The model's probabilities are of its calibrator and the kind of relationship; without a calibrator it ranks alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import expit

from features import load_catalogue
from features.matrix import Matrix
from features.rules import RULES
from threat.history.sightings import Rows
from threat.release.documents.model import Calibrator
from training.evaluation.rankings import rank_test

RAW = np.array([-3.0, -1.0, -2.0])
NONE = Calibrator(method="none", n=900, events=41, people=30)
BY_KIND = Calibrator.model_validate(
    {
        "method": "platt", "slope": 1.0, "intercept": 0.0,
        "kinds": [{"kind": "ex_partner", "n": 900, "events": 90, "people": 80, "unshrunk": 1.0, "offset": 0.5}],
    }
)  # fmt: skip


def opened() -> Any:
    """Three rows of which nothing is known but that the second are former partners."""
    catalogue = load_catalogue()
    values = np.full((3, len(catalogue.names)), np.nan, np.float32)
    values[1, catalogue.names.index("kind_ex_partner")] = 1.0
    ids = np.arange(3)
    return SimpleNamespace(matrix=Matrix.of(values, Rows(ids, ids, ids + 3, ids), catalogue))


def fitted(calibrator: Calibrator) -> Any:
    scoring = SimpleNamespace(score=lambda values, threads=1: RAW)
    return SimpleNamespace(
        model=SimpleNamespace(raw_score=lambda values, threads=1: RAW),
        title="LightGBM",
        base=SimpleNamespace(base=scoring),
        base_calibrator=NONE,
        regression=scoring,
        calibrator=calibrator,
        linear_calibrator=NONE,
        without_sensitive=None,
        plan=None,
        warnings=("The level moved.",),
    )


def test_probabilities_are_of_the_calibrator_and_the_kind() -> None:
    ranked = rank_test(opened(), fitted(BY_KIND), threads=1)
    np.testing.assert_allclose(ranked.model.probability, expit([-3.0, -0.5, -2.0]))
    assert ranked.rankings[1].probability is None
    assert ranked.no_probability == ""
    assert ranked.warnings[0] == "The level moved."


def test_a_model_calibrated_on_too_few_outcomes_ranks_alone_and_says_why() -> None:
    ranked = rank_test(opened(), fitted(NONE), threads=1)
    np.testing.assert_array_equal(ranked.model.scores, RAW)
    assert ranked.model.probability is None
    assert ranked.no_probability.startswith("Ranks alone, no probability: 41 of 900 rows to calibrate on")


def test_a_rule_whose_features_the_settings_leave_out_is_left_out_and_named() -> None:
    whole = opened()
    few = load_catalogue().only(name for name in load_catalogue().names if name != "domestic_incidents_ever")
    values = np.zeros((3, len(few.names)), np.float32)
    whole.matrix = Matrix.of(values, whole.matrix.rows, few)
    ranked = rank_test(whole, fitted(NONE), threads=1)
    reading = {f"rule_{name}" for name, rule in RULES.items() if "domestic_incidents_ever" in rule.reads}
    assert reading
    assert {ranking.name for ranking in ranked.rankings if ranking.name.startswith("rule_")} == {
        f"rule_{name}" for name in RULES
    } - reading
    said = [warning for warning in ranked.warnings if "(domestic_incidents_ever)" in warning]
    assert len(said) == len(reading)
    assert "left out, the settings leave out what it reads" in said[0]
