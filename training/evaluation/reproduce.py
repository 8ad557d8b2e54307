"""Measuring a sealed RUN again from its own predictions: no store, no model, the same figures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from threat.errors import UsageError
from threat.release.runs import Run
from training.evaluation.figures import Block
from training.evaluation.table import MODEL, Ranking, evaluate


def reproduce(run: Run, capacity: int | None = None) -> dict[str, Any]:
    """Measure a sealed RUN's predictions again. Without another ``capacity`` the rankings must equal those sealed.

    Returns the evaluation with ``reproduced`` (True, False, or None for another capacity). Raises UsageError when the
    RUN holds no predictions.
    """
    for name in ("predictions.parquet", "outcomes.parquet", "evaluation.json"):
        if not run.has(name):
            raise UsageError("A RUN to evaluate holds predictions.", value=f"no {name}", where=str(run.directory))
    sealed = run.read_json("evaluation.json")
    predictions = pq.read_table(run.path("predictions.parquet"))
    units = pq.read_table(run.path("outcomes.parquet")).to_pandas()
    block = read_block(predictions, units)
    rankings = []
    for entry in sealed["rankings"]:
        name = entry["name"]
        column = {MODEL: "probability"}.get(name, f"{name}_probability")
        p = predictions.column(column).to_numpy() if column in predictions.column_names else None
        rankings.append(
            Ranking(name, entry["title"], predictions.column(name).to_numpy(), p, entry["ties"]["rows_without_a_basis"])
        )
    fresh = predictions.column("freshness_days").to_numpy() if "freshness_days" in predictions.column_names else None
    document = evaluate(
        block,
        rankings,
        capacity=capacity or sealed["capacity"],
        replicates=sealed["settings"]["bootstrap"],
        seed=sealed["settings"]["seed"],
        freshness=fresh,
    )
    same = json.loads(json.dumps(document["rankings"])) == sealed["rankings"]
    reproduced = same if capacity in {None, sealed["capacity"]} else None
    return {key: sealed[key] for key in ("rung", "horizon_days", "cohort")} | document | {
        "capacity": capacity or sealed["capacity"],
        "reproduced": reproduced,
    }  # fmt: skip


def read_block(predictions: pa.Table, units: pd.DataFrame) -> Block:
    """The Block of a RUN from ``predictions.parquet`` and ``outcomes.parquet``."""
    inside, outside = units[units["row"] >= 0], units[units["row"] < 0]
    subject = predictions.column("subject_id").to_numpy()
    return Block(
        subject=np.where(subject < 0, -1 - np.arange(len(subject)), subject),
        cycle=predictions.column("fold").to_numpy().astype(np.int64),
        label=predictions.column("label").to_numpy(),
        credit=predictions.column("credit").to_numpy(),
        pair_row=inside["row"].to_numpy(),
        pair_event=inside["incident"].to_numpy(),
        outside_subject=outside["subject_id"].to_numpy(),
        outside_credit=outside["credit"].to_numpy(),
        outside_event=outside["incident"].to_numpy(),
    )
