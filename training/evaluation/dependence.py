"""How contributions depend on the values of the largest features, and which pairs of features act together most.

Means over at least ten rows, never single rows: a point of one row would show one person's figures.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from threat.release.documents.global_picture import Dependence, DependenceBin, Interaction
from threat.release.ranking_model import TOLERANCE, RankingModel

_FEATURES = 6
"""Features whose dependence is shown: as many panels as can be read on a page."""
_BINS = 10
"""Most groups of rows per feature: of 1,000 rows a hundred each, whose means hardly depend on who was drawn."""
LEAST = 10
"""Fewest rows that a mean is shown of, as everywhere in the product's public figures."""
_PAIRS = 10
"""Pairs shown: the largest of some thousands, most of which are 0."""
INTERACTION_ROWS = 100
"""Rows that interactions are taken on: of 3,766 trees on 251 features they take .6 CPU seconds."""


def dependences(
    values: NDArray[np.float32], parts: NDArray[np.float64], names: Sequence[str]
) -> tuple[Dependence, ...]:
    """Return the dependence of the features with the largest mean absolute contribution, largest first.

    ``values``, ``parts``: features and contributions (n, d). A feature with one group alone is left out.
    """
    size = np.abs(parts).mean(axis=0) if len(parts) else np.zeros(len(names))
    out = []
    for column in np.argsort(-size, kind="stable")[:_FEATURES]:
        bins = bins_of(values[:, column], parts[:, column])
        if size[column] > 0 and len(bins) > 1:
            out.append(Dependence(name=names[column], bins=bins))
    return tuple(out)


def bins_of(values: NDArray[np.float32], parts: NDArray[np.float64]) -> tuple[DependenceBin, ...]:
    """Return means of a feature (n) and its contribution (n) by groups of about n / 10 rows, missing values last.

    Equal values are in one group. A group of under ten rows goes to the group below, and missing values of under ten
    rows are not shown.

    >>> means = bins_of(np.repeat(np.array([0, 1], np.float32), 12), np.repeat([-0.5, 0.25], 12))
    >>> [(group.rows, group.mean_value, group.mean_contribution) for group in means]
    [(12, 0.0, -0.5), (12, 1.0, 0.25)]
    """
    present = np.flatnonzero(np.isfinite(values))
    order = present[np.argsort(values[present], kind="stable")]
    least = max(LEAST, len(order) // _BINS)
    # Positions behind the last row of each value: the only places where a group may end.
    ends = np.flatnonzero(np.append(np.diff(values[order]) > 0, True)) + 1 if len(order) else order
    cuts = [0]
    for end in ends:
        if end - cuts[-1] >= least:
            cuts.append(int(end))
    if len(order) - cuts[-1] >= LEAST:
        cuts.append(len(order))
    elif len(cuts) > 1:
        cuts[-1] = len(order)
    groups = [order[start:end] for start, end in pairwise(cuts)]
    missing = np.flatnonzero(~np.isfinite(values))
    shown = [(rows, float(values[rows].mean(dtype=np.float64))) for rows in groups]
    return tuple(
        DependenceBin(rows=len(rows), mean_value=mean, mean_contribution=float(parts[rows].mean()))
        for rows, mean in [*shown, *([(missing, None)] if len(missing) >= LEAST else [])]
    )


def interactions(model: RankingModel, values: NDArray[np.float32]) -> tuple[Interaction, ...] | None:
    """Return the pairs of features with the largest mean absolute interaction in the trees, on some rows (n, d).

    A base is additive on the log odds and adds none. SHAP interaction values (Lundberg et al. 2020) by the ``shap``
    package; None where they do not sum to LightGBM's own contributions, or there are too few rows to show a mean of.
    """
    if len(values) < LEAST:
        return None
    with warnings.catch_warnings():
        # The library warns as it loads and of itself; interactions that do not sum are left out below.
        warnings.simplefilter("ignore")
        # Imported here: slow to load, and only these pictures need the package.
        import shap

        by_pair = np.asarray(shap.TreeExplainer(model.booster).shap_interaction_values(values), np.float64)
    by_feature = np.asarray(model.booster.predict(values, pred_contrib=True), np.float64)[:, :-1]
    if (
        by_pair.shape != (*by_feature.shape, by_feature.shape[1])
        or np.abs(by_pair.sum(axis=2) - by_feature).max() > TOLERANCE
    ):
        return None
    # Each pair is in the matrix twice, with half of its interaction in each place.
    size = 2 * np.abs(by_pair).mean(axis=0)
    first, second = np.triu_indices(len(model.names), k=1)
    order = np.argsort(-size[first, second], kind="stable")[:_PAIRS]
    pairs = [(first[place], second[place]) for place in order]
    return tuple(
        Interaction(features=(model.names[row], model.names[column]), mean_absolute=float(size[row, column]))
        for row, column in pairs
        if size[row, column] > 0
    )
