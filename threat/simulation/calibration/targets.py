"""The published figures of ``targets.csv`` beside what the simulation shows, over seeds."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from threat.errors import UsageError
from threat.simulation.calibration.measures import Measured, measure
from threat.simulation.force import Settings, simulate

BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"


@dataclass(frozen=True, slots=True)
class Target:
    """A published figure: its value, what the simulated mean may be, if the source is weak, and the source."""

    name: str
    title: str
    unit: str
    target: float
    low: float
    high: float
    weak: bool
    source: str


@dataclass(frozen=True, slots=True)
class Found:
    """A target with the simulated value of each seed."""

    target: Target
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the seeds that have a value; NaN when none has."""
        known = [value for value in self.values if not math.isnan(value)]
        return float(np.mean(known)) if known else math.nan

    @property
    def within(self) -> bool:
        """True when the mean lies in the tolerance."""
        return self.target.low <= self.mean <= self.target.high


def targets() -> list[Target]:
    """The rows of ``targets.csv``."""
    text = files("threat.simulation.calibration").joinpath("targets.csv").read_text(encoding="utf-8")
    return [
        Target(
            row["name"],
            row["title"],
            row["unit"],
            float(row["target"]),
            float(row["low"]),
            float(row["high"]),
            row["weak"] == "yes",
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    ]


def measure_one(settings: Settings) -> dict[str, float]:
    """Every figure of one force."""
    tables = simulate(settings)
    sex = tables["protected"].to_pandas()
    sex = sex[sex["characteristic"] == "sex"].drop_duplicates("person_id").set_index("person_id")["code"] == "female"
    return measure(Measured.of(tables, settings.epoch, settings.now), sex)


def calibrate(
    settings: Settings, seeds: Sequence[int], advance: Callable[[float], None] = lambda amount: None
) -> list[Found]:
    """Measure every target on one force per seed."""
    each: list[dict[str, float]] = []
    for seed in seeds:
        each.append(measure_one(replace(settings, seed=seed)))
        advance(1.0)
    return [Found(target, tuple(values[target.name] for values in each)) for target in targets()]


def markdown(found: Sequence[Found], settings: Settings) -> str:
    """The table of ``docs/simulation.md``."""
    held = sum(item.within for item in found)
    lines = [
        f"{len(found)} figures, {held} within tolerance; mean over {len(found[0].values)} forces of "
        f"{settings.relationships:,} relationships and {settings.years:g} years. **Weak**: the published figure is "
        "uncertain, comes from another population, or is a judgement; its tolerance is wide.",
        "",
        "| figure | unit | target | simulated | range over seeds | tolerance | held | weak | source |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for item in found:
        t = item.target
        known = [value for value in item.values if not math.isnan(value)]
        spread = f"{_number(min(known))} to {_number(max(known))}" if known else "not measured"
        lines.append(
            f"| {t.title} | {t.unit} | {_number(t.target)} | {_number(item.mean)} | {spread} | "
            f"{_number(t.low)} to {_number(t.high)} | {'yes' if item.within else '**no**'} | "
            f"{'weak' if t.weak else ''} | {t.source} |"
        )
    return "\n".join(lines)


def write_table(path: Path, table: str) -> None:
    """Replace what stands between the two marks of a page. Raises UsageError when they are not there."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    head, mark, rest = text.partition(BEGIN)
    _, other, tail = rest.partition(END)
    if not mark or not other:
        raise UsageError(
            "The page has no place for the table.", where=str(path), way_out=f"put {BEGIN} and {END} in it"
        )
    path.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", encoding="utf-8")


def as_rows(found: Sequence[Found]) -> list[dict[str, Any]]:
    """For ``--json``."""
    return [
        {
            "name": item.target.name,
            "target": item.target.target,
            "simulated": None if math.isnan(item.mean) else item.mean,
            "low": item.target.low,
            "high": item.target.high,
            "within": item.within,
            "weak": item.target.weak,
            "source": item.target.source,
        }
        for item in found
    ]


def _number(value: float) -> str:
    if math.isnan(value):
        return "not measured"
    return f"{value:.4f}" if abs(value) < 0.01 and value else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
