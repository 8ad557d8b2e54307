"""Histories shaped like police records, for the features benchmark: two Parquet files that every engine starts from.

Persons carry gamma-skewed numbers of events on uniform days over ten years; recording lags by a geometric number of
days, four on average; kinds are Zipf. Rows ask about random persons on random days of the last eight years. Events are
written in the order they were drawn: unsorted.

    python -P benchmarks/features_shapes.py M FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SHAPES = {"S": (5_000, 250_000, 10_000), "M": (50_000, 2_500_000, 100_000), "L": (500_000, 25_000_000, 1_000_000)}
"""Persons, events, rows (before repeated pairs are dropped)."""

KINDS, SEED, FIRST_DAY, DAYS = 24, 7, 15_340, 3_650
"""FIRST_DAY is 2012-01-01 in days since 1970-01-01."""


def make(shape: str, folder: Path) -> None:
    """Write ``<shape>_events.parquet`` (person, occurred, known, kind) and ``<shape>_rows.parquet`` (person, as_of)."""
    persons, events, rows = SHAPES[shape]
    random = np.random.default_rng(SEED)
    weight = random.gamma(0.5, 1, persons)
    person = random.choice(persons, events, p=weight / weight.sum())
    day = random.integers(0, DAYS, events)
    lag = random.geometric(1 / 5, events) - 1
    zipf = 1 / np.arange(1, KINDS + 1)
    kind = random.choice(KINDS, events, p=zipf / zipf.sum())
    random.normal(size=events)  # the values of the first version of this generator: keeps the rows drawn below
    _write(
        folder / f"{shape}_events.parquet",
        person=person,
        occurred=_date(FIRST_DAY + day),
        known=_date(FIRST_DAY + day + lag),
        kind=kind.astype(np.int32),
    )
    pairs = np.stack([random.choice(persons, rows), FIRST_DAY + random.integers(2 * 365, DAYS, rows)], axis=1)
    pairs = np.unique(pairs, axis=0)
    _write(folder / f"{shape}_rows.parquet", person=pairs[:, 0].copy(), as_of=_date(pairs[:, 1]))


def _date(days: np.ndarray) -> pa.Array:
    return pa.array(days.astype(np.int32)).view(pa.date32())


def _write(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path.with_suffix(".partial"))
    path.with_suffix(".partial").replace(path)


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
