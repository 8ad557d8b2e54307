"""The truth about a force that was written: latent risk at every month start for all, and a sharper sample of it.

``truth/monthly.parquet``: relationship_id, true_relation, as_of (int64 UTC seconds), latent_risk_180d,
latent_risk_365d, for every relationship on record before that month start: the mean of a few draws, unbiased and noisy
row by row.
``truth/oracle.parquet``: the same on a sample stratified by that risk, with many draws: mc_error_180d, mc_error_365d
(standard errors), stratum, and weight (relationship-months each row stands for).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.asof import DAY
from threat.errors import UsageError
from threat.files import whole_file, write_whole
from threat.simulation import force, parameters
from threat.simulation.force import Settings
from threat.simulation.truth.oracle import HORIZONS, Drawing, ahead, risks
from threat.simulation.truth.retraced import verified_settings
from threat.simulation.world import chance
from threat.simulation.world.population import relation_keys

I64 = NDArray[np.int64]


def write_truth(
    out: Path,
    *,
    draws: int = 4,
    sample: int = 3000,
    sample_draws: int = 400,
    seed: int = 0,
    threads: int = 1,
    advance: Callable[[float], None] = lambda amount: None,
) -> dict[str, Any]:
    """Write both tables for the force in ``out``; each file replaces the last one whole.

    Returns ``{rows, sampled, draws, sample_draws, mean, weighted_sample_mean, strata: [{from, to, rows, sampled}]}``,
    also written as ``truth/truth.json``. Raises UsageError when there is no force, or for numbers that can't be drawn.
    """
    if sample < 0 or draws < 1 or sample_draws < 2 or sample_draws % 2:
        raise UsageError(
            "The sample is negative, or its draws or all rows' draws are too few or odd.",
            value=f"sample {sample}, draws {draws}, sample draws {sample_draws}",
            way_out="a sample of 0 or more, 1 draw or more, and an even number of draws for the sample",
        )
    settings = verified_settings(out)
    folder = Path(out) / "truth"
    records = pq.read_table(folder / "relationships.parquet").to_pandas()
    schema = pa.schema(
        [(name, pa.int64()) for name in ("relationship_id", "true_relation", "as_of")]
        + [(f"latent_risk_{days}d", pa.float32()) for days in HORIZONS]
    )
    edges = np.array(parameters.values("truth")["strata"])
    counts, sums = np.zeros(len(edges) + 1, np.int64), np.zeros(len(HORIZONS))
    kept: list[pd.DataFrame] = []
    rng = np.random.default_rng(seed)
    with (
        whole_file(folder / "monthly.parquet", synced=False) as unfinished,
        pq.ParquetWriter(unfinished, schema, compression="zstd") as writer,
    ):
        for frame in _months(settings, records, draws, seed, threads):
            writer.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False))
            advance(1.0)
            stratum = np.searchsorted(edges, frame["latent_risk_365d"], side="right")
            counts += np.bincount(stratum, minlength=len(counts))
            sums += [float(frame[f"latent_risk_{days}d"].to_numpy(np.float64).sum()) for days in HORIZONS]
            kept = _keep(kept, frame.assign(stratum=stratum, luck=rng.random(len(frame))), sample // len(counts))
    drawn = pd.concat(kept) if kept else pd.DataFrame(columns=[*schema.names, "stratum", "luck"])
    sampled = risks(
        settings,
        drawn["relationship_id"].to_numpy(np.int64),
        drawn["as_of"].to_numpy(np.int64),
        draws=sample_draws,
        seed=seed + 1,
        threads=threads,
    )
    stratum = drawn["stratum"].to_numpy(np.int64)
    taken = np.bincount(stratum, minlength=len(counts))
    columns: dict[str, Any] = {name: drawn[name].to_numpy() for name in ("relationship_id", "true_relation", "as_of")}
    for i, days in enumerate(HORIZONS):
        columns |= {f"latent_risk_{days}d": sampled.risk[:, i], f"mc_error_{days}d": sampled.error[:, i]}
    columns |= {"stratum": stratum.astype(np.int32), "weight": counts[stratum] / np.maximum(taken[stratum], 1)}
    pq.write_table(pa.table(columns), folder / "oracle.parquet", compression="zstd")
    total = int(counts.sum())
    document = {
        "rows": total,
        "sampled": len(drawn),
        "draws": draws,
        "sample_draws": sample_draws,
        "mean": {f"latent_risk_{days}d": float(sums[i] / max(total, 1)) for i, days in enumerate(HORIZONS)},
        "weighted_sample_mean": {
            f"latent_risk_{days}d": float(sampled.risk[:, i] @ columns["weight"] / max(total, 1))
            for i, days in enumerate(HORIZONS)
        },
        "strata": [
            {"from": low, "to": high, "rows": int(rows), "sampled": int(drawn_of)}
            for low, high, rows, drawn_of in zip([0.0, *edges], [*edges, 1.0], counts, taken, strict=True)
        ],
    }
    write_whole(folder / "truth.json", json.dumps(document, indent=1))
    return document


def _keep(kept: list[pd.DataFrame], more: pd.DataFrame, each: int) -> list[pd.DataFrame]:
    """Return the ``each`` rows of every stratum with the least luck so far: a sample without replacement."""
    both = pd.concat([*kept, more])
    return [both.sort_values("luck", kind="stable").groupby("stratum").head(each)]


def _months(settings: Settings, records: pd.DataFrame, draws: int, seed: int, threads: int) -> Iterator[pd.DataFrame]:
    """Yield, block by block, every relationship record at every month start after it was first recorded."""
    days = force.months(settings)
    starts = settings.epoch + np.round(days[days > 0] * DAY).astype(np.int64)
    starts = starts[starts <= settings.now]
    records = records.sort_values("true_relation", kind="stable")
    true = records["true_relation"].to_numpy()
    ids, seen = records["relationship_id"].to_numpy(), records["recorded_at"].to_numpy()

    def answer_block(block: tuple[int, int]) -> pd.DataFrame:
        number, size = block
        people = force.draw(settings, number, size)
        made = chance.ids(relation_keys(people))
        first = np.searchsorted(true, made, side="left")
        count = np.searchsorted(true, made, side="right") - first
        relation = np.repeat(np.arange(len(made)), count)
        at = np.repeat(first, count) + np.arange(len(relation)) - np.repeat(np.cumsum(count) - count, count)
        row, month = np.nonzero(seen[at][:, None] < starts[None, :])
        # Two records of one relation share its path: each (relation, month) is run once.
        pair = np.stack([people.cluster[relation[row]], month, relation[row]], axis=1)
        unique, back = np.unique(pair, axis=0, return_inverse=True)
        total, _ = ahead(settings, people, unique[:, 2], starts[unique[:, 1]], Drawing(draws, seed))
        risk = total.sum(axis=2)[back.ravel()] / draws
        columns = {"relationship_id": ids[at][row], "true_relation": true[at][row], "as_of": starts[month]}
        columns |= {f"latent_risk_{d}d": risk[:, i].astype(np.float32) for i, d in enumerate(HORIZONS)}
        return pd.DataFrame(columns)

    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(answer_block, [block for block in force.plan(settings) if block[1]])
