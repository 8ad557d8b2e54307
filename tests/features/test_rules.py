"""Rule rankings on a drawn matrix: scores, order, and where rows without a basis are placed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from features.load import load_catalogue
from features.rules import CENTURY, DEFAULT_RULE, RULES
from threat.errors import UsageError

NAN = np.nan
#                                   days since · prior · harm · since (subject) · count year · victims · grade
COLUMNS = {
    "days_since_domestic_incident": [10.0, 200.0, NAN, 10.0],
    "domestic_incidents_ever": [1.0, 9.0, 0.0, 3.0],
    "subject_harm_sum_365d": [27.0, 2555.0, 0.0, 1.0],
    "days_since_subject_domestic_incident": [10.0, 200.0, NAN, 30.0],
    "subject_domestic_incidents_365d": [1.0, 8.0, 0.0, 4.0],
    "persons_at_risk_1095d": [1.0, 3.0, 0.0, 9.0],
    "latest_grade": [3.0, NAN, NAN, 1.0],
}


def matrix(columns: dict[str, list[float]] = COLUMNS) -> Any:
    return SimpleNamespace(values=np.array(list(columns.values()), np.float32).T, names=tuple(columns))


@pytest.mark.parametrize(
    ("name", "scores", "unranked"),
    [
        ("days_since_last", [-10.0, -200.0, -CENTURY, -10.0], [False, False, True, False]),
        ("prior_count", [1.0, 9.0, 0.0, 3.0], [False] * 4),
        ("trailing_year_harm", [27.0, 2555.0, 0.0, 1.0], [False] * 4),
        # bands recency, frequency, gravity: (4, 1, 2), (1, 4, 4), (0, 0, 0), (4, 3, 1)
        ("rfg", [57.5, 77.5, 0.0, 62.5], [False, False, True, False]),
        ("rfgv", [57.5, 87.5, 0.0, 82.5], [False, False, True, False]),
        ("latest_grade", [3.0, 0.0, 0.0, 1.0], [False, True, True, False]),
    ],
)
def test_rules(name: str, scores: list[float], unranked: list[bool]) -> None:
    rule = RULES[name]
    assert rule(matrix()).tolist() == pytest.approx(scores)
    assert rule.score(matrix()).dtype == np.float64
    assert np.isfinite(rule.score(matrix())).all()
    assert rule.unranked(matrix()).tolist() == unranked


def test_rules_read_the_shipped_catalogue() -> None:
    names = set(load_catalogue().names)
    assert {read for rule in RULES.values() for read in rule.reads} <= names
    assert DEFAULT_RULE in RULES
    assert all(name == rule.name for name, rule in RULES.items())


def test_a_matrix_without_the_feature_is_refused() -> None:
    with pytest.raises(UsageError, match="trailing_year_harm"):
        RULES["trailing_year_harm"].score(matrix({"latest_grade": [1.0]}))


def test_recency_bands_hold_their_edges() -> None:
    since = [0.5, 30.0, 30.5, 90.0, 180.0, 365.0, 365.5, NAN]
    rows = {
        "days_since_subject_domestic_incident": since,
        "subject_domestic_incidents_365d": [0.0] * len(since),
        "subject_harm_sum_365d": [0.0] * len(since),
    }
    assert (RULES["rfg"].score(matrix(rows)) / 7.5).tolist() == pytest.approx([4, 4, 3, 3, 2, 1, 0, 0])


def test_frequency_bands_hold_their_edges() -> None:
    incidents = [0.0, 1.0, 2.0, 3.0, 4.0, 7.0, 8.0, 40.0]
    rows = {
        "days_since_subject_domestic_incident": [NAN] * len(incidents),
        "subject_domestic_incidents_365d": incidents,
        "subject_harm_sum_365d": [0.0] * len(incidents),
    }
    assert (RULES["rfg"].score(matrix(rows)) / 7.5).tolist() == pytest.approx([0, 1, 2, 2, 3, 3, 4, 4])


def test_gravity_bands_hold_their_edges() -> None:
    harm = [0.0, 0.5, 1.0, 9.0, 10.0, 364.0, 365.0, 1459.0, 1460.0, 5475.0]
    rows = {
        "days_since_subject_domestic_incident": [NAN] * len(harm),
        "subject_domestic_incidents_365d": [0.0] * len(harm),
        "subject_harm_sum_365d": harm,
    }
    assert (RULES["rfg"].score(matrix(rows)) / 10.0).tolist() == pytest.approx([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])


def test_victims_beyond_the_first_add_five_points_each_up_to_twenty() -> None:
    victims = [NAN, 0.0, 1.0, 2.0, 4.0, 5.0, 6.0]
    rows = {
        "days_since_subject_domestic_incident": [NAN] * len(victims),
        "subject_domestic_incidents_365d": [0.0] * len(victims),
        "subject_harm_sum_365d": [0.0] * len(victims),
        "persons_at_risk_1095d": victims,
    }
    assert RULES["rfgv"].score(matrix(rows)).tolist() == pytest.approx([0, 0, 0, 5, 15, 20, 20])
