"""Measuring a sealed RUN again from its own predictions: no store, no model, the same figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from threat.asof import parse_as_of
from threat.errors import BadInput, UsageError
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.config import Config
from threat.release.documents.evaluation import MODEL, Evaluation, Measured, TestCohort
from threat.release.documents.folds import Folds
from threat.release.runs import Run
from training.cohorts.credit import CreditedOutcomes
from training.evaluation.comparison import compare
from training.evaluation.differences import Difference, differences
from training.evaluation.estimand import attribution, blanking
from training.evaluation.slices import lead_time, replay
from training.evaluation.table import Ranking, evaluate

_NEEDED = ("predictions.parquet", "outcomes.parquet", Evaluation.FILE)


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A RUN measured again: its evaluation with the figures of now, and where they differ from the sealed figures.

    ``differences`` is None for another capacity than the sealed one: there is nothing to compare with.
    """

    evaluation: Evaluation
    differences: tuple[Difference, ...] | None

    @property
    def reproduced(self) -> bool | None:
        """Tell whether every figure came out again; None for another capacity than the sealed one."""
        return None if self.differences is None else not self.differences


@dataclass(frozen=True, slots=True)
class SealedTest:
    """The test of a sealed RUN as it was sealed: its evaluation, predictions, labelled rows and lines of credit."""

    evaluation: Evaluation
    predictions: pa.Table
    rows: Labelled
    outcomes: pd.DataFrame


def sealed_test(run: Run) -> SealedTest:
    """Return the test of a sealed RUN.

    Raises UsageError when the RUN holds no predictions, BadInput when another version of the product evaluated it.
    """
    if missing := [name for name in _NEEDED if not run.has(name)]:
        raise UsageError(
            "The RUN has nothing to evaluate.",
            value=f"no {', '.join(missing)}",
            where=str(run.directory),
            way_out="name a RUN of threat train",
        )
    sealed = run.read(Evaluation)
    if sealed.version != Evaluation.of_version():
        raise BadInput(
            f"The RUN was evaluated as version {sealed.version}, where this product measures version "
            f"{Evaluation.of_version()}: its figures cannot be compared.",
            where=str(run.path(Evaluation.FILE)),
            way_out="train again, or evaluate it with the version of the product that trained it",
        )
    predictions = run.table("predictions.parquet")
    outcomes = run.table("outcomes.parquet").to_pandas()
    return SealedTest(sealed, predictions, Labelled.from_tables(predictions, outcomes), outcomes)


def reproduce(run: Run, capacity: int | None = None) -> Reproduction:
    """Measure a sealed RUN's predictions again; without another ``capacity`` every figure must equal the sealed figure.

    Raises what ``sealed_test`` raises.
    """
    test = sealed_test(run)
    sealed = test.evaluation
    same_question = capacity in (None, sealed.capacity)
    length = ListLength(sealed.capacity, sealed.capacity_share) if same_question else ListLength(capacity or 1)
    measured = _measured_again(test, length)
    parts = ("capacity", "capacity_share", "rankings", "calibration", "freshness", "halves", "decision")
    again = sealed.model_copy(
        update={part: getattr(measured, part) for part in parts}
        # What the training had to say stays said, whatever the length of list.
        | {"warnings": tuple(dict.fromkeys((*sealed.warnings, *measured.warnings)))}
    )
    if not same_question:
        return Reproduction(again, None)
    again = again.model_copy(update=_counted_again(run, test, measured))
    return Reproduction(again, differences(*(_comparable(whole, sealed) for whole in (sealed, again))))


def _measured_again(test: SealedTest, length: ListLength) -> Measured:
    """Return every figure of the rankings, from the predictions and outcomes that the RUN sealed."""
    sealed, predictions = test.evaluation, test.predictions
    columns = set(predictions.column_names)

    def column(name: str) -> Any:
        return predictions.column(name).to_numpy().astype(np.float64) if name in columns else None

    return evaluate(
        test.rows,
        [
            Ranking(
                ranking.name,
                ranking.title,
                column(ranking.name),
                column("probability" if ranking.name == MODEL else f"{ranking.name}_probability"),
                ranking.ties.rows_without_a_basis,
            )
            for ranking in sealed.rankings
        ],
        length=length,
        resampling=Resampling(replicates=sealed.settings.bootstrap, seed=sealed.settings.seed),
        freshness=column("freshness_days"),
    )


def _counted_again(run: Run, test: SealedTest, measured: Measured) -> dict[str, Any]:
    """Return the parts of an evaluation beside the table: comparison, cohort, lists, lead time and estimand.

    Of the estimand, the composition and the exposure need the history: the sealed parts stay.
    """
    sealed, predictions = test.evaluation, test.predictions
    plan = run.read(Folds).test
    scores = predictions.column(MODEL).to_numpy().astype(np.float64)
    relationship, cycle = (predictions.column(name).to_numpy() for name in ("relationship_id", "fold"))
    starts = {measured_on.cycle: parse_as_of(measured_on.start) for measured_on in plan.measured_cycles}
    lines = test.outcomes
    parts: dict[str, Any] = {
        "cohort": TestCohort(
            kind=run.read(Config).settings.cohort.kind,
            n=len(predictions),
            relationships=len(np.unique(relationship)),
            subjects=len(np.unique(predictions.column("subject_id").to_numpy())),
            lists=len(starts),
            start=plan.measured_from,
            last_as_of=plan.measured_last_as_of,
        ),
        "replay": replay(test.rows, scores, starts, relationship, sealed.capacity),
        "lead_time": lead_time(lines, cycle, scores, sealed.capacity),
    }
    if sealed.comparison is not None:
        parts["comparison"] = compare(measured, run.read(Config).settings.comparison, sealed.comparison.plan)
    if sealed.estimand is not None:
        resampling = Resampling(replicates=sealed.settings.bootstrap, seed=sealed.settings.seed)
        outcomes = CreditedOutcomes(test.rows, lines)
        parts["estimand"] = sealed.estimand.model_copy(
            update={
                "attribution": attribution(lines),
                "blanking": blanking(outcomes, scores, sealed.capacity, resampling),
            }
        )
    return parts


def _comparable(whole: Evaluation, sealed: Evaluation) -> dict[str, Any]:
    """Return an evaluation as JSON, less what a sealed RUN of before does not hold: there is nothing to compare."""
    document = whole.as_json()
    if sealed.decision is None:
        del document["decision"]
    if not any(ranking.same_order_as for ranking in sealed.rankings):
        for ranking in document["rankings"]:
            ranking["same_order_as"] = None
    return document
