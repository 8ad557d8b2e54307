"""The prior that comes with the product: coefficients taught by simulation that the base may be pulled towards.

``prior.json`` is made by ``make prior`` (``training/truth/taught_prior.py``). The simulation is built on published odds
and not on a force's records, so how much of the prior helps is chosen on the force's own validation, and the default
is not to use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, load_catalogue
from threat.errors import UsageError
from threat.release.documents.model import BaseColumn
from threat.release.documents.prior import SimulatedPrior, UsedPrior

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightedPrior:
    """A prior, and the share of its coefficients (above 0, at most 1) that the penalty pulls the base's towards."""

    document: SimulatedPrior
    weight: float

    def centre(self, columns: Sequence[BaseColumn]) -> Floats:
        """Return what the coefficients of these columns are pulled towards, float64 (c), log odds per spread.

        A coefficient on the raw scale times the spread of the fit rows is the coefficient of the standardised column.
        0 for a column that never varied in the simulation.
        """
        raw = {(column.feature, column.reads): column.coefficient for column in self.document.columns}
        per_spread = [raw.get((column.feature, column.reads), 0.0) * column.scale for column in columns]
        return self.weight * np.array(per_spread, dtype=np.float64)

    @property
    def used(self) -> UsedPrior:
        """The prior as ``model/base.json`` names it."""
        return UsedPrior(weight=self.weight, source=self.document.source)


def weighted_prior(weight: float) -> WeightedPrior | None:
    """Return the product's prior with a weight; None for a weight of 0, for which no prior is read."""
    return WeightedPrior(shipped_prior(), weight) if weight > 0 else None


@cache
def shipped_prior() -> SimulatedPrior:
    """Read the prior of the product.

    Raises UsageError where it was taught with other features than the base reads today.
    """
    path = files("training.models").joinpath(SimulatedPrior.FILE)
    return require_catalogue(SimulatedPrior.parse(path.read_bytes(), str(path)), base_catalogue())


def base_catalogue() -> Catalogue:
    """Return the features that the base reads, the settings leaving none out."""
    models = load_catalogue().read_by_models()
    return models.only(definition.name for definition in models if definition.base)


def require_catalogue(prior: SimulatedPrior, catalogue: Catalogue) -> SimulatedPrior:
    """Return the prior. Raises UsageError unless it was taught with the features of ``catalogue``."""
    if prior.source.catalogue_version != catalogue.version:
        raise UsageError(
            "The prior was taught with other features than the base reads.",
            value=f"catalogue {prior.source.catalogue_version}; the base's is {catalogue.version}",
            where=SimulatedPrior.FILE,
            way_out="make prior, or leave base.prior_weights at [0.0]",
        )
    return prior
