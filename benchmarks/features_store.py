"""Jobs on sightings kept sorted on disk, as the store keeps them: one job per process, one JSON line.

The synthetic store has both parties, all kinds of the vocabulary, codes, incidents of several records, late recording,
withdrawals, stays and orders with ends, and events known in advance. Persons meet within blocks, so that it is written
in pieces.

    python -P benchmarks/features_store.py make-counts-M|make-counts-L|make-L|make-national|make-one FOLDER
    python -P benchmarks/features_store.py counts-M|counts-L|whole-L|national|one FOLDER
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from features import Catalogue, Definition, build, build_to, load_catalogue
from features.arrays import sightings_from
from threat.asof import DAY, NEVER
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.vocabulary import kinds

START, SPAN, SEED = 1_325_376_000, 3_650 * DAY, 7
"""First instant of the synthetic records (2012-01-01) and their length."""

BLOCK = 50_000
STORES = {"L": (500_000, 25_000_000, 1_000_000), "national": (6_000_000, 14_000_000, 4_000_000), "one": (2, 200, 1)}
"""Persons, events, relationships asked about."""

_SHARED = ("code_names", "source_names", "history_start")
_KINDS = list(kinds().values())
COUNTED = [kind for kind in _KINDS if not kind.known_in_advance][:24]
_CODES = tuple(sorted({code for kind in _KINDS for code in kind.codes}))


def block(random: np.random.Generator, persons: int, events: int, asked: int) -> tuple[Sightings, np.ndarray]:
    """Sightings of one block of persons 0 to persons - 1, and pairs (subject, person at risk) asked about."""
    pairs = max(1, min(4 * asked, 4 * persons))
    subject = random.integers(0, persons, pairs)
    at_risk = (subject + 1 + random.integers(0, max(1, min(40, persons - 1)), pairs)) % persons
    weight = random.gamma(0.5, 1, pairs)
    pair = random.choice(pairs, events, p=weight / weight.sum())
    read = np.array([kind.number for kind in _KINDS if kind.theme != "record_keeping"])
    zipf = 1 / np.arange(1, len(read) + 1) ** 0.8
    kind = read[random.permutation(len(read))][random.choice(len(read), events, p=zipf / zipf.sum())]
    about = np.array([k.about == "person" for k in _KINDS])[kind]
    ahead = np.array([k.known_in_advance for k in _KINDS])[kind]
    occurred = START + random.integers(0, SPAN // DAY, events) * DAY + random.integers(0, DAY, events)
    recorded = occurred + np.where(ahead, -30 * DAY, (random.geometric(0.2, events) - 1) * DAY // 2)
    themes = np.array([k.theme in ("custody", "order") for k in _KINDS])[kind]
    until = np.where(themes & (random.random(events) < 0.8), occurred + random.integers(1, 200, events) * DAY, NEVER)
    withdrawn = np.where(random.random(events) < 0.02, recorded + random.integers(1, 400, events) * DAY, NEVER)
    incident = np.where(random.random(events) < 0.4, np.maximum(np.arange(events) - 1, 0), np.arange(events))
    choices = [[_CODES.index(code) for code in k.codes] or [-1] for k in _KINDS]
    width = max(map(len, choices))
    table = np.array([[c[i % len(c)] for i in range(width)] for c in choices], np.int16)
    code = table[kind, random.integers(0, width, events)]
    has_other = random.random(events) < 0.9
    actor, other = subject[pair], np.where(has_other, at_risk[pair], NO_PERSON)
    second = ~about & has_other
    columns = {
        "event_id": np.arange(events),
        "incident_id": incident,
        "until": until,
        "visible_until": withdrawn,
        "value": random.normal(size=events).astype(np.float32),
        "code": code,
        "domestic": random.choice(3, events, p=[0.2, 0.7, 0.1]).astype(np.int8),
        "reported_by": random.integers(0, 6, events).astype(np.int8),
        "proactive": random.random(events) < 0.03,
    }
    store = sightings_from(
        np.concatenate([actor, other[second]]),
        np.concatenate([kind, kind[second]]).astype(np.int16),
        np.concatenate([occurred, occurred[second]]),
        np.concatenate([recorded, recorded[second]]),
        threads=2,
        code_names=_CODES,
        role=np.concatenate([np.where(about, ROLE_ABOUT, ROLE_SUBJECT), np.full(second.sum(), ROLE_AT_RISK)]).astype(
            np.int8
        ),
        counterpart=np.concatenate([np.where(about, NO_PERSON, other), actor[second]]),
        **{name: np.concatenate([column, column[second]]) for name, column in columns.items()},
    )
    chosen = random.choice(pairs, asked, replace=pairs < asked)
    return store, np.stack([subject[chosen], at_risk[chosen]], axis=1)


def make(name: str, folder: Path) -> None:
    """Write the store block by block: one ``.npy`` file per array of ``Sightings``, and ``pairs.npy``."""
    persons, events, asked = STORES[name]
    blocks = max(1, persons // BLOCK)
    random = np.random.default_rng(SEED)
    partial = folder / f"{name}.partial"
    partial.mkdir(parents=True)
    ids, offsets, pairs = [], [np.zeros(1, np.int64)], []
    files: dict[str, Any] = {}
    for number in range(blocks):
        store, some = block(random, persons // blocks, events // blocks, asked // blocks)
        base, first = sum(map(len, ids)), number * (persons // blocks)
        ids.append(store.persons + first)
        offsets.append(store.offsets[1:] + offsets[-1][-1])
        pairs.append(some + first)
        for field in fields(Sightings):
            if field.name in ("persons", "offsets", *_SHARED):
                continue
            column = getattr(store, field.name)
            if field.name == "counterpart":
                column = np.where(column >= 0, column + base, column).astype(column.dtype)
            if field.name in ("event_id", "incident_id"):
                column = column + number * (events // blocks)
            if field.name not in files:
                files[field.name] = (column.dtype, (partial / field.name).open("wb"))
            files[field.name][1].write(column.tobytes())
    offset = np.concatenate(offsets)
    for field_name, (dtype, file) in files.items():
        file.close()
        np.save(partial / f"{field_name}.npy", np.memmap(partial / field_name, dtype, "r", shape=(int(offset[-1]),)))
        (partial / field_name).unlink()
    np.save(partial / "persons.npy", np.concatenate(ids))
    np.save(partial / "offsets.npy", offset)
    np.save(partial / "pairs.npy", np.concatenate(pairs))
    partial.replace(folder / name)


def open_store(folder: Path) -> Sightings:
    """Return the arrays, memory-mapped."""
    arrays = {
        f.name: np.load(folder / f"{f.name}.npy", mmap_mode="r") for f in fields(Sightings) if f.name not in _SHARED
    }
    start = np.array([START], np.int64)
    return Sightings(**arrays, code_names=_CODES, source_names=("records",), history_start=start)


def rows_of(folder: Path, as_of: int | np.ndarray) -> Rows:
    """Return the pairs asked about, all at one as-of or each at its own."""
    pairs = np.load(folder / "pairs.npy").astype(np.int64)
    times = np.broadcast_to(np.asarray(as_of, np.int64), len(pairs)).copy()
    return Rows(np.arange(len(pairs)), pairs[:, 0].copy(), pairs[:, 1].copy(), times)


def make_counts(shape: str, folder: Path) -> None:
    """Sort the events of the rivals' shape once, and write them and their rows."""
    events = pq.read_table(folder / f"{shape}_events.parquet")
    numbers = np.array([kind.number for kind in COUNTED], np.int16)[events["kind"].to_numpy()]
    person, occurred, recorded = events["person"].to_numpy(), _seconds(events["occurred"]), _seconds(events["known"])
    store = sightings_from(person, numbers, occurred, recorded, threads=2)
    target = folder / f"counts-{shape}.partial"
    target.mkdir(parents=True)
    for field in fields(Sightings):
        if field.name not in _SHARED:
            np.save(target / f"{field.name}.npy", getattr(store, field.name))
    asked = pq.read_table(folder / f"{shape}_rows.parquet")
    np.save(target / "pairs.npy", np.stack([asked["person"].to_numpy(), np.full(len(asked), NO_PERSON)], axis=1))
    np.save(target / "as_of.npy", _seconds(asked["as_of"]))
    target.replace(folder / f"counts-{shape}")


def _seconds(column: Any) -> np.ndarray:
    return column.cast("int32").to_numpy().astype(np.int64) * DAY


def counted() -> Catalogue:
    """Return the catalogue of the 96 counts."""
    words = {"theme": "t", "sentence": "s", "source": "s", "unit": "u", "missing": "m", "scope": "about_subject"}
    return Catalogue(
        tuple(
            Definition(name=f"n_{kind.name}_{d}", statistic="count", kinds=(kind.name,), window_days=d, **words)
            for kind in COUNTED
            for d in (30, 90, 365, 3650)
        )
    )


def counts(shape: str, folder: Path) -> dict[str, Any]:
    """Time the fold alone: 96 counts of the rivals' shape, its arrays kept sorted."""
    folder = folder / f"counts-{shape}"
    catalogue = counted()
    store, rows = open_store(folder), rows_of(folder, np.load(folder / "as_of.npy"))
    _warm(store, rows, catalogue)
    return _timed(lambda: build(store, rows, catalogue).values)


def whole(folder: Path) -> dict[str, Any]:
    """1 M relationships on random days, the shipped catalogue."""
    store = open_store(folder / "L")
    random = np.random.default_rng(SEED)
    rows = rows_of(folder / "L", START + random.integers(2 * 365, 3_650, STORES["L"][2]) * DAY)
    _warm(store, rows, load_catalogue())
    return _timed(lambda: build(store, rows).values)


def national(folder: Path) -> dict[str, Any]:
    """4 M relationships at one as-of, the shipped catalogue, written to disk in chunks."""
    store = open_store(folder / "national")
    rows = rows_of(folder / "national", START + SPAN)
    _warm(store, rows, load_catalogue())
    target = folder / "national_matrix.npy"
    result = _timed(lambda: build_to(target, store, rows).values, check=False)
    return result | {"written_mb": target.stat().st_size / 1e6}


def one_relationship(folder: Path) -> dict[str, Any]:
    """Time a relationship with 200 events now, as a server thread asks: arrays open, code loaded."""
    store = open_store(folder / "one")
    rows = rows_of(folder / "one", START + SPAN)
    times, cpu = [], []
    for _ in range(1_020):
        started, busy = time.perf_counter(), time.thread_time()
        build(store, rows, parallel=False)
        times.append(time.perf_counter() - started)
        cpu.append(time.thread_time() - busy)
    p50, p95, p99 = np.percentile(times[20:], [50, 95, 99]) * 1e3
    events = int(store.offsets[-1])
    out = {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "cpu_p95_ms": np.percentile(cpu[20:], 95) * 1e3}
    return out | {"definitions": len(load_catalogue()), "sightings": events}


def _warm(store: Sightings, rows: Rows, catalogue: Catalogue) -> None:
    build(store, Rows(*(getattr(rows, f.name)[:1] for f in fields(Rows))), catalogue)


def _timed(job: Any, *, check: bool = True) -> dict[str, Any]:
    started, cpu = time.perf_counter(), time.process_time()
    values = job()
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    out = {"wall": wall, "cpu": cpu, "rows": values.shape[0], "definitions": values.shape[1]}
    return out | ({"sum": float(np.nansum(values, dtype=np.float64))} if check else {})


JOBS = {
    "counts-M": lambda folder: counts("M", folder),
    "counts-L": lambda folder: counts("L", folder),
    "whole-L": whole,
    "national": national,
    "one": one_relationship,
}


def main(job: str, folder: Path) -> None:
    if job.startswith("make-"):
        name = job.removeprefix("make-")
        make(name, folder) if name in STORES else make_counts(name.removeprefix("counts-"), folder)
        return
    result = JOBS[job](folder) | {"job": job, "load": os.getloadavg()[0]}
    print(json.dumps(result | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
