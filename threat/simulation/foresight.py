"""The truth about a force that was written: latent risk at every month start for all, and a sharper sample of it.

``truth/monthly.parquet``: relationship_id, as_of (int64 seconds), latent_risk_180d, latent_risk_365d, for every relationship
record known before that month start. ``truth/oracle.parquet``: the same on a stratified sample with many more paths, with
mc_error_180d, mc_error_365d (standard errors), stratum and weight (relationship-dates each row stands for). The risk is that
of a severe incident (Y2) under usual policing without a new plan: an upper bound for any model of the records. Fitting a
reference model of features to these columns as soft labels, on an independent force, gives the lower bound.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation import chance, force, parameters, tables
from threat.simulation.oracle import Foresight, foresee

I64 = NDArray[np.int64]


def expected_captures(risk: Any, score: Any, k: int) -> float:
    """True risk inside the top ``k`` by ``score``: the mean number of outcomes a list would meet. Ties share their places."""
    risk, score = np.asarray(risk, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if k >= len(score):
        return float(risk.sum())
    edge = np.partition(score, len(score) - k)[len(score) - k]
    above, tied = score > edge, score == edge
    return float(risk[above].sum() + risk[tied].mean() * (k - above.sum()))


def write_truth(
    out: Path,
    *,
    paths: int = 4,
    sample: int = 3000,
    sample_paths: int = 400,
    advance: Callable[[float], None] = lambda amount: None,
) -> dict[str, Any]:
    """Compute and write both tables for the force in ``out``. Returns counts and, by horizon, the mean risk."""
    settings = force.read_settings(out)
    strata = np.array(parameters.values("truth")["strata"])
    counts = np.zeros(len(strata) + 1, np.int64)
    sums = np.zeros(2)
    writer: pq.ParquetWriter | None = None
    folder = Path(out) / "truth"
    for month in _months(settings, paths, None, advance):
        risk = month.column("latent_risk_365d").to_numpy()
        counts += np.bincount(np.searchsorted(strata, risk), minlength=len(counts))
        sums += [month.column("latent_risk_180d").to_numpy().sum(), risk.sum()]
        writer = writer or pq.ParquetWriter(folder / "monthly.parquet", month.schema)
        writer.write_table(month)
    if writer is not None:
        writer.close()
    share = np.minimum(1.0, sample / len(counts) / np.maximum(counts, 1))
    drawn = [part for part in _months(settings, paths, (strata, share, sample_paths), advance) if len(part)]
    if drawn:
        pq.write_table(pa.concat_tables(drawn), folder / "oracle.parquet")
    total = int(counts.sum())
    summary = {
        "rows": total,
        "sampled": sum(len(part) for part in drawn),
        "paths": paths,
        "sample_paths": sample_paths,
        "mean_risk_180d": float(sums[0] / max(total, 1)),
        "mean_risk_365d": float(sums[1] / max(total, 1)),
        "strata": [float(edge) for edge in strata],
        "stratum_rows": counts.tolist(),
    }
    (folder / "truth.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    return summary


def _months(
    settings: force.Settings,
    paths: int,
    sample: tuple[NDArray[np.float64], NDArray[np.float64], int] | None,
    advance: Callable[[float], None],
) -> Iterator[pa.Table]:
    """Block by block: every known relationship record at every month start; or, sharper, those drawn from the strata."""
    offences, grid = force.offence_tables(), force.months(settings)
    inside = grid[grid > 0]
    as_of = settings.epoch + np.round(inside * DAY).astype(np.int64)
    overrides = settings.knobs.overrides(settings.epoch)
    start = -float(parameters.values("population")["warm_up"])
    for number, n in force.plan(settings):
        if not n:
            continue
        people = force.draw(settings, number, n)
        made = force.block(settings, number, n).truth["relationships"]
        true = chance.ids(tables.relation_keys(people))
        order = np.argsort(true)
        row = order[np.searchsorted(true[order], made.column("true_relation").to_numpy())]
        seen = made.column("recorded_at").to_numpy()
        first = np.full(len(true), np.iinfo(np.int64).max)
        np.minimum.at(first, row, seen)
        wanted = np.where(first[:, None] < as_of[None, :], paths, 0).astype(np.int32)
        found = foresee(people, wanted, inside, start, grid, offences, overrides)
        strata = np.zeros_like(wanted, dtype=np.int64)
        if sample is not None:
            edges, share, many = sample
            strata = np.searchsorted(edges, np.nan_to_num(found.risk[:, :, 1]))
            keys = chance.derive(tables.relation_keys(people)[:, None], "oracle sample", np.arange(len(as_of))[None, :])
            kept = (wanted > 0) & (chance.uniform(keys, "oracle sample") < share[strata])
            wanted = np.where(kept, many, 0).astype(np.int32)
            found = foresee(people, wanted, inside, start, grid, offences, overrides)
        i, j = np.nonzero((seen[:, None] < as_of[None, :]) & (wanted[row] > 0))
        yield _rows(made.column("relationship_id").to_numpy(), as_of, i, j, row, found, sample, strata)
        advance(1.0)


def _rows(
    ids: I64, as_of: I64, i: I64, j: I64, row: I64, found: Foresight, sample: Any, strata: I64
) -> pa.Table:
    columns: dict[str, Any] = {
        "relationship_id": ids[i],
        "as_of": as_of[j],
        "latent_risk_180d": found.risk[row[i], j, 0],
        "latent_risk_365d": found.risk[row[i], j, 1],
    }
    if sample is not None:
        _, share, _ = sample
        columns["mc_error_180d"] = found.error[row[i], j, 0]
        columns["mc_error_365d"] = found.error[row[i], j, 1]
        columns["stratum"] = strata[row[i], j]
        columns["weight"] = 1.0 / share[strata[row[i], j]]
    return pa.table(columns)
