"""Measuring a sealed RUN again from its own predictions: no store, no model, the same figures."""

from __future__ import annotations

import json
import math
from typing import Any

import pyarrow.parquet as pq

from threat.errors import UsageError
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.evaluation import Evaluation
from threat.release.runs import Run
from training.evaluation.table import MODEL, Ranking, evaluate

_NEEDED = ("predictions.parquet", "outcomes.parquet", "evaluation.json")

_SAME = 1e-9
"""Figures may differ by this much: the order in which a machine adds up numbers changes their last digits."""


def reproduce(run: Run, capacity: int | None = None) -> dict[str, Any]:
    """Measure a sealed RUN's predictions again; without another ``capacity`` the rankings must equal those sealed.

    Returns the evaluation with ``reproduced`` (True, False, or None for another capacity). Raises UsageError when the
    RUN holds no predictions.
    """
    if missing := [name for name in _NEEDED if not run.has(name)]:
        raise UsageError(
            "The RUN has nothing to evaluate.",
            value=f"no {', '.join(missing)}",
            where=str(run.directory),
            way_out="name a RUN of threat train",
        )
    sealed = run.read(Evaluation).as_json()
    predictions = pq.read_table(run.path("predictions.parquet"))
    columns = set(predictions.column_names)
    rows = Labelled.from_tables(predictions, pq.read_table(run.path("outcomes.parquet")).to_pandas())
    rankings = []
    for entry in sealed["rankings"]:
        name = entry["name"]
        column = {MODEL: "probability"}.get(name, f"{name}_probability")
        probability = predictions.column(column).to_numpy() if column in columns else None
        scores = predictions.column(name).to_numpy()
        rankings.append(Ranking(name, entry["title"], scores, probability, entry["ties"]["rows_without_a_basis"]))
    document = evaluate(
        rows,
        rankings,
        capacity=capacity or sealed["capacity"],
        resampling=Resampling(replicates=sealed["settings"]["bootstrap"], seed=sealed["settings"]["seed"]),
        freshness=predictions.column("freshness_days").to_numpy() if "freshness_days" in columns else None,
    )
    reproduced = None
    if capacity in {None, sealed["capacity"]}:
        reproduced = _same(_figures(sealed["rankings"]), _figures(json.loads(json.dumps(document["rankings"]))))
    return {key: sealed[key] for key in ("rung", "horizon_days", "cohort")} | document | {
        "capacity": capacity or sealed["capacity"],
        "reproduced": reproduced,
    }  # fmt: skip


def _figures(rankings: list[dict[str, Any]]) -> list[Any]:
    """Every figure of every ranking as what must come out again."""
    return [
        [ranking["name"], ranking["ties"], [_compared(figure) for figure in ranking["figures"]]] for ranking in rankings
    ]


def _compared(figure: dict[str, Any]) -> list[Any]:
    return [figure[key] for key in ("name", "n", "events", "slice", "value", "interval", "method")]


def _same(sealed: Any, again: Any) -> bool:
    """True when two documents are equal, numbers to nine digits."""
    if isinstance(sealed, float) or isinstance(again, float):
        numbers = isinstance(sealed, int | float) and isinstance(again, int | float)
        return numbers and math.isclose(sealed, again, rel_tol=_SAME, abs_tol=_SAME)
    if isinstance(sealed, dict) and isinstance(again, dict):
        return sealed.keys() == again.keys() and all(_same(sealed[key], again[key]) for key in sealed)
    if isinstance(sealed, list) and isinstance(again, list):
        return len(sealed) == len(again) and all(map(_same, sealed, again))
    return bool(sealed == again)
