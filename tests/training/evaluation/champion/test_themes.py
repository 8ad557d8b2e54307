"""Why rows move: contributions of trees, base and time at liberty by theme, centred, challenger minus champion."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from fixtures import drawn_bases
from fixtures.drawn_bases import CATALOGUE, base_model

from features import Matrix
from threat.history.sightings import Rows
from threat.release.documents.champion import ComparedModel
from threat.release.documents.model import Calibrator
from threat.release.ranking_model import RankingModel
from training.evaluation.champion import themes
from training.evaluation.champion.models import ScoredModel
from training.evaluation.champion.themes import ThemeDifferences, theme_differences

FACTS = ComparedModel(
    kind="run", run_id="r", manifest_sha256="a" * 64, catalogue_version="c", features=6, rung="Y2", horizon_days=180,
    cohort="monthly", fit_date=None, fit_date_is="unknown",
)  # fmt: skip
SAMPLE = drawn_bases.sample(4, n=400)
NOBODY = np.arange(400)
MATRIX = Matrix(SAMPLE.values, CATALOGUE.names, Rows(NOBODY, NOBODY, NOBODY, NOBODY), CATALOGUE.version)


def scored(names: tuple[str, ...], *, base: bool) -> ScoredModel:
    """Trees on these columns, with a base or without; the columns are not in the order of the matrix."""
    columns = [CATALOGUE.names.index(name) for name in names]
    data = lightgbm.Dataset(SAMPLE.values[:, columns], SAMPLE.label, feature_name=list(names))
    options = {"objective": "binary", "num_leaves": 5, "verbosity": -1, "num_threads": 1, "seed": 1}
    booster = lightgbm.train(options, data, 10)
    model = RankingModel.of(booster, base_model(names) if base else None, names)
    return ScoredModel(FACTS, model, Calibrator(method="none"))


CHALLENGER = scored(("not_read", "incidents"), base=False)
WITH_BASE = scored(("days_since", "incidents", "in_custody", "days_until_release"), base=True)


@pytest.mark.parametrize("centred_on", [100, 1_000])
def test_themes_and_time_at_liberty_add_up_to_the_difference_of_the_centred_scores(
    monkeypatch: pytest.MonkeyPatch, centred_on: int
) -> None:
    monkeypatch.setattr(themes, "ROWS_CENTRED_ON", centred_on)
    rows = np.array([3, 50, 51, 399])
    made = theme_differences(CHALLENGER, WITH_BASE, MATRIX, CATALOGUE, rows, seed=2)
    drawn = np.random.default_rng(2).choice(400, min(centred_on, 400), replace=False)
    centred = []
    for model in (CHALLENGER, WITH_BASE):
        score = model.model.raw_score(model.values(MATRIX))
        centred.append(score[rows] - score[drawn].mean())
    np.testing.assert_allclose(made.values.sum(axis=1), centred[0] - centred[1], atol=1e-9)
    assert (made.centred_on, made.themes[-1]) == (min(centred_on, 400), "time_at_liberty")
    np.testing.assert_array_equal(made.of(51), made.values[2])


def test_without_a_base_nobody_knows_time_at_liberty() -> None:
    made = theme_differences(CHALLENGER, CHALLENGER, MATRIX, CATALOGUE, np.array([0, 1]), seed=2)
    assert "time_at_liberty" not in made.themes
    assert (made.values == 0).all()


def test_means_weigh_by_the_place_that_moved_and_what_parts_the_two_comes_first() -> None:
    """Four rows of which 1 and 3 moved on, 3 by half a place, and 2 moved off."""
    values = np.array([[1.0, -1.0], [0.5, 2.0], [4.0, -1.0]])
    made = ThemeDifferences(("incidents", "orders"), np.array([1, 2, 3]), values, 4)
    on, off = np.array([0, 1, 0, 0.5]), np.array([0, 0, 1.5, 0])
    first, second = made.means(on, off)
    assert (first.theme, first.on, first.off) == ("orders", pytest.approx(-1.0), pytest.approx(2.0))
    assert (second.theme, second.on, second.off) == ("incidents", pytest.approx((1 + 0.5 * 4) / 1.5), 0.5)
    assert (first.on_less_off, second.on_less_off) == (pytest.approx(-3.0), pytest.approx(1.5))
    (alone, _) = made.means(on, np.zeros(4))
    assert (alone.off, alone.on_less_off) == (None, None)
