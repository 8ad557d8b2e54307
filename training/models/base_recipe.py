"""What is needed to fit a base again to any sample, and how much of the prior it is pulled towards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features import Catalogue
from threat.release.documents.choices import PriorChoice
from training.cohorts.sample import Sample
from training.config import Settings
from training.models.base import FittedBase, fit_base
from training.models.choosing import ValidationLists, choose
from training.models.prior import WeightedPrior, shipped_prior, weighted_prior


@dataclass(frozen=True, slots=True)
class BaseRecipe:
    """What is needed to fit a base to any sample of the catalogue's columns; its penalty is chosen there again.

    ``prior``: what the penalty pulls towards; None: towards 0.
    """

    catalogue: Catalogue
    settings: Settings
    prior: WeightedPrior | None = None

    def fit(self, sample: Sample) -> FittedBase:
        """Fit the base to a sample."""
        settings = self.settings
        return fit_base(
            sample,
            self.catalogue,
            settings.base,
            horizon_days=settings.horizon_days,
            seed=settings.seed,
            prior=self.prior,
        )


def choose_prior(
    recipe: BaseRecipe, pairs: Sequence[tuple[Sample, Sample]], lists: ValidationLists
) -> tuple[BaseRecipe, PriorChoice | None]:
    """Return the recipe with the chosen weight of the prior, and how it was chosen; None where no prior was tried.

    ``pairs``: (fit, measured), the measured pooled in ``lists`` in this order. The rule is that of every choice
    (``training.models.choosing``), on the lists of the base alone, the smallest weight first.
    """
    weights = sorted(recipe.settings.base.prior_weights)
    if weights == [0.0]:
        return recipe, None
    recipes = {f"{weight:g}": replace(recipe, prior=weighted_prior(weight)) for weight in weights}
    if len(weights) == 1:
        [only] = recipes.values()
        return only, PriorChoice(weight=weights[0], source=shipped_prior().source, compared=None)
    compared = choose(
        {
            name: np.concatenate([option.fit(fit).base.score(measured.values) for fit, measured in pairs])
            for name, option in recipes.items()
        },
        lists,
    )
    chosen = recipes[compared.chosen]
    weight = 0.0 if chosen.prior is None else chosen.prior.weight
    choice = PriorChoice(
        weight=weight, source=shipped_prior().source, compared=compared, warnings=_edge(weight, weights)
    )
    return chosen, choice


def _edge(weight: float, weights: Sequence[float]) -> tuple[str, ...]:
    # Neither 0 nor 1 is an edge: beyond them there is nothing to try.
    if weight < weights[-1] or weight == 1.0:
        return ()
    return (f"The weight of the prior taught by simulation, {weight:g}, is the greatest that was tried.",)
