"""A model fitted again without some features or without older records: what its lists on validation lose.

The test stays closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features import Catalogue
from threat.measuring.estimates import What, measure, missing
from threat.measuring.intervals import PAIRED
from threat.measuring.titles import TITLES
from threat.release.documents.ablations import Ablation, Ablations, HistoryAblation
from threat.release.documents.choices import Choices
from training.cohorts.labelled import LabelledCohort
from training.cohorts.recent import RecentPairs
from training.cohorts.sample import Sample
from training.config import TreeCandidate
from training.models.base_recipe import BaseRecipe
from training.models.candidates import Pairs, Recipe, growth_of
from training.models.choosing import ValidationLists
from training.models.prior import weighted_prior

SENSITIVE = "sensitive"
"""Name of the group of the features that are declared sensitive, whatever their theme."""


def recipe_of(labelled: LabelledCohort, choices: Choices) -> Recipe:
    """Return the recipe of the model that a RUN chose, from its ``choices.json``."""
    chosen = choices.model.chosen
    prior = None if choices.base is None else choices.base.prior
    return Recipe(
        approach=choices.approach,
        candidate=TreeCandidate(**chosen.model_dump(exclude={"rounds"})),
        rounds=chosen.rounds,
        growth=growth_of(labelled, choices.approach),
        base=BaseRecipe(labelled.catalogue, labelled.settings, weighted_prior(0.0 if prior is None else prior.weight)),
    )


def ablations(
    labelled: LabelledCohort,
    recipe: Recipe,
    pairs: Pairs,
    histories: Iterable[RecentPairs] = (),
    *,
    require: Callable[[float | None], None] = lambda _: None,
    advance: Callable[[float], None] = lambda _: None,
) -> Ablations:
    """Fit the recipe to each of the (fit, measure) ``pairs``, whole and without each group; compare the pooled lists.

    ``histories``: the same pairs with every row cut to its last months, the shortest first. ``require``: raises unless
    the whole model's mean recall is right, before anything else is fitted. ``advance``: called with 1 after every part.
    Candidate and rounds stay those of the whole model; the penalty of a base is chosen again, as for any sample. The
    intervals are of the paired differences over draws of subjects.
    """
    settings, measured = labelled.settings, [rows for _, rows in pairs]
    length = labelled.list_length(np.concatenate([rows.cycle for rows in measured]))
    lists = ValidationLists.of(measured, length, seed=settings.seed)
    n, events = len(lists.rows), int(lists.rows.hit.sum())
    whole = lists.mean_recall(_scores(recipe, pairs, set(), settings.threads))
    title = TITLES["mean_recall"]
    of_whole = measure(What(name="mean_recall", title=title, n=n, events=events), whole)
    require(of_whole.value)

    def what(without: str) -> What:
        return What(name="mean_recall_lost", title=f"{title}, lost without {without}", n=n, events=events)

    groups = []
    for name, names in groups_of(labelled.catalogue).items():
        part = lists.mean_recall(_scores(recipe, pairs, set(names), settings.threads))
        lost = measure(what("the group"), whole - part, method=PAIRED)
        advance(1)
        groups.append(Ablation(name=name, features=names, lost=lost))
    groups.sort(key=lambda group: (-(group.lost.value or 0.0), group.name))
    shortened = []
    for cut in histories:
        lost = missing(what("older records"), f"no row has a record older than {cut.months} months")
        if cut.matters:
            part = lists.mean_recall(_scores(recipe, cut.pairs, set(), settings.threads))
            lost = measure(what("older records"), whole - part, method=PAIRED)
        advance(1)
        shortened.append(HistoryAblation(months=cut.months, days=cut.days, **cut.counts, lost=lost))
    return Ablations(
        measured_on="the validation rows that the model was chosen on, each scored by a fit that did not know it; "
        "outcomes outside the cohort are not counted; the test was not read",
        places=lists.places,
        mean_recall=of_whole,
        groups=tuple(groups),
        history=tuple(shortened),
    )


def groups_of(catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the features of each theme, and of the sensitive; no group that is the whole catalogue."""
    groups: dict[str, tuple[str, ...]] = {}
    for definition in catalogue:
        groups[definition.theme] = (*groups.get(definition.theme, ()), definition.name)
    groups[SENSITIVE] = tuple(definition.name for definition in catalogue if definition.sensitive)
    return {name: names for name, names in groups.items() if 0 < len(names) < len(catalogue)}


def _scores(recipe: Recipe, pairs: Pairs, names: set[str], threads: int) -> NDArray[np.float64]:
    """Return pooled scores of what each pair measures, by a model that neither saw nor reads the features ``names``."""
    kept = np.array([name not in names for name in recipe.base.catalogue.names])

    def blanked(sample: Sample) -> Sample:
        # Measured rows too: the base reads time at liberty from the values, whatever it was fitted on.
        return replace(sample, values=np.where(kept, sample.values, np.float32(np.nan))) if names else sample

    return np.concatenate(
        [recipe.fit(blanked(fit)).raw_score(blanked(rows).values, threads=threads) for fit, rows in pairs]
    )
