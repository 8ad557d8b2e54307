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
from training.models import linear
from training.models.candidates import compare_approaches
from training.models.fit_rows import choose_fit_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training chose, and on how much: ``approach`` and ``fit_rows`` by name, rows and outcomes fitted on.

    ``penalties``: of the base (a multiple of the outcome rows) and of the elastic net. ``rounds``: by approach.
    """

    approach: str
    fit_rows: str
    rows: int
    rows_with_outcome: int
    penalties: dict[str, float] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)


def train_and_score(store: Path, settings: Settings, judged: Matrix) -> tuple[Trained, dict[str, Floats]]:
    """Choose and fit on all that the force's own test allows; return what was chosen, and scores (n) by ranking.

    By the functions of ``training.models.fitted.fit_models``, which fits the chosen approach alone: here every approach
    that was compared is fitted.
    """
    labelled, _ = choose_fit_rows(prepare(Store.open(store).snapshot(), settings, load_policy()))
    pairs = labelled.pairs()
    approaches = compare_approaches(labelled, pairs)
    lines = linear.choose(pairs, settings.linear)
    sample = labelled.fit_sample(labelled.folds.test)
    base = approaches.chosen.base.fit(sample)
    regression = linear.fit(sample, lines.penalty, settings.linear)
    # A preset may leave features out, and its models have no column for those.
    values = np.asarray(judged.values[:, [judged.names.index(name) for name in labelled.catalogue.names]])
    scores = {
        str(approach): recipe.fit(sample, base.base).raw_score(values, threads=settings.threads)
        for approach, recipe in approaches.recipes.items()
    }
    chosen = approaches.chosen.approach
    trained = Trained(
        approach=chosen,
        fit_rows=labelled.fitted_on,
        rows=len(sample.label),
        rows_with_outcome=int(sample.label.sum()),
        penalties={"base": base.choice.chosen, "elastic_net": lines.penalty},
        rounds={str(approach): recipe.rounds for approach, recipe in approaches.recipes.items()},
    )
    linear_scores = {"base": base.base.score(values), "elastic_net": regression.score(values)}
    return trained, {MODEL: scores[chosen]} | scores | linear_scores
