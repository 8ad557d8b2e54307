"""Each group of a characteristic as it was measured: four figures, and how many independent cases each is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fairness.characteristics import Characteristic
from fairness.figures import FIGURES
from threat.measuring.by_group import Counts, Grouping
from threat.measuring.intervals import effective_n, variance_of
from threat.measuring.ranked import Cut, Floats, Ints, Labelled, Ranked
from threat.measuring.resampling import ratio
from threat.release.documents.fairness import MISSING
from threat.release.documents.fairness_policy import FigureName


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as it was measured: None without a case. ``cases``: independent cases that the rate is worth."""

    value: float | None
    cases: float

    @property
    def hits(self) -> float:
        """The independent cases that were hits."""
        return (self.value or 0.0) * self.cases


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure of a group, and the same figure of everybody else of the characteristic who is recorded."""

    group: Rate
    others: Rate


@dataclass(frozen=True, slots=True)
class MeasuredGroup:
    """One group: its counts, distinct persons with an outcome event, and each figure with that of everybody else."""

    code: str
    title: str
    counts: Counts
    people: int
    pairs: Mapping[FigureName, Pair]


@dataclass(frozen=True, slots=True)
class MeasuredCharacteristic:
    """One characteristic with its groups; ``independent``: as the function of that name says."""

    item: Characteristic
    groups: tuple[MeasuredGroup, ...]
    independent: bool

    @property
    def recorded(self) -> int:
        """Number of groups that were recorded."""
        return sum(group.code != MISSING for group in self.groups)


def independent(ranked: Ranked, cut: Cut) -> bool:
    """True when nothing depends on anything else: no capacity to compete for, no person with two rows or events."""
    rows = ranked.rows
    return cut.threshold is not None and rows.persons == len(rows) + len(rows.outside_person)


def measured(
    item: Characteristic, grouping: Grouping, counts: Counts, ranked: Ranked, cut: Cut
) -> MeasuredCharacteristic:
    """Return every group of a characteristic with its figures. ``counts``: of all groups, as ``grouping`` numbers them.

    Everybody else is all recorded groups but the group itself, counted in the very same draws of persons.
    """
    alone = independent(ranked, cut)
    recorded = np.array([code != MISSING for code in grouping.codes], np.bool_)
    people, persons = grouping.people_with_events(ranked.rows), _persons(grouping, ranked.rows)
    pairs: list[dict[FigureName, Pair]] = [{} for _ in grouping.codes]
    for name, figure in FIGURES.items():
        clusters = people if name == "recall" else persons
        hits, cases = figure.hits(counts), figure.cases(counts)
        hits_recorded, cases_recorded = hits[recorded].sum(axis=0), cases[recorded].sum(axis=0)
        for i, of_group in enumerate(pairs):
            share = float(recorded[i])  # rows without a record are compared with everybody recorded
            others = (hits_recorded - share * hits[i], cases_recorded - share * cases[i])
            others_clusters = int(clusters[recorded].sum() - share * clusters[i])
            of_group[name] = Pair(
                rate_of(hits[i], cases[i], int(clusters[i]), alone=alone),
                rate_of(*others, others_clusters, alone=alone),
            )
    return MeasuredCharacteristic(
        item,
        tuple(
            MeasuredGroup(code, item.title_of(code), counts.of(i), int(people[i]), pairs[i])
            for i, code in enumerate(grouping.codes)
        ),
        alone,
    )


_ROUNDING = 1e-6
"""Cases below which a difference of two sums is rounding: credits are parts of 1, never so small."""


def rate_of(hits: Floats, cases: Floats, clusters: int, *, alone: bool) -> Rate:
    """Return a rate from its columns, the sample first. ``clusters``: persons it is about.

    The design effect is that of the cluster bootstrap, which ranks and cuts anew in each draw, so that rows of one
    person and the competition for places both count; ``benchmarks/fairness_rule.py`` measures verdicts without.
    """
    if cases[0] < _ROUNDING:
        return Rate(None, 0.0)
    value = min(1.0, max(0.0, float(hits[0] / cases[0])))
    if alone:
        return Rate(value, float(cases[0]))
    variance = variance_of(ratio(hits[1:], np.where(cases[1:] < _ROUNDING, 0.0, cases[1:])))
    return Rate(value, effective_n(value, float(cases[0]), variance, clusters))


def _persons(grouping: Grouping, rows: Labelled) -> Ints:
    """Distinct persons with a row, by group."""
    # Sorted rather than np.unique, which hashes: five times as long on a million rows.
    pairs = np.sort(grouping.row * max(1, rows.persons) + rows.person)
    first = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
    return np.bincount(pairs[first] // max(1, rows.persons), minlength=len(grouping.codes))
