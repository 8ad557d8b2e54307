"""Freshness, replay, lead time and calibration on hand-made arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from threat.asof import parse_as_of
from threat.history.sightings import Rows
from threat.measuring.list_length import listed
from threat.measuring.ranked import EventKeys, Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling
from training.cohorts.cohort import Lists
from training.cohorts.folds import cycles
from training.evaluation.slices import by_freshness, lead_time, replay, short_test

DAY = 86_400
#        relationship cycle label days since score
DRAWN = [
    (11, 0, 1, 0.5, 9.0),
    (12, 0, 0, 3.0, 8.0),
    (13, 0, 1, 30.0, 2.0),
    (14, 0, 1, np.nan, 1.0),
    (11, 1, 0, 31.0, 7.0),
    (12, 1, 1, 7.9, 8.0),
    (13, 1, 0, 91.0, 2.0),
    (15, 1, 0, 90.9, 2.0),
]
relationship, cycle, label, days, score = (np.array(column) for column in zip(*DRAWN, strict=True))
STARTS = {0: 0, 1: 30 * DAY}


def rows() -> Labelled:
    hits = np.flatnonzero(label)
    keys = EventKeys(row=hits, event=100 + hits, outside=hits[:0])
    return Labelled.of(label=label, person=relationship, cycle=cycle, keys=keys)


def without_draws(labelled: Labelled, replicates: int = 0) -> Draws:
    return Draws.of(labelled.persons, Resampling(replicates=replicates, seed=1))


@pytest.mark.parametrize(
    ("every", "first", "last", "short"),
    [
        ("month", "2023-01-01", "2023-12-31", False),
        ("month", "2023-01-01", "2023-11-30", True),
        ("week", "2023-01-02", "2024-01-01", False),
        ("week", "2023-01-02", "2023-12-25", True),
    ],
)
def test_a_test_under_twelve_months_warns(every: str, first: str, last: str, short: bool) -> None:
    lists = cycles(parse_as_of(first), parse_as_of(last), every, spread=False)
    if every == "week":
        lists = lists[:-1]
    none = np.zeros(0, np.int64)
    warnings = short_test(Lists(tuple(lists), Rows(none, none, none, none), none))
    assert ["under twelve months" in warning for warning in warnings] == [True] * short


def test_bands_of_freshness() -> None:
    ranked = Ranked(rows=rows(), score=score)
    bands = by_freshness({"score": ranked}, without_draws(ranked.rows), days, 2)
    drawn = [(band.band, band.n, band.events, band.figures[0].value, band.figures[1].value) for band in bands]
    assert drawn == [
        # band          rows events recall by lists of 2, AUC within the band
        ("under 1 day", 1, 1, 1.0, None),
        ("1 to 7 days", 2, 1, 1.0, 0.5),
        ("8 to 90 days", 3, 1, 0.0, 0.25),
        ("over 90 days", 2, 1, 0.0, 0.0),
    ]


def test_the_lists_as_they_would_have_run() -> None:
    got = replay(rows(), score, STARTS, relationship, 2)
    keys = ("cycle", "n", "with_outcome", "listed", "listed_with_outcome", "new_since_last")
    assert [tuple(getattr(replayed, key) for key in keys) for replayed in got] == [
        (0, 4, 3, 2, 1, None),
        (1, 4, 1, 2, 1, 0),
    ]
    assert got[1].start == "1970-01-31T00:00:00+00:00"


def test_rows_that_share_the_last_place_are_all_on_the_list_whatever_their_ids() -> None:
    tied = np.array([9.0, 8.0, 8.0, 1.0, 7.0, 7.0, 7.0, 7.0])
    assert listed(tied, cycle, 2).tolist() == [True, True, True, False] + [True] * 4
    renumbered = replay(rows(), tied, STARTS, 100 - relationship, 2)
    assert renumbered == replay(rows(), tied, STARTS, relationship, 2)
    assert [(each.listed, each.listed_with_outcome, each.new_since_last) for each in renumbered] == [
        (3, 2, None),
        (4, 1, 1),
    ]


def test_lead_time_is_from_the_first_list_that_held_the_relationship() -> None:
    units = pd.DataFrame(
        {
            "row": [0, 4, 5, 2, -1],
            "incident": [1, 1, 2, 3, 4],
            "as_of": [0, 30 * DAY, 30 * DAY, 0, 0],
            "occurred_at": [40 * DAY, 40 * DAY, 50 * DAY, 5 * DAY, 9 * DAY],
        }
    )
    # Event 1: held on both lists, first 40 days before. Event 2: 20 days. Event 3: not on the list of two. 4: outside.
    got = lead_time(units, cycle, score, 2)
    assert (got.events, got.median_days) == (2, 30.0)
    assert lead_time(units[units["row"] < 0], cycle, score, 2).median_days is None
