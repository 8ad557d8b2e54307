"""Tables of a RUN: every test row with its scores, the outcomes outside, and the lines of credit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features import Matrix
from threat.measuring.ranked import LEFT_OUT
from training.cohorts.opening import OpenedTest
from training.evaluation.table import MODEL, Ranking

FRESHNESS_FEATURE = "days_since_domestic_incident"
_OUTSIDE = ["subject_id", "person_at_risk_id", "as_of", "fold", "credit", "incident"]


def freshness_of(matrix: Matrix) -> NDArray[np.float64] | None:
    """Days since the last domestic incident (n), NaN without one; None where the catalogue leaves the feature out."""
    return matrix.column(FRESHNESS_FEATURE).astype(np.float64) if FRESHNESS_FEATURE in matrix.names else None


def tables_of(opened: OpenedTest, rankings: list[Ranking]) -> dict[str, pa.Table]:
    """Tables by file name: ``predictions.parquet``, ``outside.parquet`` and ``outcomes.parquet``.

    A ranking's scores are in the column of its name, its probabilities in ``<name>_probability`` (the model's own in
    ``probability``). ``training.evaluation.reproduce`` reads the tables back.
    """
    credit_lines = opened.outcomes.credit_lines
    return {
        "predictions.parquet": _predictions(opened, rankings),
        "outside.parquet": _table(credit_lines.loc[credit_lines["row"] < 0, _OUTSIDE]),
        "outcomes.parquet": _table(credit_lines),
    }


def _predictions(opened: OpenedTest, rankings: list[Ranking]) -> pa.Table:
    lists, labelled = opened.lists, opened.outcomes.rows
    columns: dict[str, Any] = {
        "relationship_id": lists.rows.relationship_id,
        "subject_id": lists.rows.subject,
        "person_at_risk_id": lists.rows.at_risk,
        "as_of": lists.rows.as_of,
        "fold": lists.cycle.astype(np.int32),
        "label": labelled.hit.astype(np.uint8),
        "credit": labelled.credit,
        LEFT_OUT: labelled.left_out,
    }
    by_name = {ranking.name: ranking for ranking in rankings}
    columns[MODEL] = by_name[MODEL].scores
    for name, ranking in by_name.items():
        if ranking.probability is not None:
            columns["probability" if name == MODEL else f"{name}_probability"] = ranking.probability
    columns |= {name: ranking.scores for name, ranking in by_name.items()}
    freshness = freshness_of(opened.matrix)
    if freshness is not None:
        columns["freshness_days"] = freshness
    return pa.table(columns)


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
