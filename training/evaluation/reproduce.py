"""Measuring a sealed RUN again from its own predictions: no store, no model, the same figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from threat.errors import BadInput, UsageError
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.evaluation import MODEL, Evaluation, RankingFigures
from threat.release.runs import Run
from training.evaluation.table import Ranking, evaluate

_NEEDED = ("predictions.parquet", "outcomes.parquet", Evaluation.FILE)

_SAME = 1e-9
"""Figures may differ by this much: the order in which a machine adds up numbers changes their last digits."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A RUN measured again: its evaluation with the rankings of now, and whether they are those that were sealed.

    ``reproduced`` is None for another capacity than the sealed one: there is nothing to compare with.
    """

    evaluation: Evaluation
    reproduced: bool | None


@dataclass(frozen=True, slots=True)
class SealedTest:
    """The test of a sealed RUN as it was sealed: its evaluation, ``predictions.parquet``, and its labelled rows."""

    evaluation: Evaluation
    predictions: pa.Table
    rows: Labelled


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
    predictions = pq.read_table(run.path("predictions.parquet"))
    outcomes = pq.read_table(run.path("outcomes.parquet")).to_pandas()
    return SealedTest(sealed, predictions, Labelled.from_tables(predictions, outcomes))


def reproduce(run: Run, capacity: int | None = None) -> Reproduction:
    """Measure a sealed RUN's predictions again; without another ``capacity`` the rankings must equal those sealed.

    Raises what ``sealed_test`` raises.
    """
    test = sealed_test(run)
    sealed, predictions = test.evaluation, test.predictions
    columns = set(predictions.column_names)

    def column(name: str) -> Any:
        return predictions.column(name).to_numpy().astype(np.float64) if name in columns else None

    same_question = capacity in (None, sealed.capacity)
    length = ListLength(sealed.capacity, sealed.capacity_share) if same_question else ListLength(capacity or 1)
    measured = evaluate(
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
    parts = ("capacity", "capacity_share", "rankings", "calibration", "freshness", "halves", "decision")
    again = sealed.model_copy(
        update={part: getattr(measured, part) for part in parts}
        # What the training had to say stays said, whatever the length of list.
        | {"warnings": tuple(dict.fromkeys((*sealed.warnings, *measured.warnings)))}
    )
    if not same_question:
        return Reproduction(again, None)
    same_halves = _same(*([half.as_json() for half in whole.halves] for whole in (sealed, again)))
    # A RUN of before has no decision curve: there is nothing to compare the new curve with.
    same_decision = sealed.decision is None or (
        again.decision is not None and _same(sealed.decision.as_json(), again.decision.as_json())
    )
    return Reproduction(again, same_halves and same_decision and same_rankings(sealed.rankings, again.rankings))


def same_rankings(sealed: tuple[RankingFigures, ...], again: tuple[RankingFigures, ...]) -> bool:
    """True when every figure of every ranking is equal, numbers to nine digits."""
    # A RUN of before does not say which rankings order the rows alike: there is nothing to compare with.
    if not any(ranking.same_order_as for ranking in sealed):
        again = tuple(ranking.model_copy(update={"same_order_as": None}) for ranking in again)
    return _same([ranking.as_json() for ranking in sealed], [ranking.as_json() for ranking in again])


def _same(sealed: Any, again: Any) -> bool:
    if isinstance(sealed, float) or isinstance(again, float):
        numbers = isinstance(sealed, int | float) and isinstance(again, int | float)
        return numbers and math.isclose(sealed, again, rel_tol=_SAME, abs_tol=_SAME)
    if isinstance(sealed, dict) and isinstance(again, dict):
        return sealed.keys() == again.keys() and all(_same(sealed[key], again[key]) for key in sealed)
    if isinstance(sealed, list) and isinstance(again, list):
        return len(sealed) == len(again) and all(map(_same, sealed, again))
    return bool(sealed == again)
