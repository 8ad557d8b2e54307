"""Several boosters as one text: mean scores, mean contributions, a file that passes the check of a bundle."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest
from fixtures.drawn_samples import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.release.ranking_model import RankingModel
from threat.release.scorer import raw_score
from threat.release.tree_structure import check
from training.models.averaged import averaged

NAMES = ["a", "b", "c", "d", "e"]


def member(seed: int, *, leaves: int = 4, rounds: int = 3, threads: int = 1) -> lgb.Booster:
    drawn = sample(seed, 300)
    options = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "num_threads": threads, "seed": seed}
    return lgb.train(options, lgb.Dataset(drawn.values, drawn.label, feature_name=NAMES), rounds)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(2, 8), st.integers(1, 4)), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_a_score_and_its_contributions_are_the_means_of_the_members(drawn: list[tuple[int, int, int]]) -> None:
    members = [member(seed, leaves=leaves, rounds=rounds) for seed, leaves, rounds in drawn]
    mean, values = averaged(members), sample(99, 200).values

    def contributions(booster: lgb.Booster) -> np.ndarray:
        parts = RankingModel.of(booster, None, NAMES).contributions(values)
        return np.column_stack([parts.by_feature, parts.expected])

    scores = np.mean([raw_score(booster, values) for booster in members], axis=0)
    np.testing.assert_allclose(raw_score(mean, values), scores, rtol=0, atol=1e-12)
    parts = np.mean([contributions(booster) for booster in members], axis=0)
    np.testing.assert_allclose(contributions(mean), parts, rtol=0, atol=1e-12)
    shape = check(mean.model_to_string().encode(), NAMES, "model.txt")
    assert shape.trees == sum(rounds for *_, rounds in drawn)


def test_the_text_is_stable_and_counts_every_split() -> None:
    members = [member(1), member(2)]
    text = averaged(members).model_to_string()
    assert lgb.Booster(model_str=text).model_to_string() == text
    used = sum(booster.feature_importance("split") for booster in members)
    assert averaged(members).feature_importance("split").tolist() == used.tolist()


def test_one_member_keeps_its_text_but_for_the_number_of_threads() -> None:
    alone = member(3, threads=2).model_to_string()
    assert "[num_threads: 2]" in alone
    text = averaged([member(3, threads=2)]).model_to_string()
    assert text == alone.replace("[num_threads: 2]", "[num_threads: 1]")


def test_a_member_of_a_single_leaf_shifts_the_mean() -> None:
    nothing = lgb.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 1},
        lgb.Dataset(np.zeros((40, 5), np.float32), np.arange(40) % 4 == 0, feature_name=NAMES),
        2,
    )
    values = sample(9, 50).values
    both = averaged([member(1), nothing])
    expected = (raw_score(member(1), values) + np.log(1 / 3)) / 2
    np.testing.assert_allclose(raw_score(both, values), expected, atol=1e-12)


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="no members"):
        averaged([])
