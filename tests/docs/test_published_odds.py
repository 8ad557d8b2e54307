"""The ranking by published odds: a row's score by hand, and a table whose every figure has its source."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pages.ceiling_page import published_lines
from pages.published_odds import published_factors, published_scores

from features import Matrix, load_catalogue
from threat.history.sightings import Rows
from threat.release.documents.settings import BaseSettings

NAMES = load_catalogue().names


def matrix(*rows: dict[str, float]) -> Matrix:
    """Rows of the catalogue: 0 where nothing is said."""
    values = np.zeros((len(rows), len(NAMES)), np.float32)
    for number, row in enumerate(rows):
        values[number, NAMES.index("days_until_release")] = np.nan
        for name, value in row.items():
            values[number, NAMES.index(name)] = value
    none = np.zeros(len(rows), np.int64)
    return Matrix.of(values, Rows(none, none, none, none), load_catalogue())


def test_a_score_is_the_sum_of_the_log_odds_of_the_factors_that_are_present() -> None:
    scores = published_scores(
        matrix(
            {},
            {
                "strangulation_incidents_ever": 3, "answer_strangled": 1, "subject_suicidality_ever": 1,
                "domestic_incidents_90d": 2,
            },
            {"threats_to_children_ever": 1, "answer_stalked": 1, "answer_strangled": np.nan},
            {"surveillance_reports_ever": 1, "in_custody": 1},
            {"domestic_incidents_90d": 1, "in_custody": 1, "days_until_release": 135},
        ),
        BaseSettings(),
        180,
    )  # fmt: skip
    by_hand = [
        0.0,
        math.log(7.48) + math.log(3.3) + math.log(3.32),
        math.log(9) + math.log(2),
        math.log(2) + math.log(0.15),
        math.log(3.32) + math.log(45 / 180),
    ]
    np.testing.assert_allclose(scores, by_hand, atol=1e-6)


def test_the_odds_of_a_recent_incident_are_the_arithmetic_that_the_table_shows() -> None:
    (recent,) = (factor for factor in published_factors() if factor.features == ("domestic_incidents_90d",))
    shown = recent.figure.rpartition(": ")[2]
    assert shown == "(56.5 / 90) / (43.5 / 230)"
    assert recent.odds == pytest.approx((56.5 / 90) / (43.5 / 230), abs=0.005)


def test_every_figure_has_a_source_and_every_feature_is_in_the_catalogue() -> None:
    factors = published_factors()
    assert len(factors) == 5
    for factor in factors:
        assert factor.odds > 1
        assert factor.figure
        assert set(factor.features) <= set(NAMES)
        # The sources that the catalogue itself names, or those of the simulation's calibration.
        named = {definition.source for definition in load_catalogue()}
        assert any(factor.source in source for source in named) or factor.source == "López-Ossorio et al. 2019"


def test_the_page_shows_the_table() -> None:
    lines = published_lines()
    assert lines[2:4] == ["| factor | present where any is above 0 | odds | figure | source |", "|---|---|---|---|---|"]
    assert lines[4] == (
        "| strangled by the subject | `strangulation_incidents_ever` `answer_strangled` | 7.48 | odds ratio 7.48 (4.53 "
        "to 12.35), completed homicide | Glass et al. 2008 |"
    )
