"""Which way trees send a missing figure: to the side of its end of least risk, where the figure has a direction.

LightGBM learns a side for missing values split by split, and its monotone constraints say nothing of it: the first
record of a kind, which replaces a missing figure, could lower a score. So trees are grown on figures filled with the
end of least risk (``features.Catalogue.least_risk``), and their text is then written so that a missing figure goes
where that end goes. Scores and exact contributions of rows with missing figures are those of the filled rows, and
nothing is filled in when a model scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ends = Sequence[float | None]
"""By column, what a missing figure counts as; None: it stays missing, and each split has learnt a side for it."""

_MISSING_IS_NAN, _MISSING_GOES_LEFT = 8, 2
"""Bits of LightGBM's ``decision_type`` of a numeric split (``include/LightGBM/tree.h``)."""


def filled(values: NDArray[np.float32], ends: Ends, blanked: Sequence[int] = ()) -> NDArray[np.float32]:
    """Return a copy of ``values`` (n, d) with the ends where figures are missing; ``values`` itself with nothing to do.

    ``blanked``: columns that count as missing in every row.

    >>> filled(np.array([[np.nan, 1.0], [2.0, np.nan]], np.float32), [9.0, None]).tolist()
    [[9.0, 1.0], [2.0, nan]]
    >>> filled(np.array([[np.nan, 1.0], [2.0, np.nan]], np.float32), [9.0, None], blanked=[0, 1]).tolist()
    [[9.0, nan], [9.0, nan]]
    """
    if not ends and not blanked:
        return values
    out = values.copy()
    out[:, list(blanked)] = np.nan
    for column, end in enumerate(ends):
        if end is not None:
            out[np.isnan(out[:, column]), column] = end
    return out


def sided(tree: str, ends: Ends) -> str:
    """Return the lines of one tree of a model's text with missing figures sent where their ends go.

    A figure up to the threshold goes left:

    >>> tree = "split_feature=0 1 0\\nthreshold=5 5 10\\ndecision_type=0 8 0"
    >>> sided(tree, [9.0, None]).split("\\n")[2]
    'decision_type=8 8 10'
    """
    lines = tree.split("\n")
    fields = dict(line.partition("=")[::2] for line in lines)
    if not ends or not fields.get("split_feature"):  # a tree of one leaf splits nothing
        return tree
    features, thresholds, kinds = (fields[key].split(" ") for key in ("split_feature", "threshold", "decision_type"))
    sides = []
    for feature, threshold, kind in zip(features, thresholds, kinds, strict=True):
        end = ends[int(feature)]
        goes_left = end is not None and end <= float(threshold)
        sides.append(kind if end is None else str(_MISSING_IS_NAN | (_MISSING_GOES_LEFT if goes_left else 0)))
    return "\n".join(
        f"decision_type={' '.join(sides)}" if line.startswith("decision_type=") else line for line in lines
    )
