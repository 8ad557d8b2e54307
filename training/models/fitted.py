"""Choose and fit: the model that ranks, or every model of a RUN. The test stays closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from threat.release.documents.choices import Choices
from threat.release.documents.comparison import REGRESSION, ComparisonPlan
from threat.release.documents.evaluation import MODEL
from threat.release.documents.model import Calibrator
from threat.release.documents.settings import APPROACH_TITLES
from threat.release.documents.validation_bar import ValidationBar
from threat.release.ranking_model import RankingModel
from training.cohorts.labelled import LabelledCohort
from training.cohorts.sample import Sample
from training.models import linear
from training.models.base import FittedBase
from training.models.calibrator import CalibrationRows, calibrator
from training.models.candidates import ComparedApproaches, Recipe, compare_approaches, without
from training.models.level import moved_level
from training.models.liberty import Penalty, liberty_sensitivity
from training.models.planned_comparison import plan_comparison
from training.models.validation_bar import bar_on_validation

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedModels:
    """Every model of a RUN, and the choices that led to them.

    ``model``: what ranks. ``base``: what it was distilled from or added to, or would have been. ``without_sensitive``:
    the model with the sensitive features blanked; None where no feature is sensitive. ``warnings``: what is to be said
    of the level of the probabilities.
    """

    model: RankingModel
    approaches: ComparedApproaches
    base: FittedBase
    without_sensitive: RankingModel | None
    regression: linear.Linear
    penalties: linear.LinearChoice
    calibrator: Calibrator
    base_calibrator: Calibrator
    linear_calibrator: Calibrator
    validated_in_time: bool
    validation_labels: NDArray[np.uint8]
    plan: ComparisonPlan
    bar: ValidationBar
    warnings: tuple[str, ...]

    @property
    def recipe(self) -> Recipe:
        """The recipe of the model, by which it is fitted again to any sample."""
        return self.approaches.chosen

    @property
    def title(self) -> str:
        """The model in words."""
        return APPROACH_TITLES[self.recipe.approach]

    def choices(self, model_sha256: str) -> Choices:
        """Return ``choices.json``. ``model_sha256``: hash of the model, see ``threat.release.model_files``."""
        return Choices(
            chosen_on=_CHOSEN_IN_TIME if self.validated_in_time else _CHOSEN_ACROSS_SUBJECTS,
            approach=self.recipe.approach,
            approaches=self.approaches.tried,
            compared=self.approaches.choice,
            base=self.base.choice,
            elastic_net=self.penalties.document,
            comparison=self.plan,
            bar=self.bar,
            validation_rows=len(self.validation_labels),
            validation_rows_with_outcome=int(self.validation_labels.sum()),
            model_sha256=model_sha256,
        )


_CHOSEN_IN_TIME = (
    "candidates and rounds by pooled log loss, the approach by mean recall, on the forward-chained validation folds; "
    "the test was closed"
)
_CHOSEN_ACROSS_SUBJECTS = (
    "candidates and rounds by pooled log loss, the approach by mean recall, across groups of subjects within the fit "
    "rows (no room for validation in time); the test was closed"
)


def fit_model(labelled: LabelledCohort) -> RankingModel:
    """Choose on the validation folds and fit the model that ranks on all that the test allows, and nothing else."""
    recipe = compare_approaches(labelled, labelled.pairs()).chosen
    return recipe.fit(labelled.fit_sample(labelled.folds.test))


def fit_models(labelled: LabelledCohort) -> FittedModels:
    """Choose on the validation folds, calibrate on their pooled out-of-fold scores, then fit on all the test allows."""
    settings, folds, pairs = labelled.settings, labelled.folds, labelled.pairs()
    approaches = compare_approaches(labelled, pairs)
    lines = linear.choose(pairs, settings.linear)
    measured = [measured for _, measured in pairs]
    rows = CalibrationRows.of(measured, labelled.catalogue.names)

    def calibrated(out_of_fold: Sequence[Floats]) -> Calibrator:
        return calibrator(np.concatenate(out_of_fold), rows)

    recipe, final = approaches.chosen, labelled.fit_sample(folds.test)
    out_of_fold: dict[str, Floats] = {name: np.concatenate(scores) for name, scores in approaches.out_of_fold.items()}
    of_regression = {REGRESSION: np.concatenate(lines.scores)}
    base = recipe.base.fit(final)
    liberty = liberty_sensitivity(
        pairs,
        labelled.catalogue,
        settings.base,
        approaches.lists,
        penalty=Penalty(base.choice.chosen, recipe.base.prior),
        places=labelled.list_length(approaches.lists.rows.cycle).places,
        horizon_days=settings.horizon_days,
    )
    calibration = calibrated(approaches.out_of_fold[recipe.approach])
    return FittedModels(
        model=recipe.fit(final, base.base),
        approaches=approaches,
        base=replace(base, choice=base.choice.model_copy(update={"liberty": liberty, "prior": approaches.prior})),
        without_sensitive=_fit_without_sensitive(labelled, recipe, final),
        regression=linear.fit(final, lines.penalty, settings.linear),
        penalties=lines,
        calibrator=calibration,
        base_calibrator=calibrated(approaches.base_out_of_fold),
        linear_calibrator=calibrated(lines.scores),
        validated_in_time=bool(folds.validation),
        validation_labels=np.concatenate([sample.label for sample in measured]),
        plan=plan_comparison(labelled, measured, {MODEL: out_of_fold[recipe.approach]} | of_regression),
        bar=bar_on_validation(
            recipe.approach,
            {**out_of_fold, **of_regression},
            approaches.lists,
            settings.comparison.margin,
        ),
        # A model without probabilities has no level to warn of.
        warnings=() if calibration.method == "none" else moved_level(pairs, final),
    )


def _fit_without_sensitive(labelled: LabelledCohort, recipe: Recipe, sample: Sample) -> RankingModel | None:
    sensitive = set(labelled.sensitive)
    return without(recipe, sample, sensitive) if sensitive else None
