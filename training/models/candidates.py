"""The three ways to a model that ranks, each chosen on validation, and which of them ranks.

``distilled``: trees that come close to the base. ``on_base``: trees added to the base. ``scratch``: trees alone. What
ranks is always LightGBM; the base stays teacher and comparator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from threat.release.base import Base
from threat.release.documents.choices import ApproachChoice, ChosenTrees, PriorChoice
from threat.release.documents.chosen import OptionChoice
from threat.release.documents.settings import APPROACH_TITLES, Approach
from threat.release.ranking_model import RankingModel
from training.cohorts.labelled import LabelledCohort
from training.cohorts.sample import Sample
from training.config import Settings, TreeCandidate
from training.models import distilled, trees
from training.models.base_recipe import BaseRecipe, choose_prior
from training.models.choosing import ValidationLists, choose
from training.models.trees import Growth, Stopping, TreeRows

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Sample, Sample]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is needed to fit a model of one approach to any sample: candidate and rounds are chosen, nothing is fitted.

    ``growth``: seeds and directions of its trees.
    """

    approach: Approach
    candidate: TreeCandidate
    rounds: int
    growth: Growth
    base: BaseRecipe

    def fit(self, sample: Sample, base: Base | None = None) -> RankingModel:
        """Fit the model to a sample. ``base``: one fitted to the same sample, where there is one already."""
        if self.approach != "scratch" and base is None:
            base = self.base.fit(sample).base
        booster = trees.fit(rows_for(self.approach, sample, base), self.candidate, self.rounds, self.growth)
        inside = base.document if self.approach == "on_base" and base is not None else None
        return RankingModel.of(booster, inside, self.base.catalogue.names)


@dataclass(frozen=True, slots=True)
class ComparedApproaches:
    """The approaches on validation: ``recipes`` and ``out_of_fold`` scores of those that were compared, and the choice.

    ``out_of_fold``: raw scores on what each fold measures, by models fitted without those rows; ``base_out_of_fold``:
    of the base alone. ``tried``: every approach, one that no round helped included. ``lists``: what they were compared
    on. ``prior``: how the weight of the prior was chosen, before the approaches; None where none was tried.
    """

    recipes: Mapping[Approach, Recipe]
    out_of_fold: Mapping[Approach, list[Floats]]
    base_out_of_fold: list[Floats]
    tried: tuple[ApproachChoice, ...]
    choice: OptionChoice
    lists: ValidationLists
    prior: PriorChoice | None

    @property
    def chosen(self) -> Recipe:
        """The recipe of the model that ranks."""
        return next(recipe for name, recipe in self.recipes.items() if name == self.choice.chosen)


def compare_approaches(labelled: LabelledCohort, pairs: Pairs) -> ComparedApproaches:
    """Choose candidate and rounds of every approach on the (fit, measure) ``pairs``, then the approach by its lists.

    ``pairs``: those of ``labelled.pairs()``, handed in because they are large and other models choose on them too.
    The weight of a prior comes first, as every approach but ``scratch`` reads a base. Candidate and rounds: least
    pooled log loss. Approach: ``training.models.choosing``, the simplest first.
    """
    settings, measured = labelled.settings, [measured for _, measured in pairs]
    length = labelled.list_length(np.concatenate([rows.cycle for rows in measured]))
    lists = ValidationLists.of(measured, length, seed=settings.seed)
    base_recipe, prior = choose_prior(BaseRecipe(labelled.catalogue, settings), pairs, lists)
    bases = [base_recipe.fit(fit).base for fit, _ in pairs]
    recipes: dict[Approach, Recipe] = {}
    tried = []
    for approach in (approach for approach in APPROACH_TITLES if approach in settings.trees.approaches):
        growth = growth_of(labelled, approach)
        choice, start_loss = _tried(approach, labelled, pairs, bases)
        rounds_help = start_loss is None or choice.log_loss < start_loss
        # At least one round on top of the base, where no other approach is left.
        if rounds_help or settings.trees.approaches == [approach]:
            recipes[approach] = Recipe(approach, choice.candidate, choice.rounds, growth, base_recipe)
        chosen = ChosenTrees(**choice.candidate.model_dump(), rounds=choice.rounds)
        tried.append(
            ApproachChoice(
                approach=approach,
                seeds=growth.seeds,
                start_log_loss=start_loss,
                compared=approach in recipes,
                chosen=chosen,
                tried=tuple(choice.tried),
                warnings=_edges(approach, choice, settings),
            )
        )
    out_of_fold = {
        approach: [
            recipe.fit(fit, base).raw_score(measured.values, threads=settings.threads)
            for (fit, measured), base in zip(pairs, bases, strict=True)
        ]
        for approach, recipe in recipes.items()
    }
    choice_of_lists = choose({name: np.concatenate(scores) for name, scores in out_of_fold.items()}, lists)
    base_scores = [base.score(rows.values) for base, rows in zip(bases, measured, strict=True)]
    return ComparedApproaches(recipes, out_of_fold, base_scores, tuple(tried), choice_of_lists, lists, prior)


def rows_for(approach: Approach, sample: Sample, base: Base | None) -> TreeRows:
    """Return the rows of a sample as the trees of an approach are fitted to them. ``base``: None for ``scratch``."""
    if approach == "scratch" or base is None:
        return TreeRows.of_outcomes(sample)
    if approach == "distilled":
        return distilled.rows_of_base(base, sample)
    return TreeRows.of_outcomes(sample, base.score(sample.values))


def growth_of(labelled: LabelledCohort, approach: Approach) -> Growth:
    """Return what every fit of an approach's trees to this cohort shares."""
    settings = labelled.settings
    return Growth(
        constraints=labelled.constraints,
        ends=labelled.catalogue.least_risk,
        names=labelled.catalogue.names,
        seed=settings.seed,
        # Distilled trees draw nothing, so all seeds would grow the same.
        seeds=1 if approach == "distilled" else settings.trees.seeds,
        threads=settings.threads,
    )


def without(recipe: Recipe, sample: Sample, names: set[str]) -> RankingModel:
    """Fit a recipe to a sample with the features ``names`` blanked.

    Blanked, not removed: the columns, and with them the draws of columns, stay those of the RUN's model.
    """
    kept = np.array([name not in names for name in recipe.base.catalogue.names])
    return recipe.fit(replace(sample, values=np.where(kept, sample.values, np.float32(np.nan))))


def _tried(
    approach: Approach, labelled: LabelledCohort, pairs: Pairs, bases: Sequence[Base]
) -> tuple[trees.Choice, float | None]:
    """Return how an approach's candidates did, and the pooled log loss of what trees are added to (None: nothing)."""
    settings = labelled.settings.trees
    folds = [
        (rows_for(approach, fit, base), rows_for(approach, measured, base))
        for (fit, measured), base in zip(pairs, bases, strict=True)
    ]
    if approach == "distilled":
        candidates, stopping = [distilled.CANDIDATE], distilled.STOPPING
    else:
        candidates, stopping = settings.candidates, Stopping(settings.max_rounds, settings.patience)
    choice = trees.choose(folds, candidates, stopping, growth_of(labelled, approach))
    starts = [(measured, measured.start) for _, measured in folds if measured.start is not None]
    if not starts:
        return choice, None
    return choice, trees.pooled_loss([rows for rows, _ in starts], [start for _, start in starts])


def _edges(approach: Approach, choice: trees.Choice, settings: Settings) -> tuple[str, ...]:
    """Say where a choice of an approach is on the edge of what was tried."""
    title, out = APPROACH_TITLES[approach], []
    if approach != "distilled" and choice.rounds >= settings.trees.max_rounds:
        out.append(f"{title}: the best number of rounds, {choice.rounds:,}, is the most that was allowed.")
    leaves = [tried.num_leaves for tried in choice.tried]
    if choice.candidate.num_leaves in {min(leaves), max(leaves)} and min(leaves) < max(leaves):
        end = "fewest" if choice.candidate.num_leaves == min(leaves) else "most"
        out.append(f"{title}: the leaves of a tree, {choice.candidate.num_leaves}, are the {end} that were tried.")
    return tuple(out)
