"""Harm days per kind, from ``harm.csv``: an index and a version, and for every value where it comes from.

The values shipped are ours and approximate: each is one statistic of the published sub-group ("band") its kind falls
in, because the item-level table of the index is not ours to ship. A force loads the official file. An index of
sentencing is not an index of harm: it ranks stalking and control low, so it serves to describe outcomes, never to weigh
control.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from threat.errors import BadInput, ThreatError, raise_all
from threat.vocabulary import kinds


@dataclass(frozen=True, slots=True)
class Harm:
    """Days of one kind. ``statistic`` of the band (min, low, median, mean, max; ``low`` is the geometric mean of min
    and median; ``floor`` and ``official`` are outside a band) gave ``days``.
    """

    kind: str
    days: float
    index: str
    version: str
    approximate: bool
    band: str
    statistic: str
    band_min: float
    band_median: float
    band_mean: float
    band_max: float
    source: str


@cache
def table() -> dict[str, Harm]:
    """Return harm by kind. Raises BadInput, with every problem, when the file is wrong."""
    return read(files("threat").joinpath("harm.csv").read_text(encoding="utf-8"))


def days_of(kind: str) -> float:
    """Return the harm days of one event of a kind; 0 for a kind without any."""
    harm = table().get(kind)
    return harm.days if harm else 0.0


@cache
def days_by_number() -> NDArray[np.float64]:
    """Return harm days by ``Kind.number``, float64[number of kinds]; read-only."""
    out = np.array([days_of(name) for name in kinds()], dtype=np.float64)
    out.setflags(write=False)
    return out


def read(text: str) -> dict[str, Harm]:
    """Read and check the text of a harm file.

    Raises BadInput, with every problem, unless kinds are known and once each, every crime is there, index and version
    are the same throughout, and days are not negative, within the band and equal to the statistic named.
    """
    problems: list[ThreatError] = []
    out: dict[str, Harm] = {}
    for line, row in enumerate(csv.DictReader(text.splitlines()), 2):
        where = f"harm.csv, line {line}"
        try:
            item = Harm(
                kind=row["kind"],
                days=float(row["days"]),
                index=row["index"],
                version=row["version"],
                approximate={"yes": True, "no": False}[row["approximate"]],
                band=row["band"],
                statistic=row["statistic"],
                band_min=float(row["band_min"]),
                band_median=float(row["band_median"]),
                band_mean=float(row["band_mean"]),
                band_max=float(row["band_max"]),
                source=row["source"],
            )
        except (KeyError, ValueError, TypeError) as error:
            problems.append(
                BadInput("This row of harm cannot be read.", value=error, where=where, way_out="see docs/data.md")
            )
            continue
        if item.kind not in kinds():
            problems.append(BadInput("Harm for an unknown kind.", value=item.kind, where=where))
        if item.kind in out:
            problems.append(BadInput("Harm given twice for a kind.", value=item.kind, where=where))
        if not (math.isfinite(item.days) and item.days >= 0):
            problems.append(BadInput("Harm is not a number of days, 0 or more.", value=item.days, where=where))
        expected = _statistic(item)
        if expected is None:
            problems.append(BadInput("Not a statistic of a band.", value=item.statistic, where=where))
        elif abs(expected - item.days) > 0.5:  # published as whole days
            problems.append(
                BadInput(
                    f"Harm differs from the {item.statistic} of its band ({expected:g}).", value=item.days, where=where
                )
            )
        if not item.source:
            problems.append(BadInput("Harm without a source.", value=item.kind, where=where))
        out[item.kind] = item
    problems += [
        BadInput("This crime has no harm days.", value=name, where="harm.csv", way_out="add a row")
        for name, kind in kinds().items()
        if kind.crime and name not in out
    ]
    if len({(item.index, item.version) for item in out.values()}) > 1:
        problems.append(BadInput("The harm file holds more than one index or version.", where="harm.csv"))
    raise_all(problems)
    return out


def _statistic(item: Harm) -> float | None:
    """Return the days that the band and the statistic give; None for an unknown statistic."""
    if item.statistic in {"floor", "official"}:
        return item.days
    return {
        "min": item.band_min,
        "low": math.sqrt(item.band_min * item.band_median),
        "median": item.band_median,
        "mean": item.band_mean,
        "max": item.band_max,
    }.get(item.statistic)
