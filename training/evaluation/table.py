"""The table of figures: every ranking measured on the same rows with the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.evaluation.calibration import calibration
from training.evaluation.figures import METHOD, Block, Captured, Draws, Floats, auc, capture, figure, ratio, totals
from training.evaluation.slices import by_freshness

MODEL = "score"
"""Name of the model's ranking: its column in ``predictions.parquet``."""

PAIRED = f"paired {METHOD}"


@dataclass(frozen=True, slots=True)
class Ranking:
    """One order of the rows: ``scores`` (n; higher = listed first) and, where it gives one, a ``probability``.
    ``unranked``: rows it has nothing to go on for (they share the last place)."""

    name: str
    title: str
    scores: Floats
    probability: Floats | None = None
    unranked: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """Replicate arrays of one ranking, kept for paired differences."""

    captured: dict[int, Captured]
    recall: dict[int, Floats]
    mean_recall: Floats
    auc: Floats
    brier: Floats | None


def ladder(capacity: int) -> list[int]:
    """k/4, k/2, k, 2k, 4k (rounded, at least 1, without repeats)."""
    return sorted({max(1, round(capacity * share)) for share in (0.25, 0.5, 1, 2, 4)})


def evaluate(
    block: Block,
    rankings: Sequence[Ranking],
    *,
    capacity: int,
    replicates: int,
    seed: int,
    freshness: Floats | None = None,
    versus: str = MODEL,
) -> dict[str, Any]:
    """``{rankings, calibration, freshness, warnings}``: every ranking's figures, and ``versus`` minus each other one.

    ``freshness``: days since the subject's last domestic incident, NaN without one. A measure without outcomes is null
    with its reason; nothing is left out.
    """
    draws = Draws.of(block, replicates, seed)
    inside = totals(block.credit, draws.rows, draws)
    everything = inside + totals(block.outside_credit, draws.outside, draws)
    sizes = ladder(capacity)
    held = {ranking.name: _measure(block, draws, ranking, sizes, everything) for ranking in rankings}
    documents = []
    for ranking in rankings:
        own = held[ranking.name]
        figures = _figures(block, draws, own, capacity, inside, everything)
        if versus in held and ranking.name != versus:
            figures += _differences(block, held[versus], own, capacity)
        ties = {
            "capacity": capacity,
            "rows_tied_at_the_cut": own.captured[capacity].tied,
            "rows_without_a_basis": ranking.unranked,
        }
        documents.append({"name": ranking.name, "title": ranking.title, "figures": figures, "ties": ties})
    model = next((ranking for ranking in rankings if ranking.name == versus), None)
    orders = [(ranking.name, ranking.scores) for ranking in rankings]
    return {
        "rankings": documents,
        "calibration": {}
        if model is None or model.probability is None
        else calibration(block, draws, model.probability),
        "freshness": [] if freshness is None else by_freshness(block, draws, orders, freshness, capacity),
        "warnings": _warnings(block, rankings, held, capacity),
    }


def _measure(block: Block, draws: Draws, ranking: Ranking, sizes: list[int], everything: Floats) -> Measured:
    captured = {one.capacity: one for one in capture(block, draws, ranking.scores, sizes)}
    recall = {size: ratio(one.events, everything) for size, one in captured.items()}
    brier = None
    if ranking.probability is not None:
        ones = totals(np.ones(len(block)), draws.rows, draws)
        brier = ratio(totals((ranking.probability - block.label) ** 2, draws.rows, draws), ones)
    area = auc(block.label, ranking.scores, draws.rows, draws)
    return Measured(captured, recall, np.mean(list(recall.values()), axis=0), area, brier)


def _figures(
    block: Block, draws: Draws, own: Measured, capacity: int, inside: Floats, everything: Floats
) -> list[dict[str, Any]]:
    n, events, within = len(block), block.events, block.events_inside
    rows = totals(np.ones(n), draws.rows, draws)
    rate = ratio(totals(block.label.astype(np.float64), draws.rows, draws), rows)
    listed = own.captured[capacity]
    precision = ratio(listed.positives, listed.listed)
    at = {"capacity": capacity}
    recall = "Outcomes on the list, of all outcomes"
    out = [
        figure("recall_at_capacity", recall, own.recall[capacity], n=n, events=events, by=at),
        figure("coverage", "Outcomes in the cohort, of all outcomes", ratio(inside, everything), n=n, events=events),
        figure(
            "in_cohort_recall",
            "Outcomes on the list, of those in the cohort",
            ratio(listed.events, inside),
            n=n,
            events=within,
            by=at,
        ),
        figure(
            "mean_recall",
            "Recall, mean over lists of k/4 to 4k",
            own.mean_recall,
            n=n,
            events=events,
            by={"capacities": sorted(own.recall)},
        ),
        figure("precision_at_capacity", "Listed that had an outcome", precision, n=n, events=within, by=at),
        figure(
            "lift_at_capacity", "Precision over the cohort's rate", ratio(precision, rate), n=n, events=within, by=at
        ),
        figure("prevalence", "Rows of the cohort with an outcome", rate, n=n, events=within),
        figure("auc", "Chance that a row with an outcome outranks one without (AUC)", own.auc, n=n, events=within),
    ]
    out += [
        figure("recall_at_capacity", recall, own.recall[size], n=n, events=events, by={"capacity": size})
        for size in sorted(set(own.recall) - {capacity})
    ]
    if own.brier is not None:
        skill = 1 - ratio(own.brier, rate * (1 - rate))
        out.append(figure("brier", "Brier score", own.brier, n=n, events=within))
        out.append(figure("brier_skill", "Brier skill over the cohort's rate", skill, n=n, events=within))
    return out


def _differences(block: Block, ours: Measured, theirs: Measured, capacity: int) -> list[dict[str, Any]]:
    pairs = [
        ("recall_difference", "Recall at capacity", ours.recall[capacity], theirs.recall[capacity], block.events),
        ("mean_recall_difference", "Mean recall", ours.mean_recall, theirs.mean_recall, block.events),
        ("auc_difference", "AUC", ours.auc, theirs.auc, block.events_inside),
    ]
    if ours.brier is not None and theirs.brier is not None:
        pairs.append(
            ("brier_difference", "Brier score (below 0: model better)", ours.brier, theirs.brier, block.events_inside)
        )
    return [
        figure(
            name,
            f"{title}, model minus this ranking",
            mine - other,
            n=len(block),
            events=events,
            by={"capacity": capacity} if name == "recall_difference" else {},
            method=PAIRED,
        )
        for name, title, mine, other, events in pairs
    ]


def _warnings(block: Block, rankings: Sequence[Ranking], held: Mapping[str, Measured], capacity: int) -> list[str]:
    out = []
    if block.events < 50:
        out.append(f"Only {block.events} outcome events: intervals are wide, and a gate may find not enough evidence.")
    for ranking in rankings:
        tied = held[ranking.name].captured[capacity].tied
        if tied > capacity:
            out.append(f"{ranking.title}: {tied} rows tie at the cut; its figures are expectations over their order.")
    return out
