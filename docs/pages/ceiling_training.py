"""Train on one force as ``threat train`` does, and score the judged list by everything that was fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features import Matrix
from threat.history.store import Store
from threat.policy import load_policy
from threat.release.documents.evaluation import MODEL
from training.cohorts.labelled import prepare
from training.config import Settings
from training.models.fitted import fit_models

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training chose, and on how much: ``approach``, ``fit_rows`` by name, rows and outcomes fitted on."""

    approach: str
    fit_rows: str
    rows: int
    rows_with_outcome: int
    penalties: dict[str, float] = field(default_factory=dict)


def train_and_score(store: Path, settings: Settings, judged: Matrix) -> tuple[Trained, dict[str, Floats]]:
    """Choose and fit on all that the force's own test allows; return what was chosen, and scores (n) by ranking."""
    labelled = prepare(Store.open(store).snapshot(), settings, load_policy())
    fitted = fit_models(labelled)
    sample = labelled.fit_sample(labelled.folds.test)
    # A preset may leave features out, and its models have no column for those.
    values = np.asarray(judged.values[:, [judged.names.index(name) for name in labelled.catalogue.names]])
    scores = {
        MODEL: fitted.model.raw_score(values, threads=settings.threads),
        "base": fitted.base.base.score(values),
        "elastic_net": fitted.regression.score(values),
    }
    for approach, recipe in fitted.approaches.recipes.items():
        model = fitted.model if recipe == fitted.recipe else recipe.fit(sample, fitted.base.base)
        scores[approach] = model.raw_score(values, threads=settings.threads)
    trained = Trained(
        approach=fitted.recipe.approach,
        fit_rows=labelled.fitted_on,
        rows=len(sample.label),
        rows_with_outcome=int(sample.label.sum()),
        penalties={"base": fitted.base.choice.chosen, "elastic_net": fitted.penalties.penalty},
    )
    return trained, scores
