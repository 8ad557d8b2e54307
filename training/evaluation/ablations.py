"""A model fitted again without some of its features: what its lists on validation lose, with the test closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features import Catalogue
from threat.measuring.estimates import What, measure
from threat.measuring.titles import TITLES
from threat.release.documents.ablations import Ablation, Ablations
from threat.release.documents.choices import Choices
from training.cohorts.labelled import LabelledCohort
from training.cohorts.sample import Sample
from training.config import TreeCandidate
from training.evaluation.table import PAIRED
from training.models.candidates import BaseRecipe, Pairs, Recipe, growth_of
from training.models.choosing import ValidationLists

SENSITIVE = "sensitive"
"""Name of the group of the features that are declared sensitive, whatever their theme."""


def recipe_of(labelled: LabelledCohort, choices: Choices) -> Recipe:
    """Return the recipe of the model that a RUN chose, from its ``choices.json``."""
    chosen = choices.model.chosen
    return Recipe(
        approach=choices.approach,
        candidate=TreeCandidate(**chosen.model_dump(exclude={"rounds"})),
        rounds=chosen.rounds,
        growth=growth_of(labelled, choices.approach),
        base=BaseRecipe(labelled.catalogue, labelled.settings),
    )


def ablations(labelled: LabelledCohort, recipe: Recipe, pairs: Pairs) -> Ablations:
    """Fit the recipe to each of the (fit, measure) ``pairs``, whole and without each group; compare the pooled lists.

    Candidate and rounds stay those of the whole model; the penalty of a base is chosen again, as for any sample. The
    intervals are of the paired differences over draws of subjects.
    """
    settings, measured = labelled.settings, [rows for _, rows in pairs]
    length = labelled.list_length(np.concatenate([rows.cycle for rows in measured]))
    lists = ValidationLists.of(measured, length, seed=settings.seed)
    n, events = len(lists.rows), int(lists.rows.hit.sum())
    whole = lists.mean_recall(_scores(recipe, pairs, set(), settings.threads))
    title = TITLES["mean_recall"]
    out = []
    for name, names in groups_of(labelled.catalogue).items():
        part = lists.mean_recall(_scores(recipe, pairs, set(names), settings.threads))
        what = What(name="mean_recall_lost", title=f"{title}, lost without the group", n=n, events=events)
        out.append(Ablation(name=name, features=names, lost=measure(what, whole - part, method=PAIRED)))
    out.sort(key=lambda group: (-(group.lost.value or 0.0), group.name))
    return Ablations(
        measured_on="the validation rows that the model was chosen on, each scored by a fit that did not know it; "
        "outcomes outside the cohort are not counted; the test was not read",
        places=lists.places,
        mean_recall=measure(What(name="mean_recall", title=title, n=n, events=events), whole),
        groups=tuple(out),
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
