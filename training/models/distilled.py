"""Trees that come close to a base: LightGBM fitted to the base's log odds instead of to outcomes."""

from __future__ import annotations

import numpy as np

from threat.release.base import Base
from training.cohorts.sample import Sample
from training.config import TreeCandidate
from training.models.trees import Stopping, TreeRows

CANDIDATE = TreeCandidate(
    num_leaves=31,
    min_data_in_leaf=10,
    lambda_l2=0.01,
    learning_rate=0.15,
    feature_fraction=1.0,
    bagging_fraction=1.0,
)
"""Large leaves, hardly any shrinkage and no sampling: a base has no noise to overfit, so all that limits the trees is
how close they come. Without sampling all seeds grow the same trees, so one is enough."""

STOPPING = Stopping(max_rounds=100, patience=None)
"""Every round is grown. On six validation folds of three synthetic forces of 20,000 relationships 100 rounds kept 82 to
86% of the base's places on lists of 50, and 87 to 92% of 200; 200 rounds kept as many. Fitted to the base's probability
by log loss, as trees once were, 100 rounds kept 60 to 81%, and 71 to 87%: a few rows of high probability decide that
loss. Where such rows lie beyond those fitted on, it stopped falling after two rounds, and so did the trees."""


def rows_of_base(base: Base, sample: Sample) -> TreeRows:
    """Return the rows of a sample with the base's log odds as target; the trees read what the base reads alone.

    Fitted to outcomes a tree finds what it can in any feature; fitted to a base there is nothing to find elsewhere.
    """
    read = {*base.positions, *(base.liberty_positions or ())}
    return TreeRows(
        sample.values,
        base.score(sample.values).astype(np.float32),
        sample.weight,
        "regression",
        blanked=tuple(column for column in range(sample.values.shape[1]) if column not in read),
    )
