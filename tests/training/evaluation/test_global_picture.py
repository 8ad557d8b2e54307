"""Mean sizes of contributions by feature and theme, and the time at liberty apart from both."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from features import load_catalogue
from threat.release.documents.global_picture import GlobalPicture
from threat.release.ranking_model import Contributions
from training.cohorts.labelled import LabelledCohort
from training.evaluation.global_picture import summary

NAMES = ("domestic_incidents_365d", "days_since_domestic_incident", "latest_grade")
COHORT = cast(LabelledCohort, SimpleNamespace(catalogue=load_catalogue().only(NAMES)))


def picture(liberty: list[float]) -> GlobalPicture:
    parts: Any = np.array([[1.0, -1.0, 0.0], [3.0, -0.5, 0.0], [2.0, -1.5, 0.0]])
    values = np.array([[1, 30, np.nan], [9, 3, np.nan], [4, 60, np.nan]], np.float32)
    return summary(Contributions(parts, np.array(liberty), np.full(3, -4.0)), values, COHORT)


def test_sizes_are_means_and_a_theme_is_the_sum_of_its_features() -> None:
    made = picture([0.0, 0.0, 0.0])
    assert [(size.name, size.mean_absolute) for size in made.features] == [
        ("domestic_incidents_365d", 2.0),
        ("days_since_domestic_incident", 1.0),
    ]
    # Both are of the theme of incidents, so they cancel in part: 0, 2.5 and 0.5.
    assert [(size.theme, size.mean_absolute) for size in made.themes] == [("incidents", 1.0), ("assessment", 0.0)]
    assert made.features[0].rises_with_value == pytest.approx(0.98, abs=0.01)
    assert (made.rows, made.expected_score, made.time_at_liberty) == (3, -4.0, 0.0)


def test_time_at_liberty_is_of_no_feature_and_no_theme() -> None:
    with_offset, without = picture([0.25, -3.0, 0.25]), picture([0.0, 0.0, 0.0])
    assert with_offset.time_at_liberty == pytest.approx(3.5 / 3)
    assert (with_offset.features, with_offset.themes) == (without.features, without.themes)


def test_a_picture_of_before_opens_without_a_time_at_liberty() -> None:
    document = picture([0.0, 0.0, 0.0]).as_json() | {"version": 1}
    del document["time_at_liberty"]
    assert GlobalPicture.parse(json.dumps(document).encode(), "shap_summary.json").time_at_liberty is None


def test_a_picture_of_before_has_no_dependence() -> None:
    document = picture([0.0, 0.0, 0.0]).as_json() | {"version": 2}
    for name in ("dependence", "interaction_rows", "interactions"):
        del document[name]
    opened = GlobalPicture.parse(json.dumps(document).encode(), "shap_summary.json")
    assert (opened.dependence, opened.interaction_rows, opened.interactions) == ((), 0, None)
