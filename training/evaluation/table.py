"""The table of figures: every ranking measured on the same rows with the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from threat.measuring.estimates import What, measure, rate
from threat.measuring.figure import Figure
from threat.measuring.intervals import BOOTSTRAP, Evidence
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Floats, Labelled, Ranked
from threat.measuring.resampling import Captured, Draws, Resampling, auc, capture, ratio, totals
from threat.measuring.titles import TITLES, title_of_difference
from threat.release.documents.evaluation import MODEL, Measured, RankingFigures, Ties
from training.evaluation.calibration import calibration
from training.evaluation.slices import by_freshness

PAIRED = f"paired {BOOTSTRAP}"

_FEW_EVENTS = 50
"""Below this many outcome events the page warns: the gate's policy asks for at least as many in a test."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """One order of the rows: ``scores`` (n; higher = listed first) and, where it gives one, a ``probability``.
    ``unranked``: rows it has nothing to go on for (they share the last place)."""

    name: str
    title: str
    scores: Floats
    probability: Floats | None = None
    unranked: int = 0

    def of(self, rows: Labelled) -> Ranked:
        """The labelled rows in this order."""
        return Ranked(rows=rows, score=np.asarray(self.scores, np.float64), probability=self.probability)


@dataclass(frozen=True, slots=True)
class Columns:
    """The sample and the replicates of one ranking's measures, kept for paired differences."""

    captured: dict[int, Captured]
    recall: dict[int, Floats]
    mean_events: Floats
    mean_recall: Floats
    auc: Floats
    brier: Floats | None


@dataclass(frozen=True, slots=True)
class Test:
    """The complete test cohort with its draws; ``inside`` and ``everything``: outcome events per column."""

    __test__ = False  # no test of pytest, whatever its name says

    rows: Labelled
    draws: Draws
    capacity: int
    inside: Floats
    everything: Floats

    @classmethod
    def of(cls, rows: Labelled, capacity: int, resampling: Resampling) -> Test:
        """Draw once: all rankings share the draws, so that their differences are paired."""
        draws = Draws.of(rows.persons, resampling)
        inside = totals(rows.credit, rows.person, draws)
        return cls(rows, draws, capacity, inside, inside + totals(rows.outside_credit, rows.outside_person, draws))


def evaluate(
    rows: Labelled,
    rankings: Sequence[Ranking],
    *,
    capacity: int,
    resampling: Resampling,
    freshness: Floats | None = None,
    versus: str = MODEL,
) -> Measured:
    """Return every ranking's figures, and those of ``versus`` minus each other ranking.

    ``freshness``: days since the subject's last domestic incident, NaN without one. A measure without outcomes is null
    with its reason; nothing is left out.
    """
    test = Test.of(rows, capacity, resampling)
    ranked = {ranking.name: ranking.of(rows) for ranking in rankings}
    columns = {name: _columns(test, order) for name, order in ranked.items()}
    measured = []
    for ranking in rankings:
        of_ranking = columns[ranking.name]
        figures = _figures(test, of_ranking)
        if versus in columns and ranking.name != versus:
            figures += _differences(test, columns[versus], of_ranking)
        ties = Ties(
            capacity=capacity,
            rows_tied_at_the_cut=of_ranking.captured[capacity].tied,
            rows_without_a_basis=ranking.unranked,
        )
        measured.append(RankingFigures(name=ranking.name, title=ranking.title, figures=tuple(figures), ties=ties))
    model = ranked.get(versus)
    has_probability = model is not None and model.probability is not None
    return Measured(
        capacity=capacity,
        rankings=tuple(measured),
        calibration=calibration(model, test.draws) if model is not None and has_probability else None,
        freshness=() if freshness is None else by_freshness(ranked, test.draws, freshness, capacity),
        warnings=tuple(_warnings(test, rankings, columns)),
    )


def _columns(test: Test, ranked: Ranked) -> Columns:
    captured = {size: capture(ranked, test.draws, size) for size in ListLength(test.capacity).ladder}
    mean_events = np.mean([content.events for content in captured.values()], axis=0)
    recall = {size: ratio(content.events, test.everything) for size, content in captured.items()}
    brier = None
    if ranked.probability is not None:
        person, draws = test.rows.person, test.draws
        # NaN where a row's outcome is not known: such a row has no error.
        squares = totals(np.nan_to_num((ranked.probability - test.rows.label) ** 2), person, draws)
        brier = ratio(squares, totals(test.rows.has_known_label.astype(np.float64), person, draws))
    mean_recall = ratio(mean_events, test.everything)
    return Columns(captured, recall, mean_events, mean_recall, auc(ranked, test.draws), brier)


def _figures(test: Test, columns: Columns) -> list[Figure]:
    """Return the figures, the capacity's recall first: pages and cards take the first of a name as the headline."""
    rows, draws, k = test.rows, test.draws, test.capacity
    n, events, within, at = rows.n, rows.events, rows.events_inside, {"capacity": test.capacity}
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


def _differences(test: Test, model: Columns, other: Columns) -> list[Figure]:
    """Model minus another ranking, column by column: both saw the same draws."""
    rows, k = test.rows, test.capacity
    pairs = [
        ("recall_difference", "recall_at_capacity", model.recall[k], other.recall[k], rows.events),
        ("mean_recall_difference", "mean_recall", model.mean_recall, other.mean_recall, rows.events),
        ("auc_difference", "auc", model.auc, other.auc, rows.events_inside),
    ]
    if model.brier is not None and other.brier is not None:
        pairs.append(("brier_difference", "brier", model.brier, other.brier, rows.events_inside))
    return [
        measure(
            What(
                name=name,
                title=title_of_difference(of),
                n=rows.n,
                events=events,
                slice={"capacity": k} if name == "recall_difference" else {},
            ),
            of_model - of_other,
            method=PAIRED,
        )
        for name, of, of_model, of_other, events in pairs
    ]


def _warnings(test: Test, rankings: Sequence[Ranking], columns: Mapping[str, Columns]) -> list[str]:
    out = []
    if test.rows.events < _FEW_EVENTS:
        out.append(
            f"Only {test.rows.events} outcome events: intervals are wide, and a gate may find not enough evidence."
        )
    for ranking in rankings:
        tied = columns[ranking.name].captured[test.capacity].tied
        if tied > test.capacity:
            out.append(f"{ranking.title}: {tied} rows tie at the cut; its figures are expectations over their order.")
    return out
