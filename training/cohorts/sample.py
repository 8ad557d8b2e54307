"""Samples: labelled rows with their features and weights, to fit on or to measure on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.config import SamplingSettings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to fit on or to measure on: ``values`` (n, d) with NaN = missing, ``label`` 0 or 1, ``weight`` (n).

    ``person``: id of the subject, by which rows are grouped and resampled (n). ``cycle``: number of the list that the
    row is on, so that lists can be cut per cycle (n).
    """

    values: NDArray[np.float32]
    label: NDArray[np.uint8]
    weight: Floats
    person: Ints
    cycle: Ints

    def part(self, keep: NDArray[np.bool_]) -> Sample:
        """The rows where ``keep``."""
        return Sample(self.values[keep], self.label[keep], self.weight[keep], self.person[keep], self.cycle[keep])


@dataclass(frozen=True, slots=True)
class DrawnRows:
    """Positions (m, sorted) of the rows drawn to fit on, and how many rows each stands for (m)."""

    positions: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.positions)


def draw_fit_rows(labels: NDArray[np.uint8], positions: Ints, settings: SamplingSettings, seed: int) -> DrawnRows:
    """Keep every row with an outcome at weight 1, and draw among the rest, weighted by the inverse of their share.

    ``labels``: uint8, of the whole cohort; ``positions``: the rows that may be fitted on. Drawn for fitting alone:
    cohorts that are measured or calibrated on stay complete.

    Of five rows, one with an outcome; two of the four without are drawn and stand for two each:

    >>> settings = SamplingSettings(negatives_per_positive=2, floor=1)
    >>> drawn = draw_fit_rows(np.array([0, 0, 1, 0, 0], np.uint8), np.arange(5), settings, seed=1)
    >>> len(drawn), drawn.weight[drawn.positions == 2].tolist(), float(drawn.weight.sum())
    (3, [1.0], 5.0)
    """
    positive = labels[positions] > 0
    without = positions[~positive]
    size = min(len(without), max(settings.floor, settings.negatives_per_positive * int(positive.sum())))
    drawn = np.random.default_rng(seed).choice(without, size, replace=False) if size < len(without) else without
    both = np.concatenate([positions[positive], drawn])
    weight = np.concatenate([np.ones(int(positive.sum())), np.full(size, len(without) / max(size, 1))])
    # In the order of the cohort, so that the model does not depend on the order of the draw.
    order = np.argsort(both, kind="stable")
    return DrawnRows(both[order], weight[order])
