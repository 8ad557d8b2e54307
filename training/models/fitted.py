"""Choose and fit: the trees alone, or every model of a RUN. The test stays closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from threat.release.documents.choices import Choices, ChosenTrees, PenaltyChoice, TreeChoice
from threat.release.documents.comparison import REGRESSION, ComparisonPlan
from threat.release.documents.evaluation import MODEL
from threat.release.documents.model import Calibrator
from threat.release.ranking_model import RankingModel
from training.cohorts.labelled import LabelledCohort
from training.cohorts.sample import Sample
from training.models import linear, trees
from training.models.calibrator import CalibrationRows, calibrator
from training.models.planned_comparison import plan_comparison

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Sample, Sample]]


@dataclass(frozen=True, slots=True)
class FittedTrees:
    """The trees of the chosen candidate, fitted on all that the test allows, and how the candidate was chosen.

    ``out_of_fold``: their raw scores on the rows each validation fold is measured on, fitted without those rows.
    """

    model: RankingModel
    choice: trees.Choice
    out_of_fold: list[Floats]

    def score(self, values: NDArray[np.float32], *, threads: int = 1) -> Floats:
        """Raw scores (n) of ``values`` (n, d)."""
        return self.model.raw_score(values, threads=threads)


@dataclass(frozen=True, slots=True)
class FittedModels:
    """Every model of a RUN, and the choices that led to them.

    ``without_sensitive``: the trees with the sensitive features blanked; None where no feature is sensitive.
    """

    trees: FittedTrees
    without_sensitive: RankingModel | None
    regression: linear.Linear
    penalties: linear.LinearChoice
    calibrator: Calibrator
    linear_calibrator: Calibrator
    validated_in_time: bool
    validation_labels: NDArray[np.uint8]
    plan: ComparisonPlan

    def choices(self, model_sha256: str) -> Choices:
        """Return ``choices.json``. ``model_sha256``: hash of the model, see ``threat.release.model_files``."""
        choice = self.trees.choice
        return Choices(
            chosen_on=_CHOSEN_IN_TIME if self.validated_in_time else _CHOSEN_ACROSS_SUBJECTS,
            trees=TreeChoice(
                chosen=ChosenTrees(**choice.candidate.model_dump(), rounds=choice.rounds), tried=tuple(choice.tried)
            ),
            elastic_net=PenaltyChoice(chosen=self.penalties.penalty, tried=tuple(self.penalties.tried)),
            comparison=self.plan,
            validation_rows=len(self.validation_labels),
            validation_rows_with_outcome=int(self.validation_labels.sum()),
            model_sha256=model_sha256,
        )


_CHOSEN_IN_TIME = "pooled log loss of the forward-chained validation folds; the test was closed"
_CHOSEN_ACROSS_SUBJECTS = (
    "pooled log loss across groups of subjects within the fit rows (no room for validation in time); the test was "
    "closed"
)


def fit_trees(labelled: LabelledCohort, pairs: Pairs) -> FittedTrees:
    """Choose candidate and rounds on the (fit, measure) ``pairs``, then fit on all that the test allows.

    ``pairs``: those of ``labelled.pairs()``, handed in because they are large and other models choose on them too.
    """
    settings = labelled.settings
    folds = [(trees.TreeRows.of_outcomes(fit), trees.TreeRows.of_outcomes(measured)) for fit, measured in pairs]
    choice = trees.choose(folds, settings.trees, growth_of(labelled))
    out_of_fold = [
        fit_chosen(labelled, choice, fit).raw_score(measured.values, threads=settings.threads)
        for fit, measured in pairs
    ]
    return FittedTrees(fit_chosen(labelled, choice, labelled.fit_sample(labelled.folds.test)), choice, out_of_fold)


def growth_of(labelled: LabelledCohort) -> trees.Growth:
    """Return what every fit of trees to this cohort shares."""
    settings = labelled.settings
    return trees.Growth(
        constraints=labelled.constraints,
        ends=labelled.catalogue.least_risk,
        names=labelled.catalogue.names,
        seed=settings.seed,
        seeds=settings.trees.seeds,
        threads=settings.threads,
    )


def fit_chosen(labelled: LabelledCohort, choice: trees.Choice, sample: Sample) -> RankingModel:
    """Fit the chosen candidate, with its rounds, to a sample of the cohort."""
    booster = trees.fit(trees.TreeRows.of_outcomes(sample), choice.candidate, choice.rounds, growth_of(labelled))
    return RankingModel.of(booster, None, labelled.catalogue.names)


def fit_models(labelled: LabelledCohort) -> FittedModels:
    """Choose on the validation folds, calibrate on their pooled out-of-fold scores, then fit on all the test allows."""
    settings, folds, pairs = labelled.settings, labelled.folds, labelled.pairs()
    fitted_trees = fit_trees(labelled, pairs)
    choice = fitted_trees.choice
    lines = linear.choose(pairs, settings.linear, seed=settings.seed)
    labels = np.concatenate([measured.label for _, measured in pairs])
    rows = CalibrationRows.of([measured for _, measured in pairs], labelled.catalogue.names)
    final = labelled.fit_sample(folds.test)
    return FittedModels(
        trees=fitted_trees,
        without_sensitive=_fit_without_sensitive(labelled, choice, final),
        regression=linear.fit(final, lines.penalty, settings.linear, seed=settings.seed),
        penalties=lines,
        calibrator=calibrator(np.concatenate(fitted_trees.out_of_fold), rows),
        linear_calibrator=calibrator(np.concatenate(lines.scores), rows),
        validated_in_time=bool(folds.validation),
        validation_labels=labels,
        plan=plan_comparison(
            labelled,
            [measured for _, measured in pairs],
            {MODEL: np.concatenate(fitted_trees.out_of_fold), REGRESSION: np.concatenate(lines.scores)},
        ),
    )


def _fit_without_sensitive(labelled: LabelledCohort, choice: trees.Choice, sample: Sample) -> RankingModel | None:
    """The chosen candidate again with the sensitive features blanked; None where no feature is sensitive."""
    sensitive = set(labelled.sensitive)
    if not sensitive:
        return None
    kept = np.array([name not in sensitive for name in labelled.catalogue.names])
    # Blanked, not removed: the columns, and with them the draws of columns, stay those of the RUN's model.
    return fit_chosen(labelled, choice, replace(sample, values=np.where(kept, sample.values, np.float32(np.nan))))
