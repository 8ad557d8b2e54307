"""Dependence as means of ten rows or more, never of fewer; interactions of a product of two features, and of none."""

from __future__ import annotations

from itertools import product as product_of

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threat.release.ranking_model import RankingModel
from training.evaluation.dependence import LEAST, bins_of, dependences, interactions

NAMES = ("first", "second", "third")


@given(drawn=st.lists(st.integers(0, 12) | st.none(), max_size=120))
def test_groups_are_of_ten_rows_or_more_never_split_a_value_and_keep_the_sums(drawn: list[int | None]) -> None:
    values = np.array([np.nan if value is None else value for value in drawn], np.float32)
    parts = np.arange(len(drawn), dtype=np.float64)
    bins = bins_of(values, parts)
    assert all(group.rows >= LEAST for group in bins)
    present = [value for value in drawn if value is not None]
    grouped = [group for group in bins if group.mean_value is not None]
    assert sum(group.rows for group in grouped) == (len(present) if len(present) >= LEAST else 0)
    if grouped:
        assert sum(group.rows * group.mean_value for group in grouped) == pytest.approx(sum(present))
        contributed = sum(group.rows * group.mean_contribution for group in grouped)
        assert contributed == pytest.approx(parts[np.isfinite(values)].sum())
    missing = drawn.count(None)
    assert sum(group.rows for group in bins if group.mean_value is None) == (missing if missing >= LEAST else 0)
    means = [group.mean_value for group in grouped]
    assert means == sorted(set(means))


def test_the_largest_features_come_first_and_a_feature_of_one_value_is_left_out() -> None:
    values = np.column_stack([np.arange(40), np.arange(40) % 2, np.ones(40)]).astype(np.float32)
    parts = np.column_stack([np.full(40, 0.1), values[:, 1] * 0.5, np.full(40, 9.0)])
    made = dependences(values, parts, NAMES)
    assert [feature.name for feature in made] == ["second", "first"]
    assert [(group.rows, group.mean_value, group.mean_contribution) for group in made[0].bins] == [
        (20, 0.0, 0.0),
        (20, 1.0, 0.5),
    ]


def fitted(outcome: np.ndarray, values: np.ndarray) -> RankingModel:
    data = lightgbm.Dataset(values, np.ascontiguousarray(outcome))
    parameters = {"objective": "regression", "num_leaves": 8, "verbosity": -1, "num_threads": 1, "seed": 1}
    return RankingModel.of(lightgbm.train(parameters, data, 20), None, NAMES)


def test_a_product_of_two_features_is_their_interaction_and_a_sum_has_hardly_any() -> None:
    # Every combination of three bits equally often: path-dependent SHAP reads correlations of the sample otherwise.
    values = np.tile(np.array(list(product_of((0, 1), repeat=3)), np.float32), (100, 1))
    product = interactions(fitted(4 * values[:, 0] * values[:, 2], values), values[:96])
    total = interactions(fitted(4 * (values[:, 0] + values[:, 2]), values), values[:96])
    assert product is not None
    assert total is not None
    assert product[0].features == ("first", "third")
    # SHAP interaction of 4 x y with fair bits: 4 (x - 1/2) (y - 1/2), 1 in every cell, shrunk by 20 rounds at 0.1.
    assert product[0].mean_absolute == pytest.approx(1 - 0.9**20, abs=1e-6)
    assert sum(pair.mean_absolute for pair in total) < 1e-6


def test_means_of_too_few_rows_are_not_shown() -> None:
    values = np.random.default_rng(1).integers(0, 2, (800, 3)).astype(np.float32)
    model = fitted(values[:, 0], values)
    assert interactions(model, values[: LEAST - 1]) is None
