"""How far the base's lists depend on the two policy values for time at liberty, which nothing in the records fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.definitions import Definition
from threat.measuring.list_length import listed
from threat.release.documents.choices import TriedLiberty
from training.cohorts.sample import Sample
from training.config import BaseSettings
from training.models.base import fit_base_at
from training.models.choosing import ValidationLists
from training.models.prior import WeightedPrior

Floats = NDArray[np.float64]

UNKNOWN_RELEASE_SHARES = (0.05, 0.15, 0.4)
"""Shares at liberty tried for a subject in custody without a known release: from nearly always held to often out."""
LEAST_SHARES = (0.01, 0.02, 0.05)
"""Least shares at liberty tried: 2, 4 and 9 days of 180."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """A base's penalty, a multiple of the rows with an outcome, and the prior it pulls towards; None: towards 0."""

    multiple: float
    prior: WeightedPrior | None = None


def liberty_sensitivity(
    pairs: Sequence[tuple[Sample, Sample]],
    definitions: Iterable[Definition],
    settings: BaseSettings,
    lists: ValidationLists,
    *,
    penalty: Penalty,
    places: int,
    horizon_days: int,
) -> tuple[TriedLiberty, ...]:
    """Measure the base's lists on validation with other policy values, one of the two changed at a time.

    ``pairs``: (fit, measured), the measured pooled in ``lists`` in this order. ``places``: of a list. The first entry
    is that of the settings, with which the others' lists are compared.
    """
    definitions = tuple(definitions)

    def scores(values: BaseSettings) -> Floats:
        fitted = (
            fit_base_at(penalty.multiple, fit, definitions, values, horizon_days=horizon_days, prior=penalty.prior)
            for fit, _ in pairs
        )
        return np.concatenate([base.score(measured.values) for base, (_, measured) in zip(fitted, pairs, strict=True)])

    cycle = lists.rows.cycle
    of_settings = listed(scores(settings), cycle, places)
    tried = []
    for values in alternatives(settings):
        raw = scores(values)
        recall = float(lists.mean_recall(raw)[0])
        tried.append(
            TriedLiberty(
                unknown_release_share=values.unknown_release_share,
                least_liberty_share=values.least_liberty_share,
                list_kept=float((of_settings & listed(raw, cycle, places)).sum() / max(int(of_settings.sum()), 1)),
                mean_recall=recall if np.isfinite(recall) else None,
            )
        )
    return tuple(tried)


def alternatives(settings: BaseSettings) -> list[BaseSettings]:
    """Return the settings, then the settings with one of the two policy values changed.

    >>> tried = alternatives(BaseSettings())
    >>> [(values.unknown_release_share, values.least_liberty_share) for values in tried]
    [(0.15, 0.02), (0.05, 0.02), (0.4, 0.02), (0.15, 0.01), (0.15, 0.05)]
    """
    shares = [{"unknown_release_share": share} for share in UNKNOWN_RELEASE_SHARES]
    least = [{"least_liberty_share": share} for share in LEAST_SHARES]
    others = [settings.model_copy(update=change) for change in (*shares, *least)]
    return [settings, *(values for values in others if values != settings)]
