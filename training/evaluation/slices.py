"""Where a ranking works and where it doesn't: by freshness, list by list, and how far ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY, show
from training.evaluation.figures import Block, Draws, Floats, auc, capture, figure, ratio, totals

FRESHNESS = (
    ("under 1 day", 0.0, 1.0),
    ("1 to 7 days", 1.0, 8.0),
    ("8 to 90 days", 8.0, 91.0),
    ("over 90 days", 91.0, np.inf),
)
"""Bands of days since the last domestic incident, [from, to); a row without any is in the last."""


def by_freshness(
    block: Block, draws: Draws, orders: Sequence[tuple[str, Floats]], freshness: Floats, capacity: int
) -> list[dict[str, Any]]:
    """Per band: rows, events, and for each of ``orders`` (name, scores) its recall and AUC. The list stays the whole
    cohort's; only the credit is restricted to the band."""
    days = np.where(np.isnan(freshness), np.inf, freshness)
    out = []
    for title, low, high in FRESHNESS:
        keep = (days >= low) & ((days < high) | (high == np.inf))
        part = block.part(keep)
        counted = replace(
            block, label=np.where(keep, block.label, 0).astype(np.uint8), credit=np.where(keep, block.credit, 0.0)
        )
        credit = totals(counted.credit, draws.rows, draws)
        n, events = len(part), part.events_inside
        figures = []
        for name, scores in orders:
            by = {"freshness": title, "ranking": name}
            [one] = capture(counted, draws, scores, [capacity])
            recall, area = ratio(one.events, credit), auc(part.label, scores[keep], draws.rows[keep], draws)
            words = "Outcomes on the list, of those in the band"
            figures.append(
                figure("in_cohort_recall", words, recall, n=n, events=events, by=by | {"capacity": capacity})
            )
            figures.append(figure("auc", "AUC within the band", area, n=n, events=events, by=by))
        out.append({"band": title, "n": n, "events": events, "figures": figures})
    return out


def listed(
    scores: Floats, cycle: NDArray[np.int64], relationship: NDArray[np.int64], capacity: int
) -> NDArray[np.bool_]:
    """True for the rows that each cycle's list of ``capacity`` holds; ties in the order of their ids."""
    out = np.zeros(len(scores), bool)
    for number in np.unique(cycle):
        rows = np.flatnonzero(cycle == number)
        out[rows[np.lexsort((relationship[rows], -scores[rows]))[:capacity]]] = True
    return out


def replay(
    block: Block, scores: Floats, starts: dict[int, int], relationship: Any, capacity: int
) -> list[dict[str, Any]]:
    """The lists as they would have run, one entry per cycle: rows, rows with an outcome, how many of those the list
    held, and how many of its places were new since the list before.

    ``starts``: UTC seconds by cycle number. ``relationship``: ids, one per row. Rows tied at the cut are taken in the
    order of their ids, as a printed list would; every other figure shares the places out instead.
    """
    out: list[dict[str, Any]] = []
    before: set[int] | None = None
    on_list = listed(scores, block.cycle, relationship, capacity)
    for number in np.unique(block.cycle):
        rows = np.flatnonzero(block.cycle == number)
        held = rows[on_list[rows]]
        now = set(np.asarray(relationship)[held].tolist())
        out.append(
            {
                "cycle": int(number),
                "start": show(starts[int(number)]),
                "n": len(rows),
                "with_outcome": int(block.label[rows].sum()),
                "listed": len(held),
                "listed_with_outcome": int(block.label[held].sum()),
                "new_since_last": None if before is None else len(now - before),
            }
        )
        before = now
    return out


def lead_time(units: pd.DataFrame, cycle: Any, scores: Floats, relationship: Any, capacity: int) -> dict[str, Any]:
    """Days from the first list that held the relationship to the outcome, over events that some list held.

    ``units``: the lines of credit of ``training.cohorts.credit.CreditedOutcomes``; lists as in ``replay``.
    """
    on_list = listed(scores, cycle, relationship, capacity)
    inside = units[units["row"] >= 0]
    held = inside[on_list[inside["row"].to_numpy()]]
    ahead = held["occurred_at"] - held["as_of"]
    days = ahead.groupby(held["incident"]).max() / DAY
    if not len(days):
        return {"events": 0, "median_days": None, "quarter_days": None, "three_quarter_days": None}
    quarter, median, three = np.quantile(days, [0.25, 0.5, 0.75])
    return {
        "events": len(days),
        "median_days": float(median),
        "quarter_days": float(quarter),
        "three_quarter_days": float(three),
    }
