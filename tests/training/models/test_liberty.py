"""What other policy values for time at liberty do to the base's lists on validation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures.drawn_bases import CATALOGUE, HORIZON, sample

from threat.measuring.list_length import ListLength, listed
from training.config import BaseSettings
from training.models.base import fit_base_at
from training.models.choosing import ValidationLists
from training.models.liberty import Penalty, liberty_sensitivity

PAIRS = [
    (sample(1, 2_000), replace(sample(2, 800), cycle=np.arange(800) % 2)),
    (sample(3, 2_000), replace(sample(4, 700), cycle=2 + np.arange(700) % 2)),
]
LISTS = ValidationLists.of([measured for _, measured in PAIRS], ListLength(40), seed=7)


@pytest.fixture(scope="module")
def tried():
    return liberty_sensitivity(
        PAIRS, CATALOGUE, BaseSettings(), LISTS, penalty=Penalty(2.0), places=40, horizon_days=HORIZON
    )


def test_the_settings_come_first_and_keep_their_own_lists(tried) -> None:
    first = tried[0]
    assert (first.unknown_release_share, first.least_liberty_share, first.list_kept) == (0.15, 0.02, 1.0)
    assert len(tried) == 5
    assert all(0 <= values.list_kept <= 1 for values in tried)


def test_a_share_kept_and_a_recall_are_those_of_lists_cut_by_hand(tried) -> None:
    [values] = [entry for entry in tried if entry.unknown_release_share == 0.4]
    kept, held, events = [], 0.0, 0.0
    changed = BaseSettings(unknown_release_share=0.4)
    for fit, measured in PAIRS:
        before, after = (
            fit_base_at(2.0, fit, CATALOGUE, settings, horizon_days=HORIZON).score(measured.values)
            for settings in (BaseSettings(), changed)
        )
        for cycle in np.unique(measured.cycle):
            rows = np.flatnonzero(measured.cycle == cycle)
            top_before, top_after = (set(rows[np.argsort(-raw[rows])[:40]].tolist()) for raw in (before, after))
            kept.append(len(top_before & top_after) / 40)
            for places in ListLength(40).ladder:
                held += measured.label[rows[np.argsort(-after[rows])[:places]]].sum() / len(ListLength(40).ladder)
            events += measured.label[rows].sum()
    # Ties at a cut are shared out, and all stay on the list that is kept: by hand they are cut somewhere.
    assert values.list_kept == pytest.approx(np.mean(kept), abs=0.02)
    assert values.mean_recall == pytest.approx(held / events, abs=0.01)
    assert values.list_kept < 1


def test_who_is_out_of_custody_does_not_depend_on_the_policy_values() -> None:
    free = [(fit, measured.part(measured.values[:, 2] == 0)) for fit, measured in PAIRS]
    lists = ValidationLists.of([measured for _, measured in free], ListLength(40), seed=7)
    ranked = [listed(base_scores(free, share), lists.rows.cycle, 40) for share in (0.15, 0.4)]
    assert (ranked[0] == ranked[1]).mean() > 0.98


def base_scores(pairs, share: float) -> np.ndarray:
    settings = BaseSettings(unknown_release_share=share)
    return np.concatenate(
        [fit_base_at(2.0, fit, CATALOGUE, settings, horizon_days=HORIZON).score(m.values) for fit, m in pairs]
    )


def test_without_an_outcome_there_is_no_recall() -> None:
    none = [(fit, replace(measured, label=np.zeros_like(measured.label))) for fit, measured in PAIRS]
    lists = ValidationLists.of([measured for _, measured in none], ListLength(40), seed=7)
    tried = liberty_sensitivity(
        none, CATALOGUE, BaseSettings(), lists, penalty=Penalty(2.0), places=40, horizon_days=HORIZON
    )
    assert {values.mean_recall for values in tried} == {None}
