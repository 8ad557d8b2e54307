"""What an entry of the audit log costs, and how long a read waits for a writer: three ways to keep the database.

``python benchmarks/audit_log.py`` prints one table. *Before* is SQLite with a rollback journal and the one lock for
reads too, as the desk had it; the others are what the product uses now. The three take turns in each round, so that
other work on the machine falls on all of them. The server is one of its own, from the packages of the machine, with the
settings it comes with; ``--database URL`` measures another.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, create_engine, event, select

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fixtures.postgresql_server import binaries, running

from serving.audit.log import Entry, append, record
from serving.identity.tables import OPEN_NAMES
from serving.storage import address_of, connect, reading, writing

AT = 1_700_000_000
READ = Entry("Test", "reviewer", "consultation", "view relationship", "R-0123456789abcdef", session="0" * 16)
THREADS, ENTRIES_OF_A_THREAD, HELD = 10, 10, 0.05
"""``HELD``: seconds that a writer keeps its transaction open while others read."""

Measure = Callable[[Engine], list[float]]


class NoTurns:
    """Before, who wrote next was for SQLite to say."""

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()


def as_before(path: Path) -> Engine:
    """The database as the desk opened it before: every transaction begins with the write lock."""
    connect(path).dispose()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
    options = {"address": address_of(path.parent, path), "turns": NoTurns()}
    arguments = {"timeout": 30, "check_same_thread": False}
    engine = create_engine(f"sqlite:///{path}", connect_args=arguments, execution_options=options)

    @event.listens_for(engine, "connect")
    def _settle(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def one_entry(engine: Engine, count: int = 50) -> list[float]:
    """Seconds of an entry in a transaction of its own, with its line of the witness."""
    return [timed(lambda: record(engine, READ, AT)) for _ in range(count)]


def five_entries(engine: Engine, count: int = 30) -> list[float]:
    """Seconds of five entries in one transaction."""

    def act() -> None:
        with writing(engine) as connection:
            for _ in range(5):
                append(connection, READ, AT)

    return [timed(act) for _ in range(count)]


def one_read(engine: Engine) -> None:
    """What every page asks: are names open in this session?"""
    with reading(engine) as connection:
        connection.execute(select(OPEN_NAMES).where(OPEN_NAMES.c.session_id == "a")).first()


def a_read_alone(engine: Engine, count: int = 100) -> list[float]:
    """Seconds of a read while nobody writes."""
    return [timed(lambda: one_read(engine)) for _ in range(count)]


@contextmanager
def written_to(engine: Engine, act: Callable[[], None]) -> Iterator[None]:
    """A thread that writes again and again while the block lasts."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            act()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def a_read_beside_entries(engine: Engine, count: int = 60) -> list[float]:
    """Seconds of a read while another thread writes one entry after the other."""
    with written_to(engine, lambda: record(engine, READ, AT)):
        return [timed(lambda: one_read(engine)) for _ in range(count)]


def a_read_beside_a_long_act(engine: Engine, count: int = 20) -> list[float]:
    """Seconds of a read while another thread keeps its transaction open for ``HELD`` seconds, and is quiet as long."""

    def act() -> None:
        with writing(engine) as connection:
            append(connection, READ, AT)
            time.sleep(HELD)
        time.sleep(HELD)  # without a pause SQLite, whose waiters ask again and do not queue, lets no read of before in

    seconds = []
    with written_to(engine, act):
        for _ in range(count):
            time.sleep(HELD / 5)
            seconds.append(timed(lambda: one_read(engine)))
    return seconds


def ten_threads(engine: Engine) -> list[float]:
    """Seconds of each entry while ten threads write; the sum over the entries of a thread is its wall time."""
    start, seconds = threading.Barrier(THREADS), []

    def write() -> None:
        start.wait()
        seconds.extend(timed(lambda: record(engine, READ, AT)) for _ in range(ENTRIES_OF_A_THREAD))

    threads = [threading.Thread(target=write) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


MEASURES: dict[str, Measure] = {
    "one entry, with its line of the witness": one_entry,
    "five entries in one transaction": five_entries,
    "one entry, ten threads at once": ten_threads,
    "a read, nobody writes": a_read_alone,
    "a read beside a thread of entries": a_read_beside_entries,
    f"a read beside acts of {HELD * 1000:.0f} ms": a_read_beside_a_long_act,
}


def measured(engines: dict[str, Engine], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds by measure and kind; the kinds take turns in each round."""
    seconds: dict[str, dict[str, list[float]]] = {name: {kind: [] for kind in engines} for name in MEASURES}
    for engine in engines.values():
        one_entry(engine, 20)  # opened, compiled, warm
    for _ in range(rounds):
        for name, measure in MEASURES.items():
            for kind, engine in engines.items():
                seconds[name][kind] += measure(engine)
    return seconds


def table(seconds: dict[str, dict[str, list[float]]]) -> str:
    """A row a measure and kind: how often, the quantiles in milliseconds, and for entries how many a second."""
    lines = [
        "| what | database | n | median ms | 95 % ms | 99 % ms | most ms | a second |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, by_kind in seconds.items():
        for kind, values in by_kind.items():
            middle, late, latest = (1000 * np.quantile(values, quantile) for quantile in (0.5, 0.95, 0.99))
            at_once = {"one entry, ten threads at once": THREADS, "five entries in one transaction": 5}.get(name, 1)
            rate = f"{at_once * len(values) / sum(values):,.0f}"
            figures = f"{middle:.1f} | {late:.1f} | {latest:.1f} | {1000 * max(values):.1f}"
            lines.append(f"| {name} | {kind} | {len(values)} | {figures} | {rate} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; otherwise one of the system's own")
    parser.add_argument("--database", help="URL of a PostgreSQL server; otherwise one is started")
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="threat-audit-log-", dir=asked.folder)))
        url = asked.database or stack.enter_context(of_its_own())
        engines = {
            "before: rollback journal, reads take the lock": as_before(folder / "before.sqlite"),
            "SQLite, write-ahead log": connect(folder / "desk.sqlite"),
            "PostgreSQL": connect(address_of(folder, url)),
        }
        load = os.getloadavg()[0]
        seconds = measured(engines, asked.rounds)
        print(f"Load average {load:.1f} to {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n\n{table(seconds)}")
        for engine in engines.values():
            engine.dispose()


@contextmanager
def of_its_own() -> Iterator[str]:
    """The URL of a new database on a server of the machine's packages, with the settings it comes with."""
    programs = binaries()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql, or --database URL")
    folder = Path(tempfile.mkdtemp(prefix="threat-benchmark-"))
    try:
        with running(programs, folder, {}) as server:
            server.run("CREATE DATABASE desk")
            yield server.url("desk")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
