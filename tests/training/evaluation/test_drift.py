"""Drift of the test from the fit rows: weighted percentiles and shifts, recomputed from repeated rows."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.drawn_samples import sample_of
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.drift import LENGTH_OF_RECORD, compared, drift, percentile

NAN = np.float32(np.nan)


def test_a_weight_is_so_many_equal_rows() -> None:
    rng = np.random.default_rng(1)
    values = rng.poisson(3, (300, 3)).astype(np.float32)
    values[rng.random((300, 3)) < 0.2] = NAN
    weight = rng.integers(1, 6, 300)
    later = rng.poisson(5, (120, 3)).astype(np.float32)
    later[rng.random((120, 3)) < 0.1] = NAN
    label = np.zeros(300, np.uint8)
    found = drift(sample_of(values, label, weight.astype(float)), later, ["a", "b", "c"])
    repeated = np.repeat(values, weight, axis=0)
    for feature in found.features:
        place = ["a", "b", "c"].index(feature.feature)
        column, test = repeated[:, place], later[:, place]
        column, test = (x[np.isfinite(x)].astype(np.float64) for x in (column, test))
        assert feature.shift == pytest.approx((test.mean() - column.mean()) / column.std())
        high = np.quantile(column, 0.99, method="inverted_cdf")
        assert (feature.beyond, feature.test_rows) == ((test > high).sum(), len(test))
        assert feature.fit_rows == np.isfinite(values[:, place]).sum()
    assert [abs(feature.shift) for feature in found.features] == sorted(
        (abs(feature.shift) for feature in found.features), reverse=True
    )


def test_features_that_say_nothing_on_the_fit_rows_are_not_listed() -> None:
    #                  constant, empty, varies, and a feature that the test does not have
    fit = np.array([[1, NAN, 0, 0], [1, NAN, 1, 1], [NAN, NAN, 2, 2]] * 10, np.float32)
    later = np.array([[9, 4, 1, NAN], [9, 4, 1, NAN]], np.float32)
    found = drift(sample_of(fit, np.zeros(30, np.uint8)), later, ["constant", "empty", "varies", "gone"])
    assert [feature.feature for feature in found.features] == ["gone", "varies"]
    assert drift(sample_of(fit[:29], np.zeros(29, np.uint8)), later, ["a", "b", "c", "d"]).features == ()
    gone, varies = found.features
    assert (gone.test_rows, gone.beyond, gone.share_beyond, gone.shift) == (0, 0, None, 0.0)
    assert found.length_of_record is None
    assert (varies.share_beyond, varies.shift, found.shifted) == (0.0, 0.0, 0)


def test_a_record_that_grew_is_seen() -> None:
    rng = np.random.default_rng(2)
    days = rng.uniform(0, 365, (1_000, 1)).astype(np.float32)
    record = compared(LENGTH_OF_RECORD, days[:, 0], np.ones(1_000), days[:, 0] + 200)
    assert record is not None
    assert record.share_beyond == pytest.approx(200 / 365, abs=0.03)
    assert record.shift == pytest.approx(200 * np.sqrt(12) / 365, rel=0.03)
    found = drift(sample_of(days, np.zeros(1_000, np.uint8)), days + 200, ["x"], record)
    assert (found.length_of_record, found.shifted) == (record, 1)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=30), st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_the_share_does_not_exceed(
    rows: list[tuple[int, int]], share: float
) -> None:
    values, weight = (np.array(column, float) for column in zip(*rows, strict=True))
    found = percentile(values, weight, share)
    assert weight[values <= found].sum() >= share * weight.sum() - 1e-9
    assert weight[values < found].sum() < share * weight.sum() + 1e-9
