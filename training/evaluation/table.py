"""The table of figures: every ranking measured on the same rows with the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from threat.measuring.estimates import What, measure
from threat.measuring.figure import Figure
from threat.measuring.intervals import PAIRED
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Floats, Labelled, Ranked
from threat.measuring.resampling import Resampling
from threat.measuring.titles import title_of_difference
from threat.release.documents.evaluation import MODEL, Measured, RankingFigures, Ties
from training.evaluation.calibration import calibration
from training.evaluation.columns import Columns, Test, columns_of, figures_of
from training.evaluation.decision_curve import decision_curve
from training.evaluation.halves import halves
from training.evaluation.slices import by_freshness

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


def evaluate(
    rows: Labelled,
    rankings: Sequence[Ranking],
    *,
    length: ListLength,
    resampling: Resampling,
    freshness: Floats | None = None,
    versus: str = MODEL,
) -> Measured:
    """Return every ranking's figures, and those of ``versus`` minus each other ranking.

    ``freshness``: days since the subject's last domestic incident, NaN without one. A measure without outcomes is null
    with its reason; nothing is left out.
    """
    capacity = length.places
    test = Test.of(rows, length, resampling)
    ranked = {ranking.name: ranking.of(rows) for ranking in rankings}
    columns = {name: columns_of(test, order) for name, order in ranked.items()}
    earlier = first_alike(ranked)
    measured = []
    for ranking in rankings:
        of_ranking = columns[ranking.name]
        figures = figures_of(test, of_ranking)
        if versus in columns and ranking.name != versus:
            figures += _differences(test, columns[versus], of_ranking)
        ties = Ties(
            capacity=capacity,
            rows_tied_at_the_cut=of_ranking.captured[capacity].tied,
            rows_without_a_basis=ranking.unranked,
        )
        measured.append(
            RankingFigures(
                name=ranking.name,
                title=ranking.title,
                figures=tuple(figures),
                ties=ties,
                same_order_as=earlier.get(ranking.name),
            )
        )
    model = ranked.get(versus)
    has_probability = model is not None and model.probability is not None
    return Measured(
        capacity=capacity,
        capacity_share=length.share,
        rankings=tuple(measured),
        calibration=calibration(model, test.draws) if model is not None and has_probability else None,
        freshness=() if freshness is None else by_freshness(ranked, test.draws, freshness, capacity),
        halves=halves(test, ranked, model),
        decision=decision_curve(
            test,
            ranked,
            captured={name: of_ranking.captured for name, of_ranking in columns.items()},
            titles={ranking.name: ranking.title for ranking in rankings},
        ),
        warnings=tuple(_warnings(test, rankings, columns)),
    )


def first_alike(ranked: Mapping[str, Ranked]) -> dict[str, str]:
    """Return, for each ranking that orders all rows as an earlier ranking does, the first such ranking's name.

    >>> rows = Labelled.of(label=[1, 0, 0])
    >>> scores = {"a": [3.0, 1.0, 1.0], "b": [0.9, 0.2, 0.2], "c": [3.0, 1.0, 2.0]}  # c parts the tie of a and b
    >>> first_alike({name: Ranked(rows=rows, score=np.array(score)) for name, score in scores.items()})
    {'b': 'a'}
    """
    firsts: dict[bytes, str] = {}
    named = {name: firsts.setdefault(order.ranks.tobytes(), name) for name, order in ranked.items()}
    return {name: first for name, first in named.items() if first != name}


def _differences(test: Test, model: Columns, other: Columns) -> list[Figure]:
    """Model minus another ranking, column by column: both saw the same draws."""
    rows, k = test.rows, test.length.places
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
        tied = columns[ranking.name].captured[test.length.places].tied
        if tied > test.length.places:
            out.append(
                f"{ranking.title}: {tied} rows tie at the cut of lists of {test.length.places}; its figures are "
                "expectations over their order."
            )
    return out
