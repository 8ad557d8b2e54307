"""What checking a store costs: hashing, opening a snapshot, opening its arrays, appending a batch.

``python benchmarks/integrity.py STORE`` reads a store and prints a table; the store is copied, never changed. CPU
seconds of the process are the least of three runs, because other work on the machine does not count into them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq

from threat.history import Batch, Store
from threat.trust.folder import Trust

REPEATS = 3
_BYTES = 1 << 27


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return the least wall and CPU seconds of several runs."""
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def hashing() -> None:
    """Print how fast 128 MB are hashed, and read."""
    data = os.urandom(_BYTES)
    pieces = [memoryview(data)[at : at + (1 << 24)] for at in range(0, _BYTES, 1 << 24)]
    for name in ("sha256", "blake2b"):
        wall, _ = seconds(lambda name=name: hashlib.new(name, data).digest())
        print(f"| {name}, one thread | {_BYTES / wall / 1e9:.2f} GB/s |")
    with ThreadPoolExecutor(2) as pool:
        wall, _ = seconds(lambda: list(pool.map(lambda piece: hashlib.sha256(piece).digest(), pieces)))
    print(f"| sha256, two threads | {_BYTES / wall / 1e9:.2f} GB/s |")


def store_of(path: Path) -> None:
    """Print what opening, deriving and appending cost, for a copy of a store, unsigned."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["THREAT_CACHE"] = f"{folder}/cache"
        copy = Path(shutil.copytree(path, Path(folder) / "store", ignore=shutil.ignore_patterns("derived")))
        trust = Trust.none()
        size = sum(file.stat().st_size for file in copy.glob("parts/*/*")) / 1e6
        store = Store.open(copy, trust)
        events = store.snapshot().row_count("events")

        def forgotten() -> None:
            shutil.rmtree(os.environ["THREAT_CACHE"], ignore_errors=True)
            Store.open(copy, trust).snapshot()

        print(f"| parts of the store | {size:.1f} MB, {events:,} events |")
        for name, work in (
            ("open, files not checked", lambda: Store.open(copy, trust).snapshot(check=False)),
            ("open, every file hashed", forgotten),
            ("open, files known", lambda: Store.open(copy, trust).snapshot()),
            ("verify in full: every row", lambda: Store.open(copy, trust).verify(full=True)),
        ):
            wall, cpu = seconds(work)
            print(f"| {name} | {wall:.3f} s, CPU {cpu:.3f} s |")
        started = time.process_time()
        Store.open(copy, trust).snapshot().sightings()
        print(f"| build the arrays | CPU {time.process_time() - started:.3f} s |")
        arrays = sum(file.stat().st_size for file in copy.glob("derived/*/*/*")) / 1e6

        def arrays_forgotten() -> None:
            shutil.rmtree(os.environ["THREAT_CACHE"], ignore_errors=True)
            Store.open(copy, trust).snapshot(check=False).sightings()

        wall, cpu = seconds(arrays_forgotten)
        print(f"| open the arrays, every file hashed ({arrays:.1f} MB) | {wall:.3f} s, CPU {cpu:.3f} s |")
        wall, cpu = seconds(lambda: Store.open(copy, trust).snapshot(check=False).sightings())
        print(f"| open the arrays, files known | {wall:.3f} s, CPU {cpu:.3f} s |")
        tables = {
            name: pq.read_table(copy / part[0])
            for name, parts in store.entries()[0].parts.items()
            for part in parts[:1]
        }
        number = iter(range(REPEATS))

        def append() -> None:
            Store.create(f"{folder}/new{next(number)}", trust).append(Batch("benchmark", loaded_at=0), tables)

        wall, cpu = seconds(append)
        print(f"| append the first batch | {wall:.3f} s, CPU {cpu:.3f} s |")


if __name__ == "__main__":
    print("| what | cost |\n|---|---|")
    hashing()
    store_of(Path(sys.argv[1]))
