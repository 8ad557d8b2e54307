"""What one thread's time goes on, and how far that is from one pass over memory: one JSON line.

For 96 counts and for the whole catalogue on the L stores, the subject's half and the person at risk's half apart: the
time of a row without any event before its as-of (start, add up, write), the rest (reading events), the same for a few
histories that stay in the processor's cache, and the time that copying the same number of bytes takes.

    python -P benchmarks/features_profile.py FOLDER
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from features import Catalogue, load_catalogue
from features.engines.fold.program import Half
from threat.asof import DAY
from threat.history.sightings import Rows, Sightings

ROWS = 200_000
LONG_AGO = -4_000_000_000
_ALWAYS = ("occurred_at", "visible_from", "visible_until", "kind", "role", "proactive", "domestic")


def seconds(job: Callable[[], Any]) -> float:
    """CPU seconds of the best of three."""
    times = []
    for _ in range(3):
        started = time.process_time()
        job()
        times.append(time.process_time() - started)
    return min(times)


def halves(store: Sightings, rows: Rows, catalogue: Catalogue, copy_rate: float) -> list[dict[str, Any]]:
    """Return an entry per half that has definitions. ``copy_rate``: bytes per second, read and written both counted."""
    engine = importlib.import_module("features.engines.fold.build")
    out = np.empty((len(rows), len(catalogue)), np.float32)
    subject, at_risk = (engine.person_index(store.persons, ids) for ids in (rows.subject, rows.at_risk))
    programs = engine.halves(catalogue, store.code_names)
    few = np.arange(len(rows)) % (len(rows) // 100)
    out_by_half = []
    for title, half, party, other in (
        ("subject", programs[0], subject, at_risk),
        ("person at risk", programs[1], at_risk, subject),
    ):
        if half.is_empty:
            continue
        n = len(half.program.plain) + len(half.program.outputs)

        def time_of(chosen: Any, as_of: np.ndarray, half: Half, party: np.ndarray, other: np.ndarray) -> float:
            some, others = party[chosen], other[chosen]
            job = engine.Job(store, out, 1, lambda amount: None)
            return seconds(lambda: job.run(half, some, others, as_of))

        def sightings(of: np.ndarray) -> int:
            length = store.offsets[np.maximum(of, 0) + 1] - store.offsets[np.maximum(of, 0)]
            return int(np.where(of >= 0, length, 0).sum())

        half_of = (half, party, other)
        whole = time_of(slice(None), rows.as_of, *half_of)
        fixed = time_of(slice(None), np.full(len(rows), LONG_AGO), *half_of)
        near = time_of(few, rows.as_of[few], *half_of) - time_of(few, np.full(len(rows), LONG_AGO), *half_of)
        read = sightings(party)
        width = sum(getattr(store, name).itemsize for name in {*_ALWAYS, *half.uses})
        moved = read * width + len(rows) * n * 4
        out_by_half.append(
            {
                "half": title,
                "definitions": n,
                "rows": len(rows),
                "sightings": read,
                "bytes_per_sighting": width,
                "cpu": whole,
                "row_us": fixed / len(rows) * 1e6,
                "sighting_ns": (whole - fixed) / max(1, read) * 1e9,
                "sighting_near_ns": near / max(1, sightings(party[few])) * 1e9,
                "moved_mb": moved / 1e6,
                "floor": moved / copy_rate,
                "times_floor": whole / (moved / copy_rate),
            }
        )
    return out_by_half


def copy_rate() -> float:
    """Return the bytes per second of one thread copying 320 MB, read and written both counted."""
    target, source = np.empty(40_000_000, np.int64), np.ones(40_000_000, np.int64)
    return 2 * source.nbytes / seconds(lambda: np.copyto(target, source))


def main(folder: Path) -> None:
    sys.path.append(str(Path(__file__).parent))
    jobs = importlib.import_module("features_store")
    rate = copy_rate()
    counted = jobs.open_store(folder / "counts-L")
    some = np.random.default_rng(jobs.SEED)
    random_days = jobs.START + some.integers(2 * 365, 3_650, jobs.STORES["L"][2]) * DAY
    result = {"copy_gb_per_s": rate / 1e9, "jobs": []}
    for title, store, rows, catalogue in (
        (
            "96 counts",
            counted,
            jobs.rows_of(folder / "counts-L", np.load(folder / "counts-L" / "as_of.npy")),
            jobs.counted(),
        ),
        ("whole catalogue", jobs.open_store(folder / "L"), jobs.rows_of(folder / "L", random_days), load_catalogue()),
    ):
        first = Rows(*(column[:ROWS] for column in (rows.relationship_id, rows.subject, rows.at_risk, rows.as_of)))
        result["jobs"] += [{"job": title} | half for half in halves(store, first, catalogue, rate)]
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
