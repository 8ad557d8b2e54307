"""A synthetic force: settings in; the seven tables, and separately the truth, out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat import untrusted
from threat.asof import DAY, instant, seconds, show
from threat.errors import UsageError
from threat.files import move_into_place, write_whole
from threat.history.batches import Batch
from threat.history.store import Store
from threat.simulation import parameters
from threat.simulation.knobs import Knobs
from threat.simulation.records import event_rows, recording, tables
from threat.simulation.records.relationship_rows import first_versions
from threat.simulation.world import life, population
from threat.simulation.world.output import USED, Output
from threat.simulation.world.run import Span
from threat.simulation.world.states import RAW, Clusters
from threat.simulation.world.treatment import potential_outcomes

_LONGEST = 50
"""Years of records at most, at first and added at once: birth years have a table of fixed length."""
_ROWS_PER_RELATION, _SPARE_ROWS = 24, 1000
"""Room for raw rows that nearly every block fits in: a block that does not is run twice."""

_OFFENCE_TABLES = ("share", "separated", "control", "family", "severity", "grave", "grave_family", "deadly")


@dataclass(frozen=True, slots=True)
class Settings:
    """What to simulate.

    ``end``: aware datetime up to which the force is first made (a synthetic force has no today); ``until``: the later
    instant that a continued force has reached.
    """

    relationships: int = 65_000
    years: float = 8.0
    seed: int = 7
    end: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    until: datetime | None = None
    knobs: Knobs = field(default_factory=Knobs)

    @property
    def epoch(self) -> int:
        """First second of the records."""
        return seconds(self.end) - int(self.years * population.DAYS_PER_YEAR * DAY)

    @property
    def now(self) -> int:
        """Instant up to which there are records."""
        return seconds(self.end if self.until is None else self.until)

    @property
    def days(self) -> float:
        """Length of the records in days."""
        return (self.now - self.epoch) / DAY


@dataclass(frozen=True, slots=True)
class Block:
    """One block of first contacts: history tables and truth tables."""

    history: dict[str, pa.Table]
    truth: dict[str, pa.Table]


def plan(settings: Settings) -> list[tuple[int, int]]:
    """Return (number, clusters) of every block of first contacts. Raises UsageError for settings that make no force.

    A block's content depends on the seed, its number and its size only: a longer span adds blocks and changes none.
    """
    if settings.relationships < 1 or not 0 < settings.years <= _LONGEST:
        raise UsageError(
            "The force would have no relationship, no time or too much of it.",
            value=f"{settings.relationships} relationships, {settings.years:g} years",
            way_out=f"1 relationship or more, and above 0 to {_LONGEST} years",
        )
    p = parameters.values("population")
    size, warm = float(p["block_days"]), float(p["warm_up"])
    first, last = -int(np.ceil(warm / size)), int(np.ceil(settings.days / size))
    # Relationships of the warm-up are kept only when something is recorded later; the density is that of the span.
    clusters = settings.relationships / p["relations_per_cluster"] / p["kept_share"]
    per_block = clusters / (settings.years * population.DAYS_PER_YEAR + warm * p["warm_kept"]) * size
    edges = [int(per_block * (i - first)) for i in range(first, last + 1)]
    return [(i, edges[i - first + 1] - edges[i - first]) for i in range(first, last)]


def blocks(settings: Settings, since: int | None = None) -> Iterator[Block]:
    """Yield the force, block by block of first contacts."""
    for number, n in plan(settings):
        if n:
            yield block(settings, number, n, since)


def block(settings: Settings, number: int, n: int, since: int | None = None) -> Block:
    """Return a block's records (from ``since`` on) and truth."""
    with parameters.of_world(settings.knobs.world):
        return _block(settings, number, n, since)


def _block(settings: Settings, number: int, n: int, since: int | None) -> Block:
    people = draw(settings, number, n)
    knobs = settings.knobs
    rows = run(people, settings, knobs.overrides(settings.epoch))
    columns = recording.record(people, rows, settings.epoch, settings.days, knobs)
    span = tables.Span(settings.epoch, settings.epoch if since is None else since, settings.now)
    history, truth = tables.tables(people, columns, rows, span, knobs.duplicates)
    if knobs.reviewed:
        without = run(people, settings, knobs.untreated().overrides(settings.epoch))
        truth["plans"] = potential_outcomes(people, rows, without, settings.epoch, settings.days)
    return Block(history, truth)


def draw(settings: Settings, number: int, n: int) -> population.Population:
    """Return the people of a block."""
    size = float(parameters.values("population")["block_days"])
    start_year = settings.end.year - int(settings.years)
    with parameters.of_world(settings.knobs.world):
        return population.draw(population.ContactBlock(settings.seed, number, n, number * size, size, start_year))


def months(settings: Settings) -> NDArray[np.float64]:
    """Return month starts (UTC) in days of the force, from the beginning of the warm-up to the end of the records."""
    warm = int(parameters.values("population")["warm_up"])
    first = np.datetime64(instant(settings.epoch - warm * DAY).strftime("%Y-%m"))
    last = np.datetime64(instant(settings.now).strftime("%Y-%m"))
    starts = np.arange(first, last + np.timedelta64(1, "M")).astype("datetime64[s]").astype(np.int64)
    return (starts - settings.epoch) / DAY


def clusters(people: population.Population) -> Clusters:
    """Return the clusters of a block in their first state; a run changes them in place."""
    return Clusters(
        people.subjects.copy(),
        people.relations.copy(),
        people.subject_offsets,
        people.relation_offsets,
        people.keys,
    )


def path(settings: Settings) -> Span:
    """Return the span of the force's own path, from the beginning of the warm-up on."""
    return Span(-float(parameters.values("population")["warm_up"]), settings.days, months(settings))


def run(
    people: population.Population, settings: Settings, overrides: dict[str, float] | None = None
) -> NDArray[np.void]:
    """Return the raw rows of a block's clusters, in order of cluster and time of decision."""
    record = parameters.mechanism(overrides)
    offences, span = offence_tables(), path(settings)
    capacity = _ROWS_PER_RELATION * len(people.relations) + _SPARE_ROWS
    while True:
        output = Output(np.zeros(capacity, RAW), np.zeros(5, np.int64))
        life.run_all(record, offences, clusters(people), span, output)
        used = int(output.cursor[USED])
        if used <= capacity:
            return output.rows[:used]
        capacity = used


def offence_tables() -> Any:
    """Return the offence weights, one row per name of ``_OFFENCE_TABLES``."""
    numbers = parameters.values("offences")
    out = np.zeros((len(_OFFENCE_TABLES), 16))
    for i, name in enumerate(_OFFENCE_TABLES):
        out[i, : len(numbers[name])] = numbers[name]
    return out


def simulate(settings: Settings) -> dict[str, pa.Table]:
    """Return the history's tables (``threat.history.schema``), all in memory, without ``batches``."""
    parts = [block.history for block in blocks(settings)]
    return {name: pa.concat_tables([part[name] for part in parts]).unify_dictionaries() for name in parts[0]}


def write(settings: Settings, out: Path, advance: Callable[[float], None] = lambda amount: None) -> dict[str, Any]:
    """Write the force, ``out/history`` (a store) and ``out/truth`` (Parquet), and return counts.

    Memory holds one block at a time. Raises UsageError when ``out`` already holds a history.
    """
    return _append(Store.create(Path(out) / "history"), settings, settings.epoch, Path(out), advance)


def carry_on(out: Path, days: float, advance: Callable[[float], None] = lambda amount: None) -> dict[str, Any]:
    """Append what is recorded in the next ``days`` to the force in ``out``, rewrite its truth, and return counts.

    The rows are those that a longer force of the same seed would hold. Raises UsageError when there is no force.
    """
    if not 0 < days <= _LONGEST * population.DAYS_PER_YEAR:
        raise UsageError(
            f"--advance needs a span above 0 days and at most {_LONGEST} years; got {days:g} days.",
            way_out="for example --advance 1d",
        )
    settings = read_settings(out)
    later = replace(settings, until=instant(settings.now + int(days * DAY)))
    return _append(Store.open(Path(out) / "history"), later, settings.now, Path(out), advance)


def _append(
    store: Store, settings: Settings, since: int, out: Path, advance: Callable[[float], None]
) -> dict[str, Any]:
    truth = out / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    new_relationships = 0
    files: dict[str, pq.ParquetWriter] = {}
    starts = zip(event_rows.SOURCES, tables.history_start(), strict=True)
    batch = Batch(
        profile="simulation",
        loaded_at=settings.now,
        feed_lag_seconds=int(parameters.values("recording")["feed_lag"]),
        legal_basis="synthetic: no living person",
        history_start={name: settings.epoch + int(offset) for name, offset in starts},
        # Every feed of the force is whole up to its end: a feed without a record in the last days was quiet.
        covers_until=dict.fromkeys(event_rows.SOURCES, settings.now),
    )
    try:
        with store.writer(batch) as writer:
            for part in blocks(settings, since):
                for name, table in part.history.items():
                    counts[name] = counts.get(name, 0) + table.num_rows
                    if name == "relationships":
                        new_relationships += first_versions(table)
                    if table.num_rows:
                        writer.write(name, table)
                for name, table in part.truth.items():
                    if name not in files:
                        files[name] = pq.ParquetWriter(truth / f"{name}.parquet.new", table.schema)
                    files[name].write_table(table)
                advance(1.0)
    finally:
        for file in files.values():
            file.close()
    for name in files:
        move_into_place(truth / f"{name}.parquet.new", truth / f"{name}.parquet", synced=False)
    _write_settings(settings, out)
    return {
        "history": str(out / "history"),
        "truth": str(truth),
        "seed": settings.seed,
        "from": show(settings.epoch if since == settings.epoch else since),
        "to": show(settings.now),
        "relationships": new_relationships,
        "rows": counts,
    }


def block_count(settings: Settings) -> int:
    """Return the number of blocks of a force, for a progress bar."""
    return len(plan(settings))


def _write_settings(settings: Settings, out: Path) -> None:
    """Write the settings into the folder of the truth, because the knobs are part of it."""
    document = asdict(settings)
    text = json.dumps(document, default=lambda when: when.isoformat(), indent=1)
    write_whole(Path(out) / "truth" / "force.json", text)


_TEXT_OR_NULL = (str, type(None))
_WRITTEN: untrusted.Fields = {
    "relationships": int,
    "years": (int, float),
    "seed": int,
    "end": str,
    "until": _TEXT_OR_NULL,
    "knobs": dict,
}


def read_settings(out: Path) -> Settings:
    """Return the settings of the force in ``out``. Raises UsageError when there is none."""
    path = Path(out) / "truth" / "force.json"
    try:
        document = untrusted.decode_object(untrusted.read(path), _WRITTEN)
        knobs = document.pop("knobs")
        for part, names in ((document, ("end", "until")), (knobs, ("drift_at",))):
            for name in names:
                part[name] = None if part[name] is None else datetime.fromisoformat(part[name])
        return Settings(**document, knobs=Knobs(**knobs))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            "There is no synthetic force in this folder.",
            value=error,
            where=str(path),
            way_out="make one: threat simulate --out DIR",
        ) from None


def preset(name: str) -> Settings:
    """Return the settings of a named force. Raises UsageError for a name that has none."""
    presets = parameters.values("presets")
    if name not in presets:
        raise UsageError(f"There is no force named {name!r}.", way_out=f"use {', '.join(presets)}")
    return Settings(**presets[name])
