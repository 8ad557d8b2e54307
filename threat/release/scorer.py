"""From a matrix of features to the score of trees, and from a score to a probability.

Works on a ``lightgbm.Booster`` handed in; reads no file and unpickles nothing. What ranks is
``threat.release.ranking_model``: trees, and a base where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.release.documents.model import Calibrator

Values = NDArray[np.float32] | NDArray[np.float64]

_FEATURE_OF_KIND = {
    "current_partner": "kind_partner",
    "ex_partner": "kind_ex_partner",
    "family": "kind_adult_family",
}
"""By kind of relationship, as a calibrator names kinds, the feature that is 1 where the two are of that kind."""


def raw_score(booster: Any, values: Values, *, threads: int = 1) -> NDArray[np.float64]:
    """Return the sum of the leaves (log odds), float64[n], of ``values`` (n, d); NaN = missing."""
    return np.asarray(booster.predict(values, raw_score=True, num_threads=threads), dtype=np.float64).reshape(
        len(values)
    )


_KIND_OF_CODE = {
    "current_partner": "current_partner",
    "ex_partner": "ex_partner",
    "parent": "family",
    "child": "family",
    "sibling": "family",
    "other_family": "family",
}
"""The kind of a stated code, the codes of the features above; another code, and ``unknown``, is of no kind."""


def calibrated_kind(code: str) -> str:
    """Return the kind of relationship, as a calibrator names kinds, of a code of ``RELATIONSHIP_KINDS``; else empty.

    >>> calibrated_kind("sibling"), calibrated_kind("unknown")
    ('family', '')
    """
    return _KIND_OF_CODE.get(code, "")


def kinds_in(names: Sequence[str], values: NDArray[np.float32]) -> NDArray[np.str_]:
    """Return what the two of each row are to each other (n), as a calibrator names kinds; empty: another, or unknown.

    Read off the features that state it (``features/catalogue/15_kind_of_relationship.yaml``); where the matrix lacks
    them no kind is known.

    >>> names, stated = ("kind_partner", "kind_adult_family"), [[1, 0], [0, 1], [0, 0], [np.nan, np.nan]]
    >>> kinds_in(names, np.array(stated, np.float32)).tolist()
    ['current_partner', 'family', '', '']
    """
    out = np.full(len(values), "", dtype="<U15")
    at = {name: place for place, name in enumerate(names)}
    for kind, feature in _FEATURE_OF_KIND.items():
        if feature in at:
            out[values[:, at[feature]] == 1] = kind
    return out


def probability(
    calibrator: Calibrator, raw: NDArray[np.float64], kinds: NDArray[np.str_] | None = None
) -> NDArray[np.float64] | None:
    """Return the calibrated probability, float64[n], of raw scores (n); None where the calibrator gives none.

    ``kinds``: what the two are to each other (n), as ``kinds_in`` says; None, or a kind without an offset, is
    calibrated as all relationships together. Within a kind the probability never falls as the score rises.
    """
    raw = np.asarray(raw, dtype=np.float64)
    if calibrator.method == "none":
        return None
    if calibrator.slope is not None and calibrator.intercept is not None:
        pooled = _logistic(calibrator.intercept + calibrator.slope * raw)
    else:
        x, y = (np.asarray(numbers, dtype=np.float64) for numbers in (calibrator.x, calibrator.y))
        pooled = np.interp(raw, x, y)
    offsets = {entry.kind: entry.offset for entry in calibrator.kinds if entry.offset}
    if kinds is None or not offsets:
        return pooled
    moved = np.zeros(len(raw))
    for kind, offset in offsets.items():
        moved[kinds == kind] = offset
    # The odds are multiplied, so that a probability of exactly 0 or 1, whose log odds are infinite, stays as it is.
    odds = np.exp(moved)
    return pooled * odds / (1.0 - pooled + pooled * odds)


def _logistic(line: NDArray[np.float64]) -> NDArray[np.float64]:
    # Beyond 700 the exponential overflows; the probability is 0 or 1 to the last bit long before.
    return 1.0 / (1.0 + np.exp(-np.clip(line, -700, 700)))
