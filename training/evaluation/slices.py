"""Where a ranking works and where it doesn't: by freshness, list by list, and how far ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY, show
from threat.measuring.estimates import What, measure, rate
from threat.measuring.intervals import Evidence
from threat.measuring.list_length import listed
from threat.measuring.ranked import Floats, Labelled, Ranked
from threat.measuring.resampling import Draws, auc, capture, totals
from threat.measuring.titles import title_within
from threat.release.documents.evaluation import FreshnessBand, LeadTime, ReplayedList
from training.cohorts.cohort import Lists

_TWELVE_MONTHS = 364
"""Days of a test that is long enough: twelve months, or 52 weeks."""

FRESHNESS = (
    ("under 1 day", 0.0, 1.0),
    ("1 to 7 days", 1.0, 8.0),
    ("8 to 90 days", 8.0, 91.0),
    ("over 90 days", 91.0, np.inf),
)
"""Bands of days since the last domestic incident, [from, to); a row without any is in the last."""


def by_freshness(
    ranked: Mapping[str, Ranked], draws: Draws, freshness: Floats, capacity: int
) -> tuple[FreshnessBand, ...]:
    """Rows, events, and each ranking's recall and AUC in bands of days since the last incident.

    The list stays the whole cohort's; only the credit is restricted to the band.
    """
    days = np.where(np.isnan(freshness), np.inf, freshness)
    bands = []
    for title, low, high in FRESHNESS:
        band = (days >= low) & ((days < high) | (high == np.inf))
        figures = []
        n = events = 0
        for name, order in ranked.items():
            rows = order.rows
            part = rows.part(band)
            n, events = part.n, part.events_inside
            restricted = {"freshness": title, "ranking": name}
            counted = replace(rows, label=np.where(band, rows.label, 0.0), credit=np.where(band, rows.credit, 0.0))
            content = capture(Ranked(rows=counted, score=order.score), draws, capacity)
            credit = totals(counted.credit, rows.person, draws)
            people = len(np.unique(part.person[part.credit > 0]))
            recall = What(
                name="in_cohort_recall",
                title=title_within("recall_at_capacity", "band"),
                n=n,
                events=events,
                slice=restricted | {"capacity": capacity},
            )
            area = What(name="auc", title=title_within("auc", "band"), n=n, events=events, slice=restricted)
            within = Ranked(rows=part, score=order.score[band])
            figures += [
                rate(recall, content.events, credit, Evidence(people=people, clusters=people)),
                measure(area, auc(within, draws)),
            ]
        bands.append(FreshnessBand(band=title, n=n, events=events, figures=tuple(figures)))
    return tuple(bands)


def short_test(lists: Lists) -> tuple[str, ...]:
    """Warn of a test under twelve months: half a year has not every season, and shows little of how a model ages."""
    days = (lists.cycles[-1].end - lists.cycles[0].start) // DAY
    if days >= _TWELVE_MONTHS:
        return ()
    return (
        f"The test is {len(lists.cycles)} lists of {days} days in all, under twelve months: a model that held for so "
        f"long may not hold for a year.",
    )


def replay(
    data: Labelled, scores: Floats, starts: Mapping[int, int], relationship: NDArray[np.int64], capacity: int
) -> tuple[ReplayedList, ...]:
    """Return the lists as they would have run, one per cycle.

    ``starts``: UTC seconds by cycle number. ``relationship``: ids, one per row, by which two lists are compared. Rows
    that share the last place all stay in, as at the desk; every other figure shares the places out instead.
    """
    lists = []
    previous: set[int] | None = None
    on_list = listed(scores, data.cycle, capacity)
    for number in np.unique(data.cycle):
        rows = np.flatnonzero(data.cycle == number)
        places = rows[on_list[rows]]
        relationships = set(relationship[places].tolist())
        lists.append(
            ReplayedList(
                cycle=int(number),
                start=show(starts[int(number)]),
                n=len(rows),
                with_outcome=int(data.hit[rows].sum()),
                listed=len(places),
                listed_with_outcome=int(data.hit[places].sum()),
                new_since_last=None if previous is None else len(relationships - previous),
            )
        )
        previous = relationships
    return tuple(lists)


def lead_time(units: pd.DataFrame, cycle: NDArray[np.int64], scores: Floats, capacity: int) -> LeadTime:
    """Days from the first list that held the relationship to the outcome, over events that some list held.

    ``units``: the lines of credit of ``training.cohorts.credit.CreditedOutcomes``; lists as in ``replay``.
    """
    on_list = listed(scores, cycle, capacity)
    inside = units[units["row"] >= 0]
    caught = inside[on_list[inside["row"].to_numpy()]]
    ahead = caught["occurred_at"] - caught["as_of"]
    # The first list that held the relationship is the one furthest ahead of the event.
    days = ahead.groupby(caught["incident"]).max() / DAY
    if not len(days):
        return LeadTime(events=0, median_days=None, quarter_days=None, three_quarter_days=None)
    quarter, median, three = np.quantile(days, [0.25, 0.5, 0.75])
    return LeadTime(
        events=len(days),
        median_days=float(median),
        quarter_days=float(quarter),
        three_quarter_days=float(three),
    )
