"""The test of a sealed RUN computed from the history again: rows, outcomes, credit, and the scores of its own model.

The figures of a RUN come out of its predictions, so predictions that were forged together with the figures agree with
each other. They do not agree with the history: here the rows of the test, their outcomes and their features are built
from the snapshot, and scored by the model that the RUN sealed. Nothing is fitted. What only a fit gives, the scores of
the regression and of the model without the sensitive features, comes out of a repeated training alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features import load_catalogue
from threat.errors import IntegrityFailure
from threat.history.snapshot import Snapshot
from threat.policy import load_policy
from threat.release.base import Base
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.config import Config
from threat.release.documents.evaluation import MODEL, Evaluation
from threat.release.documents.model import BaseModel, Calibrator, ComparedBase, ModelFeatures
from threat.release.documents.provenance import Provenance
from threat.release.documents.recomputation import FoundDifference, FromHistory
from threat.release.documents.snapshot import SnapshotRead
from threat.release.model_files import ranking_files
from threat.release.ranking_model import RankingModel
from threat.release.runs import Run
from threat.release.scorer import kinds_in, probability
from training.cohorts.labelled import prepare_test
from training.cohorts.opening import OpenedTest, open_test
from training.evaluation.differences import differences
from training.evaluation.estimand import estimand_of
from training.evaluation.predictions import tables_of
from training.evaluation.rankings import matrix_of_rules, rule_rankings
from training.evaluation.table import Ranking
from training.provenance import provenance

OF_A_FIT: Final = frozenset({"elastic_net", "elastic_net_probability", "base_probability", "without_sensitive"})
"""Columns of the predictions that no sealed file scores again: they come out of a repeated training alone."""

ELSEWHERE: Final = 1e-6
"""Largest relative difference of a number where platform, Python or libraries are other than the training's: other
libraries add up in another order. Where they are the training's, every number is equal."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """What came of computing a test from the history. ``why_not``: what is another here; empty where it was computed"""

    state: FromHistory
    why_not: str = ""
    differences: tuple[FoundDifference, ...] = ()


def derive(run: Run, snapshot: Snapshot, *, policy: Path | None = None, threads: int = 1) -> Derivation:
    """Compute the test of a sealed RUN from its snapshot, and compare it with what the RUN sealed.

    ``policy``: the force's own eligibility policy, where the RUN was trained with one. Nothing is written. Raises
    BadInput where the history holds no such test, IntegrityFailure for a model that cannot be read.
    """
    here = provenance(policy)
    if another := _another_here(run, here):
        return Derivation("not_here", f"another {another}")
    config = run.read(Config)
    settings = config.settings.model_copy(update={"threads": threads})
    labelled = prepare_test(snapshot, settings, load_policy(policy))
    opened = open_test(labelled)
    by_rule, _ = rule_rankings(matrix_of_rules(labelled.sightings, opened.matrix))
    rankings = [*_by_model(run, opened, threads), *by_rule]
    tolerance = 0.0 if _made_alike(run.find(Provenance), here) else ELSEWHERE
    differing = list(_tables(run, tables_of(opened, rankings), tolerance))
    if not differing:
        # Of rows that are others than the sealed rows, every count differs too: that is no news.
        differing += _counts(run, opened, rankings)
    return Derivation("different" if differing else "same", differences=tuple(differing))


def _another_here(run: Run, here: Provenance) -> str:
    """Return what is another here, so that other rows or features would come out; empty where nothing is."""
    read, sealed = run.read(SnapshotRead), run.find(Provenance)
    names = {"feature catalogue": read.catalogue_version != load_catalogue().version}
    if sealed is not None:
        names["eligibility policy"] = sealed.policies.eligibility.sha256 != here.policies.eligibility.sha256
    else:
        names["eligibility policy"] = run.read(Config).policy_version != here.policies.eligibility.version
    return ", ".join(name for name, differs in names.items() if differs)


def _made_alike(sealed: Provenance | None, here: Provenance) -> bool:
    """Tell whether the numbers of a RUN were computed by the libraries, the Python and the platform of here."""
    if sealed is None:
        return False
    return (sealed.python, sealed.platform, sealed.libraries) == (here.python, here.platform, here.libraries)


def _by_model(run: Run, opened: OpenedTest, threads: int) -> list[Ranking]:
    """Return the order of the sealed model, with its probabilities, and that of its base."""
    features, matrix, where = run.read(ModelFeatures), opened.matrix, str(run.directory)
    if features.names != tuple(matrix.names):
        raise IntegrityFailure(
            "The model reads other features than its settings ask for.",
            value=", ".join(sorted(set(features.names) ^ set(matrix.names))) or "another order",
            where=str(run.path(ModelFeatures.FILE)),
            way_out="do not use it; train again",
        )
    model = RankingModel.read(ranking_files(run), features.names, where)
    raw = model.raw_score(matrix.values, threads=threads)
    calibrated = probability(run.read(Calibrator), raw, kinds_in(matrix.names, matrix.values))
    rankings = [Ranking(MODEL, MODEL, raw, calibrated)]
    base: BaseModel | None = run.find(BaseModel) or run.find(ComparedBase)
    if base is not None:
        rankings.append(Ranking("base", "base", Base.of(base, features.names).score(matrix.values)))
    return rankings


def _tables(run: Run, derived: dict[str, pa.Table], tolerance: float) -> Iterator[FoundDifference]:
    for name, table in derived.items():
        if not run.has(name):
            yield FoundDifference(document=name, figure="the table", sealed="absent", recomputed=f"{len(table)} rows")
            continue
        sealed = pq.read_table(run.path(name))
        if len(sealed) != len(table):
            yield FoundDifference(document=name, figure="rows", sealed=str(len(sealed)), recomputed=str(len(table)))
            continue
        for column in sorted({*sealed.column_names, *table.column_names}):
            if (differs := _column(name, column, sealed, table, tolerance)) is not None:
                yield differs


def _column(name: str, column: str, sealed: pa.Table, derived: pa.Table, tolerance: float) -> FoundDifference | None:
    """Return where a column of a table differs, with the first row that does; None where no row does."""
    if column not in derived.column_names:
        if column in OF_A_FIT:
            return None
        return FoundDifference(document=name, figure=column, sealed="a column", recomputed="absent")
    if column not in sealed.column_names:
        return FoundDifference(document=name, figure=column, sealed="absent", recomputed="a column")
    before, now = (table.column(column).to_numpy(zero_copy_only=False) for table in (sealed, derived))
    rows = np.flatnonzero(~_equal(before, now, tolerance))
    if not len(rows):
        return None
    first = int(rows[0])
    return FoundDifference(
        document=name,
        figure=f"{column}, in {len(rows)} of {len(before)} rows, first in row {first}",
        sealed=str(before[first]),
        recomputed=str(now[first]),
    )


def _equal(before: Any, now: Any, tolerance: float) -> Any:
    """Return where two columns (n) are equal, bool[n]: missing is equal to missing; whole numbers are compared as such.

    >>> nan = float("nan")
    >>> _equal(np.array([1.0, nan, 2.0]), np.array([1.0, nan, 2.0 + 1e-9]), 0.0).tolist()
    [True, True, False]
    >>> _equal(np.array([2.0]), np.array([2.0 + 1e-9]), 1e-6).tolist()
    [True]
    >>> _equal(np.array([2**53], np.int64), np.array([2**53 + 1], np.int64), 1e-6).tolist()
    [False]
    """
    if before.dtype.kind == now.dtype.kind == "f":
        if tolerance:
            return np.isclose(before, now, rtol=tolerance, atol=tolerance, equal_nan=True)
        return (before == now) | (np.isnan(before) & np.isnan(now))
    return np.asarray(before == now)


def _counts(run: Run, opened: OpenedTest, rankings: list[Ranking]) -> Iterator[FoundDifference]:
    """Yield what the RUN counted of its test otherwise than the history: parts that its predictions do not give."""
    sealed = run.read(Evaluation)
    ties = {ranking.name: ranking.ties.rows_without_a_basis for ranking in sealed.rankings}
    before: dict[str, Any] = {"rows_without_a_basis": {ranking.name: ties.get(ranking.name) for ranking in rankings}}
    now: dict[str, Any] = {"rows_without_a_basis": {ranking.name: ranking.unranked for ranking in rankings}}
    if sealed.estimand is not None:
        again = estimand_of(run.read(Config).settings, opened, np.asarray(rankings[0].scores), sealed.capacity)
        before["estimand"], now["estimand"] = sealed.estimand.as_json(), again.as_json()
    yield from _compared(Evaluation.FILE, before, now)
    cohort = run.find(CohortAttrition)
    if cohort is not None:
        before = {"test_left_out": cohort.test_left_out.as_json(), "competing": cohort.competing_deaths.as_json()}
        now = {"test_left_out": opened.left_out.as_json(), "competing": opened.competing.as_json()}
        yield from _compared(CohortAttrition.FILE, before, now)


def _compared(document: str, before: dict[str, Any], now: dict[str, Any]) -> Iterator[FoundDifference]:
    for item in differences(before, now):
        yield FoundDifference(document=document, figure=item.figure, sealed=item.sealed, recomputed=item.recomputed)
