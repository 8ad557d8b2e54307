"""The published figures of ``targets.csv`` compared with what the simulation shows, over seeds."""

from __future__ import annotations

import csv
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from threat.errors import UsageError
from threat.simulation.calibration.frames import ForceRecords
from threat.simulation.calibration.measures import measure
from threat.simulation.force import Settings, simulate

BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"
_PAGE_WIDTH = 100
"""Characters of a line of prose in ``docs``."""


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
class Comparison:
    """A target with the simulated value of each seed.

    >>> target = Target("charged", "Crimes charged", "share", 0.09, 0.07, 0.125, True, "[V S91]")
    >>> Comparison(target, (0.10, 0.12)).within, Comparison(target, (0.12, 0.14)).within
    (True, False)
    """

    target: Target
    values: tuple[float, ...]

    @property
    def measured(self) -> list[float]:
        """The values of the seeds that have one."""
        return [value for value in self.values if not math.isnan(value)]

    @property
    def mean(self) -> float:
        """Mean over the seeds that have a value; NaN when none has."""
        return float(np.mean(self.measured)) if self.measured else math.nan

    @property
    def within(self) -> bool:
        """True when the mean is within the tolerance, its ends included."""
        return self.target.low <= self.mean <= self.target.high


def targets() -> list[Target]:
    """Return the rows of ``targets.csv``."""
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


def measure_force(settings: Settings) -> dict[str, float]:
    """Simulate one force and return every figure of it by name."""
    tables = simulate(settings)
    sex = tables["protected"].to_pandas()
    sex = sex[sex["characteristic"] == "sex"].drop_duplicates("person_id").set_index("person_id")["code"] == "female"
    return measure(ForceRecords.of(tables, settings.epoch, settings.now), sex)


def calibrate(
    settings: Settings, seeds: Sequence[int], advance: Callable[[float], None] = lambda amount: None
) -> list[Comparison]:
    """Measure every target on one force per seed and return the comparisons."""
    figures: list[dict[str, float]] = []
    for seed in seeds:
        figures.append(measure_force(replace(settings, seed=seed)))
        advance(1.0)
    return [Comparison(target, tuple(values[target.name] for values in figures)) for target in targets()]


def markdown(comparisons: Sequence[Comparison], settings: Settings) -> str:
    """Return the table of ``docs/simulation.md`` with the sentence above it."""
    within = sum(comparison.within for comparison in comparisons)
    sentence = (
        f"{len(comparisons)} figures, {within} within tolerance; mean over {len(comparisons[0].values)} forces of "
        f"{settings.relationships:,} relationships and {settings.years:g} years. **Weak**: the published figure is "
        "uncertain, comes from another population, or is a judgement; its tolerance is wide."
    )
    lines = [
        *textwrap.wrap(sentence, _PAGE_WIDTH, break_on_hyphens=False),
        "",
        "| figure | unit | target | simulated | range over seeds | tolerance | within | weak | source |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for comparison in comparisons:
        target, measured = comparison.target, comparison.measured
        spread = f"{_number(min(measured))} to {_number(max(measured))}" if measured else "not measured"
        lines.append(
            f"| {target.title} | {target.unit} | {_number(target.target)} | {_number(comparison.mean)} | {spread} | "
            f"{_number(target.low)} to {_number(target.high)} | {'yes' if comparison.within else '**no**'} | "
            f"{'weak' if target.weak else ''} | {target.source} |"
        )
    return "\n".join(lines)


def write_table(path: Path, table: str) -> None:
    """Replace what is between the two marks of a page. Raises UsageError for a page without them."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise UsageError(
            "The page has no place for the calibration table.", where=str(path), way_out=f"put {BEGIN} and {END} in it"
        )
    path.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", encoding="utf-8")


def as_rows(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return the comparisons for ``--json``."""
    return [
        {
            "name": comparison.target.name,
            "target": comparison.target.target,
            "simulated": None if math.isnan(comparison.mean) else comparison.mean,
            "low": comparison.target.low,
            "high": comparison.target.high,
            "within": comparison.within,
            "weak": comparison.target.weak,
            "source": comparison.target.source,
        }
        for comparison in comparisons
    ]


def _number(value: float) -> str:
    if math.isnan(value):
        return "not measured"
    return f"{value:.4f}" if abs(value) < 0.01 and value else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
