"""Measures of one ranking, column by column: the sample first, then its replicates; and the figures made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from threat.measuring.estimates import What, measure, rate
from threat.measuring.figure import Figure
from threat.measuring.intervals import Evidence
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Floats, Ints, Labelled, Ranked
from threat.measuring.resampling import Captured, Draws, Resampling, areas, capture, ratio, totals
from threat.measuring.titles import TITLES


@dataclass(frozen=True, slots=True)
class Columns:
    """The sample and the replicates of one ranking's measures, kept for paired differences."""

    captured: dict[int, Captured]
    recall: dict[int, Floats]
    mean_events: Floats
    mean_recall: Floats
    auc: Floats
    auprc: Floats
    brier: Floats | None


@dataclass(frozen=True, slots=True)
class Test:
    """The complete test cohort with its draws; ``inside`` and ``everything``: outcome events per column."""

    __test__ = False  # no test of pytest, whatever its name says

    rows: Labelled
    draws: Draws
    length: ListLength
    inside: Floats
    everything: Floats

    @classmethod
    def of(cls, rows: Labelled, length: ListLength, resampling: Resampling) -> Test:
        """Draw once: all rankings share the draws, so that their differences are paired."""
        return cls._counted(rows, Draws.of(rows.persons, resampling), length)

    @classmethod
    def _counted(cls, rows: Labelled, draws: Draws, length: ListLength) -> Test:
        inside = totals(rows.credit, rows.person, draws)
        return cls(rows, draws, length, inside, inside + totals(rows.outside_credit, rows.outside_person, draws))

    def of_cycles(self, cycles: Ints) -> Test:
        """The lists of these cycles alone, with the same draws and lists of the same length."""
        return self._counted(self.rows.of_cycles(cycles), self.draws, self.length)


def columns_of(test: Test, ranked: Ranked) -> Columns:
    captured = {size: capture(ranked, test.draws, size) for size in test.length.ladder}
    mean_events = np.mean([content.events for content in captured.values()], axis=0)
    recall = {size: ratio(content.events, test.everything) for size, content in captured.items()}
    brier = None
    if ranked.probability is not None:
        person, draws = test.rows.person, test.draws
        # NaN where a row's outcome is not known: such a row has no error.
        squares = totals(np.nan_to_num((ranked.probability - test.rows.label) ** 2), person, draws)
        brier = ratio(squares, totals(test.rows.has_known_label.astype(np.float64), person, draws))
    mean_recall = ratio(mean_events, test.everything)
    return Columns(captured, recall, mean_events, mean_recall, *areas(ranked, test.draws), brier)


def figures_of(test: Test, columns: Columns) -> list[Figure]:
    """Return the figures, the capacity's recall first: pages and cards take the first of a name as the headline."""
    rows, draws, k = test.rows, test.draws, test.length.places
    n, events, within, at = rows.n, rows.events, rows.events_inside, {"capacity": test.length.places}
    of_events = Evidence(people=rows.people_with_events, clusters=rows.people_with_events)
    inside_people = len(np.unique(rows.person[rows.credit > 0]))
    of_inside = Evidence(people=inside_people, clusters=inside_people)
    content = columns.captured[k]
    counted = totals(rows.counted.astype(np.float64), rows.person, draws)
    positives = totals(rows.hit.astype(np.float64), rows.person, draws)
    precision, prevalence = ratio(content.positives, content.listed), ratio(positives, counted)

    def recall(size: int) -> Figure:
        what = What(
            name="recall_at_capacity",
            title=TITLES["recall_at_capacity"],
            n=n,
            events=events,
            slice={"capacity": size},
        )
        return rate(what, columns.captured[size].events, test.everything, of_events)

    def cohort(name: str, restricted: Mapping[str, Any] | None = None) -> What:
        return What(name=name, title=TITLES[name], n=n, events=within, slice=restricted or {})

    out = [
        recall(k),
        rate(
            What(name="coverage", title=TITLES["coverage"], n=n, events=events),
            test.inside,
            test.everything,
            of_events,
        ),
        rate(
            cohort("in_cohort_recall", at),
            content.events,
            test.inside,
            of_inside,
        ),
        rate(
            What(
                name="mean_recall",
                title=TITLES["mean_recall"],
                n=n,
                events=events,
                slice={"capacities": sorted(columns.recall)},
            ),
            columns.mean_events,
            test.everything,
            of_events,
        ),
        rate(
            cohort("precision_at_capacity", at),
            content.positives,
            content.listed,
            _of_rows(inside_people, content.listed),
        ),
        measure(
            cohort("lift_at_capacity", at),
            ratio(precision, prevalence),
        ),
        rate(
            cohort("prevalence"),
            positives,
            counted,
            _of_rows(inside_people, counted),
        ),
        measure(cohort("auprc"), columns.auprc),
        measure(cohort("auc"), columns.auc),
    ]
    out += [recall(size) for size in sorted(set(columns.recall) - {k})]
    if columns.brier is not None:
        skill = 1 - ratio(columns.brier, prevalence * (1 - prevalence))
        out.append(measure(cohort("brier"), columns.brier))
        out.append(measure(cohort("brier_skill"), skill))
    return out


def _of_rows(people: int, below: Floats) -> Evidence:
    """Evidence of a rate of rows: where the replicates cannot vary, the rows are counted."""
    return Evidence(people=people, clusters=round(float(below[0])))
