"""The elastic net: scaling and indicators, what a penalty means, weights that do not run away."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.drawn_samples import sample, sample_of

from training.config import LinearSettings
from training.models import linear


def test_elastic_net_scales_indicates_and_leaves_out_what_never_varies() -> None:
    s = sample(5)
    values = np.hstack([s.values, np.full((2_000, 1), 3, np.float32), np.full((2_000, 1), np.nan, np.float32)])
    got = linear.fit(sample_of(values, s.label), 0.05, LinearSettings())
    assert got.scaling.keep.tolist() == [0, 1, 2, 3, 4]
    assert got.scaling.indicated.tolist() == [0, 1, 2, 3, 4]
    columns = got.scaling.columns(values)
    assert columns.shape == (2_000, 10)
    assert np.isfinite(columns).all()
    np.testing.assert_allclose(columns[:, 0].mean(), 0, atol=1e-6)
    named = got.document([f"x{i}" for i in range(7)]).coefficients
    assert next(iter(named)) in {"x0", "x2"}
    assert named["x0"] > 0 > named["x2"]


@pytest.mark.parametrize("shift", [0.0, -4.0])
def test_a_penalty_means_the_same_for_a_common_outcome_and_a_rare_one(shift: float) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(20_000, 4)).astype(np.float32)
    label = (rng.random(20_000) < 1 / (1 + np.exp(2 - shift - values[:, 0]))).astype(np.uint8)
    weight = np.where(label, 1.0, 25.0)
    path = linear.path(sample_of(values, label, weight), LinearSettings(penalties=[0.1, 0.99]))
    assert [one.penalty for one in path] == [0.99, 0.1]
    assert [np.flatnonzero(np.abs(one.coefficients) > 0.02).tolist() for one in path] == [[], [0]]
    assert path[1].coefficients[0] > 0.4
    assert all(one.converged for one in path)


def test_few_rows_of_great_weight_do_not_run_away() -> None:
    rng = np.random.default_rng(4)
    values = rng.poisson(0.3, (1_200, 30)).astype(np.float32)
    label = np.repeat([1, 0], 600).astype(np.uint8)
    values[:600, 0] += 1
    path = linear.path(sample_of(values, label, np.where(label, 1.0, 200.0)), LinearSettings())
    assert all(-9 < one.intercept < -4 for one in path)
    assert all(one.coefficients.argmax() == 0 and one.coefficients.max() < 3 for one in path)
