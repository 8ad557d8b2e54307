"""A missing figure goes where its end of least risk goes: the same scores and parts, and no fall at a first record."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.drawn_samples import CANDIDATE, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from threat.release.ranking_model import RankingModel
from threat.release.scorer import raw_score
from threat.release.tree_structure import check
from training.models import trees
from training.models.missing_side import filled
from training.models.trees import Growth, TreeRows

NAMES = ("a", "b", "c", "d", "e")
DIRECTIONS = (1, 1, -1, 0, -1)
ENDS = (0.0, 0.0, 36_525.0, None, 36_525.0)


@pytest.fixture(scope="module")
def booster():
    growth = Growth(constraints=DIRECTIONS, ends=ENDS, names=NAMES, seed=7, seeds=2)
    return trees.fit(TreeRows.of_outcomes(sample(1)), CANDIDATE, 40, growth)


def parts(booster, values: NDArray[np.float32]) -> NDArray[np.float64]:
    return RankingModel.of(booster, None, NAMES).contributions(values).by_feature


def test_scores_and_parts_of_missing_figures_are_those_of_their_ends(booster) -> None:
    values = sample(2).values
    assert np.isnan(values).any(axis=0).all()
    np.testing.assert_array_equal(raw_score(booster, values), raw_score(booster, filled(values, ENDS)))
    np.testing.assert_array_equal(parts(booster, values), parts(booster, filled(values, ENDS)))
    without_end = np.where(np.isnan(values[:, 3]), np.float32(0), values[:, 3])
    assert (raw_score(booster, values) != raw_score(booster, np.c_[values[:, :3], without_end, values[:, 4]])).any()


@given(st.integers(0, 4), st.integers(0, 40_000))
@settings(max_examples=60, deadline=None)
def test_a_first_record_moves_a_score_the_way_of_its_direction(booster, column: int, value: int) -> None:
    missing = sample(3, 300).values
    missing[:, column] = np.nan
    present = missing.copy()
    present[:, column] = min(value, 36_525)
    rise = raw_score(booster, present) - raw_score(booster, missing)
    if DIRECTIONS[column]:
        assert rise.min() >= 0.0


def test_without_ends_a_first_record_can_lower_a_score() -> None:
    """What LightGBM does of itself: missing is as risky as the most, and its side is free."""
    draw = np.random.default_rng(5)
    values = draw.integers(0, 6, (4_000, 1)).astype(np.float32)
    risk = np.where(values[:, 0] < 2, 0.02, 0.3)
    values[draw.random(4_000) < 0.5] = np.nan
    risk = np.where(np.isnan(values[:, 0]), 0.3, risk)
    label = (draw.random(4_000) < risk).astype(np.float32)
    rows = TreeRows(values, label, np.ones(4_000))
    missing, first = np.array([[np.nan]], np.float32), np.array([[1.0]], np.float32)

    def rise(growth: Growth) -> float:
        fitted = trees.fit(rows, CANDIDATE, 40, growth)
        return float((raw_score(fitted, first) - raw_score(fitted, missing))[0])

    assert rise(Growth(constraints=[1], seed=7)) < -1.0
    assert rise(Growth(constraints=[1], ends=[0.0], seed=7)) == 0.0


def test_the_text_is_one_that_a_bundle_takes_and_lightgbm_writes_again(booster) -> None:
    text = booster.model_to_string()
    assert check(text.encode(), NAMES, "model.txt").trees == 80
    assert type(booster)(model_str=text).model_to_string() == text


def test_filling_leaves_the_rows_that_it_was_given() -> None:
    values = sample(2, 50).values
    before = values.copy()
    assert not np.isnan(filled(values, ENDS)[:, [0, 1, 2, 4]]).any()
    np.testing.assert_array_equal(values, before)
    assert filled(values, ()) is values
