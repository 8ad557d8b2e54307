"""Fit rows: every outcome is kept, the rest is drawn and stands for those left out."""

from __future__ import annotations

import numpy as np
import pytest

from training.cohorts.sample import Sample, draw_fit_rows
from training.config import SamplingSettings


def test_sampling_keeps_every_outcome_and_the_total_weight() -> None:
    labels = np.zeros(1_000, np.uint8)
    labels[::100] = 1
    rows = np.arange(500)
    drawn = draw_fit_rows(labels, rows, SamplingSettings(negatives_per_positive=4, floor=10), 3)
    assert set(np.flatnonzero(labels[:500])) <= set(drawn.positions.tolist())
    assert (len(drawn), drawn.weight.sum()) == (5 + 20, pytest.approx(500))
    assert (np.diff(drawn.positions) > 0).all()
    everything = draw_fit_rows(labels, rows, SamplingSettings(negatives_per_positive=4, floor=10_000), 3)
    assert (everything.positions == rows).all()
    assert (everything.weight == 1).all()


def test_the_floor_is_kept_where_there_are_few_outcomes() -> None:
    labels = np.zeros(1_000, np.uint8)
    labels[3] = 1
    drawn = draw_fit_rows(labels, np.arange(1_000), SamplingSettings(negatives_per_positive=4, floor=100), 3)
    assert (len(drawn), drawn.weight.sum()) == (1 + 100, pytest.approx(1_000))
    assert drawn.weight[drawn.positions == 3] == 1


def test_a_draw_depends_on_its_seed_alone() -> None:
    labels, settings = np.zeros(1_000, np.uint8), SamplingSettings(floor=50)
    first, again, other = (draw_fit_rows(labels, np.arange(1_000), settings, seed).positions for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_part_keeps_person_and_list_with_their_rows() -> None:
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    whole = Sample(
        values,
        label=np.array([0, 1, 0], np.uint8),
        weight=np.array([2.0, 1.0, 3.0]),
        person=np.array([7, 8, 7]),
        cycle=np.array([0, 0, 1]),
    )
    part = whole.part(whole.person == 7)
    assert part.values.tolist() == [[0, 1], [4, 5]]
    assert (part.label.tolist(), part.weight.tolist()) == ([0, 0], [2.0, 3.0])
    assert (part.person.tolist(), part.cycle.tolist()) == ([7, 7], [0, 1])
