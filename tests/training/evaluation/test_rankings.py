"""The model's probabilities are of its calibrator and the kind of relationship; without a calibrator it ranks alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from fixtures import golden_force
from scipy.special import expit

from features import build, load_catalogue
from features.matrix import Matrix
from features.rules import RULES
from threat.history.sightings import Rows
from threat.release.documents.model import Calibrator
from training.evaluation.rankings import matrix_of_rules, rank_test

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
    ranked = rank_test(test := opened(), test.matrix, fitted(BY_KIND), threads=1)
    np.testing.assert_allclose(ranked.model.probability, expit([-3.0, -0.5, -2.0]))
    assert ranked.rankings[1].probability is None
    assert ranked.no_probability == ""
    assert ranked.warnings[0] == "The level moved."


def test_a_model_calibrated_on_too_few_outcomes_ranks_alone_and_says_why() -> None:
    ranked = rank_test(test := opened(), test.matrix, fitted(NONE), threads=1)
    np.testing.assert_array_equal(ranked.model.scores, RAW)
    assert ranked.model.probability is None
    assert ranked.no_probability.startswith("Ranks alone, no probability: 41 of 900 rows to calibrate on")


def test_rules_are_measured_whatever_the_settings_keep_from_the_model(tmp_path: Path) -> None:
    """The test of settings that leave out what rules read, against the same rows of the whole catalogue."""
    sightings = golden_force.build(tmp_path / "history").snapshot().sightings()
    whole, ids = load_catalogue(), np.arange(3)
    people = sightings.persons[:4]
    rows = Rows(ids, people[:3], people[1:], np.full(3, int(sightings.visible_from.max()) + 1))
    left_out = {"domestic_incidents_ever", "days_since_domestic_incident"}
    few = build(sightings, rows, whole.only(name for name in whole.names if name not in left_out))
    every = build(sightings, rows, whole)
    for_rules = matrix_of_rules(sightings, few)
    assert {name for rule in RULES.values() for name in rule.reads} == set(for_rules.names)
    ranked = rank_test(SimpleNamespace(matrix=few), for_rules, fitted(NONE), threads=1)
    scores = {ranking.name: ranking.scores for ranking in ranked.rankings if ranking.name.startswith("rule_")}
    expected = {f"rule_{name}": rule for name, rule in RULES.items() if not rule.unranked(every).all()}
    assert set(scores) == set(expected)
    assert "rule_prior_count" in scores
    for name, rule in expected.items():
        np.testing.assert_array_equal(scores[name], rule.score(every))
    assert matrix_of_rules(sightings, every) is every
