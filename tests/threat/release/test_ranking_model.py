"""A model's score is its base plus its trees; its contributions sum to the score or are refused."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from fixtures.drawn_bases import CATALOGUE, base_model, sample

from threat.errors import IntegrityFailure
from threat.release.base import Base
from threat.release.ranking_model import RankingModel

VALUES = sample(5, 1_000).values


@pytest.fixture(scope="module")
def booster():
    """Trees grown on what the base leaves over."""
    drawn = sample(3)
    start = Base.of(base_model(), CATALOGUE.names).score(drawn.values)
    data = lightgbm.Dataset(drawn.values, drawn.label, init_score=start)
    return lightgbm.train({"objective": "binary", "num_leaves": 5, "verbosity": -1, "num_threads": 1}, data, 12)


def test_the_score_is_the_base_plus_the_trees(booster) -> None:
    model = RankingModel.of(booster, base_model(), CATALOGUE.names)
    of_base = Base.of(base_model(), CATALOGUE.names).score(VALUES)
    np.testing.assert_array_equal(model.raw_score(VALUES), of_base + booster.predict(VALUES, raw_score=True))
    alone = RankingModel.of(booster, None, CATALOGUE.names)
    np.testing.assert_array_equal(alone.raw_score(VALUES), booster.predict(VALUES, raw_score=True))


@pytest.mark.parametrize("base", [None, base_model()])
def test_contributions_sum_to_the_score(booster, base) -> None:
    model = RankingModel.of(booster, base, CATALOGUE.names)
    parts = model.contributions(VALUES)
    assert parts.by_feature.shape == VALUES.shape
    np.testing.assert_allclose(parts.total(), model.raw_score(VALUES), atol=1e-9)
    assert len(set(parts.expected.tolist())) == 1
    assert bool(parts.liberty.any()) == (base is not None)


def test_a_features_part_is_that_of_base_and_trees(booster) -> None:
    both = RankingModel.of(booster, base_model(), CATALOGUE.names).contributions(VALUES).by_feature
    trees = RankingModel.of(booster, None, CATALOGUE.names).contributions(VALUES).by_feature
    of_base, _, _ = Base.of(base_model(), CATALOGUE.names).contributions(VALUES)
    np.testing.assert_allclose(both, trees + of_base, atol=1e-12)


def test_contributions_that_do_not_sum_are_refused() -> None:
    class Wrong:
        def predict(self, values, pred_contrib=False, **_):
            return np.ones((len(values), 7)) if pred_contrib else np.zeros(len(values))

    with pytest.raises(IntegrityFailure, match="do not sum to the score"):
        RankingModel.of(Wrong(), base_model(), CATALOGUE.names).contributions(VALUES)


def test_no_rows_have_no_contributions(booster) -> None:
    model = RankingModel.of(booster, base_model(), CATALOGUE.names)
    assert model.raw_score(VALUES[:0]).shape == (0,)
