"""One engine, one shape, one process: 96 counts (24 kinds x 4 windows) by the date of knowledge, from unsorted Parquet.

The rule: ``as_of - d <= occurred < as_of`` and ``known < as_of``. Prints one JSON line with the sum of all counts, wall
and CPU seconds from opening the files to the finished columns, and the process's peak memory.

    python -P benchmarks/features_engine.py ours|numpy|timeseriesflattener|duckdb M FOLDER
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

WINDOWS = (30, 90, 365, 3650)
KINDS = 24
DAY = 86_400
Result = dict[str, Any]


def ours(events: Path, rows: Path) -> Callable[[], Result]:
    """Our engine: columns read a batch at a time, sorted, folded."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from features import Catalogue, Definition, build
    from features.arrays import sightings_from
    from threat.history.sightings import NO_PERSON, Rows
    from threat.vocabulary import kinds

    words = {"theme": "t", "sentence": "s", "source": "s", "unit": "u", "missing": "m"}
    chosen = [kind for kind in kinds().values() if not kind.known_in_advance][:KINDS]
    numbers = np.array([kind.number for kind in chosen], np.int16)
    catalogue = Catalogue(
        tuple(
            Definition(
                name=f"n_{kind.name}_{d}",
                scope="about_subject",
                statistic="count",
                kinds=(kind.name,),
                window_days=d,
                **words,
            )
            for kind in chosen
            for d in WINDOWS
        )
    )

    def column(path: Path, name: str, dtype: Any) -> Any:
        file = pq.ParquetFile(path, pre_buffer=False)
        out, at = np.empty(file.metadata.num_rows, dtype), 0
        for batch in file.iter_batches(1 << 16, columns=[name], use_threads=False):
            part = batch.column(0)
            part = np.from_dlpack(part.view(pa.int32()) if pa.types.is_date32(part.type) else part)
            out[at : at + len(part)] = part
            at += len(part)
        return out

    def seconds(path: Path, name: str) -> Any:
        out = column(path, name, np.int64)
        out *= DAY
        return out

    # Loads the compiled code, as importing a compiled library does; the table shows it as start-up.
    zero = np.zeros(1, np.int64)
    build(sightings_from(zero, numbers[:1], zero, zero), Rows(zero, zero, zero - 1, zero), catalogue)

    def run() -> Result:
        started = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            waiting = [
                pool.submit(column, events, "person", np.int64),
                pool.submit(lambda: numbers[column(events, "kind", np.int8)]),
                pool.submit(seconds, events, "occurred"),
                pool.submit(seconds, events, "known"),
            ]
            columns = [future.result() for future in waiting]
        waiting.clear()
        read = time.perf_counter()
        store = sightings_from(*columns, threads=2)
        columns.clear()
        ordered = time.perf_counter()
        person = column(rows, "person", np.int64)
        asked = Rows(np.arange(len(person)), person, np.full(len(person), NO_PERSON), seconds(rows, "as_of"))
        matrix = build(store, asked, catalogue)
        folded = time.perf_counter()
        return {
            "sum": int(matrix.values.sum(dtype=np.float64)),
            "parts": {"read": read - started, "sort": ordered - read, "fold": folded - ordered},
        }

    return run


def numpy(events: Path, rows: Path) -> Callable[[], Result]:
    """Two binary searches per kind and window give counts by event date; what was not known yet is taken off."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    def run() -> Result:
        e, q = pq.read_table(events), pq.read_table(rows)

        def day(table: pa.Table, name: str) -> Any:
            return table[name].cast(pa.int32()).to_numpy().astype(np.int64)

        occurred, learned = day(e, "occurred"), day(e, "known")
        person, as_of = q["person"].to_numpy(), day(q, "as_of")
        key = ((e["person"].to_numpy() * KINDS + e["kind"].to_numpy()) << 20) + occurred
        order = np.argsort(key)
        key, learned = key[order], learned[order]
        longest = int((learned - (key & 0xFFFFF)).max())
        out = np.empty((len(person), KINDS * len(WINDOWS)), np.float32)
        inflated = filled = 0
        for kind in range(KINDS):
            base = (person * KINDS + kind) << 20
            high = np.searchsorted(key, base + as_of)
            # Events too recent to be sure of: each pair of row and event is looked at once.
            recent = np.searchsorted(key, base + as_of - longest)
            n = high - recent
            row = np.repeat(np.arange(len(person)), n)
            at = np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n) + np.repeat(recent, n)
            unknown = learned[at] >= as_of[row]
            row, happened = row[unknown], (key[at] & 0xFFFFF)[unknown]
            for i, d in enumerate(WINDOWS):
                late = np.bincount(row[happened >= as_of[row] - d], minlength=len(person))
                by_event = high - np.searchsorted(key, base + as_of - d)
                if d == 30:
                    inflated, filled = inflated + int((late > 0).sum()), filled + int((by_event > 0).sum())
                out[:, kind * len(WINDOWS) + i] = by_event - late
        return {"sum": int(out.sum(dtype=np.float64)), "inflated_30d": inflated / filled}

    return run


def timeseriesflattener(events: Path, rows: Path) -> Callable[[], Result]:
    """Use the package's own flattener with a counting aggregator that knows the date of knowledge.

    Its look-behind includes the prediction time, which is set one microsecond before as-of: the same days count.
    """
    import contextlib
    import datetime as dt
    import io

    import polars as pl
    from timeseriesflattener import Flattener, PredictionTimeFrame, PredictorSpec, ValueFrame
    from timeseriesflattener.aggregators import Aggregator

    class KnownCount(Aggregator):
        name = "known"
        output_type = int

        def __call__(self, column_name: str) -> pl.Expr:
            return pl.col(column_name).filter(pl.col(column_name) <= pl.col("as_of")).count().alias(column_name)

    def run() -> Result:
        instant = pl.Datetime("us")
        e = pl.read_parquet(events).with_columns(pl.col("occurred").cast(instant), pl.col("known").cast(instant))
        q = pl.read_parquet(rows).with_columns(pl.col("as_of").cast(instant) - dt.timedelta(microseconds=1))
        learned = pl.col("known")
        specs = [
            PredictorSpec(
                value_frame=ValueFrame(
                    init_df=e.filter(pl.col("kind") == kind).select("person", "occurred", learned.alias(f"k{kind}")),
                    entity_id_col_name="person",
                    value_timestamp_col_name="occurred",
                ),
                lookbehind_distances=[dt.timedelta(days=d) for d in WINDOWS],
                aggregators=[KnownCount()],
                fallback=0,
                column_prefix="n",
            )
            for kind in range(KINDS)
        ]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            frame = PredictionTimeFrame(init_df=q, entity_id_col_name="person", timestamp_col_name="as_of")
            out = Flattener(predictiontime_frame=frame).aggregate_timeseries(specs=specs).df
            out = out.collect() if isinstance(out, pl.LazyFrame) else out
        return {"sum": int(out.select(pl.sum_horizontal(pl.col("^n_.*$").sum())).item())}

    return run


def duckdb(events: Path, rows: Path) -> Callable[[], Result]:
    """Count by a join and 96 filters."""
    import duckdb as db

    def run() -> Result:
        connection = db.connect()
        connection.execute("set threads = 2")
        names = [(f"n_{kind}_{d}", kind, d) for kind in range(KINDS) for d in WINDOWS]
        counts = ", ".join(
            f"count(*) filter (where kind = {k} and e.occurred >= q.as_of - {d}) {n}" for n, k, d in names
        )
        connection.execute(
            f"create table counted as select q.person, q.as_of, {counts} from '{rows}' q left join '{events}' e "
            "on e.person = q.person and e.occurred < q.as_of and e.known < q.as_of group by 1, 2"
        )
        total = " + ".join(f"sum({n})" for n, _, _ in names)
        return {"sum": int(connection.execute(f"select {total} from counted").fetchone()[0])}

    return run


def main(engine: str, shape: str, folder: Path) -> None:
    loading = time.perf_counter()
    prepared = globals()[engine](folder / f"{shape}_events.parquet", folder / f"{shape}_rows.parquet")
    started, cpu = time.perf_counter(), time.process_time()
    result = prepared()
    result |= {
        "engine": engine,
        "shape": shape,
        "wall": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        "imports": started - loading,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
