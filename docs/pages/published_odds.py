"""A ranking by published odds alone, nothing fitted: what a list is worth that knows no record of the force.

``published_odds.csv`` holds the figures that were seen in a source, with the features that say whether a factor is
present. Factors that are called strong where no figure was seen (firearms, weapons, threats to kill, control, sexual
violence, separation) are not in it. The odds are of deadly harm and each of its own study, so their product takes them
as independent, which they are not.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features import Matrix
from threat.release.base import liberty_offset
from threat.release.documents.model import DAYS_UNTIL_RELEASE, IN_CUSTODY, LibertyOffset
from threat.release.documents.settings import BaseSettings

PUBLISHED_ODDS = "published_odds"
"""Name of the ranking."""
TITLE = "published odds, nothing fitted"
_TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True, slots=True)
class PublishedFactor:
    """A factor with its published odds; it is present where any of its features is above 0.

    ``figure``: what the source says, in words, with the arithmetic where the odds are worked out.
    """

    factor: str
    features: tuple[str, ...]
    odds: float
    figure: str
    source: str


def published_factors(table: Path = _TABLE) -> tuple[PublishedFactor, ...]:
    """Read the table of factors."""
    with table.open(encoding="utf-8", newline="") as file:
        return tuple(
            PublishedFactor(
                row["factor"], tuple(row["features"].split()), float(row["odds"]), row["figure"], row["source"]
            )
            for row in csv.DictReader(file)
        )


def published_scores(matrix: Matrix, base: BaseSettings, horizon_days: int) -> NDArray[np.float64]:
    """Return the summed log odds of the factors present, plus the offset for time at liberty, float64[n].

    A missing feature is an absent factor. The offset is the one that every base has, so that the comparison is of the
    odds and not of knowing who is in custody; ``base`` has its policy values.
    """
    columns = {name: matrix.values[:, place] for place, name in enumerate(matrix.names)}
    liberty = LibertyOffset(
        horizon_days=horizon_days,
        unknown_release_share=base.unknown_release_share,
        least_liberty_share=base.least_liberty_share,
        mean=0.0,
    )
    total = liberty_offset(columns[IN_CUSTODY], columns[DAYS_UNTIL_RELEASE], liberty)
    for factor in published_factors():
        present = np.any([columns[name] > 0 for name in factor.features], axis=0)
        total = total + np.log(factor.odds) * present
    return total
