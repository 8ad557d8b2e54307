"""Freshness, replay, lead time and calibration on hand-made arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.evaluation.calibration import calibration, recalibration_line
from training.evaluation.figures import Block, Draws
from training.evaluation.slices import by_freshness, lead_time, replay
from training.evaluation.table import Ranking, evaluate, ladder

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


def block() -> Block:
    hits = np.flatnonzero(label)
    none = np.zeros(0, np.int64)
    return Block(
        relationship, cycle, label.astype(np.uint8), label.astype(float), hits, 100 + hits, none, np.zeros(0), none
    )


def test_bands_of_freshness() -> None:
    b = block()
    bands = by_freshness(b, Draws.of(b, 0, 1), [("score", score)], days, 2)
    drawn = [
        (band["band"], band["n"], band["events"], band["figures"][0]["value"], band["figures"][1]["value"])
        for band in bands
    ]
    assert drawn == [
        # band          rows events recall by lists of 2, AUC within the band
        ("under 1 day", 1, 1, 1.0, None),
        ("1 to 7 days", 2, 1, 1.0, 0.5),
        ("8 to 90 days", 3, 1, 0.0, 0.25),
        ("over 90 days", 2, 1, 0.0, 0.0),
    ]


def test_the_lists_as_they_would_have_run() -> None:
    got = replay(block(), score, STARTS, relationship, 2)
    keys = ("cycle", "n", "with_outcome", "listed", "listed_with_outcome", "new_since_last")
    assert [tuple(entry[key] for key in keys) for entry in got] == [(0, 4, 3, 2, 1, None), (1, 4, 1, 2, 1, 0)]
    assert got[1]["start"] == "1970-01-31T00:00:00+00:00"


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
    got = lead_time(units, cycle, score, relationship, 2)
    assert (got["events"], got["median_days"]) == (2, 30.0)
    assert lead_time(units[units["row"] < 0], cycle, score, relationship, 2)["median_days"] is None


@pytest.mark.parametrize(("capacity", "sizes"), [(50, [12, 25, 50, 100, 200]), (2, [1, 2, 4, 8]), (1, [1, 2, 4])])
def test_ladder(capacity: int, sizes: list[int]) -> None:
    assert ladder(capacity) == sizes


def population(n: int, seed: int) -> tuple[Block, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-rng.normal(-2, 1, n)))
    y = (rng.random(n) < p).astype(np.uint8)
    none = np.zeros(0, np.int64)
    b = Block(
        np.arange(n),
        np.zeros(n, np.int64),
        y,
        y.astype(float),
        np.flatnonzero(y),
        np.flatnonzero(y),
        none,
        np.zeros(0),
        none,
    )
    return b, p


def test_calibration_of_true_probabilities_is_right_and_of_squeezed_ones_is_not() -> None:
    b, p = population(20_000, 1)
    draws = Draws.of(b, 60, 1)
    got = calibration(b, draws, p)
    for name, right in (("slope", 1.0), ("observed_over_expected", 1.0)):
        low, high = got[name]["interval"]
        assert low < right < high
        assert high - low < 0.15
    odds = np.log(p / (1 - p))
    halved = 1 / (1 + np.exp(-odds / 2))
    assert recalibration_line(b, draws, halved)[1][0] == pytest.approx(2 * got["slope"]["value"], rel=0.01)
    assert sum(one["n"] for one in got["bins"]) == 20_000
    for one in got["bins"]:
        assert one["value"] == pytest.approx(one["slice"]["expected"], abs=0.05)
    assert np.isnan(recalibration_line(b, draws, np.full(20_000, 0.1))[1]).all()


def test_differences_are_paired() -> None:
    """A ranking against itself differs by nothing in every replicate."""
    b, p = population(400, 2)
    document = evaluate(
        b, [Ranking("score", "a", p, p), Ranking("same", "b", p, p)], capacity=20, replicates=30, seed=3
    )
    differences = {one["name"]: one for one in document["rankings"][1]["figures"] if "difference" in one["name"]}
    assert set(differences) == {"recall_difference", "mean_recall_difference", "auc_difference", "brier_difference"}
    assert all(one["interval"] == [0.0, 0.0] and one["value"] == 0.0 for one in differences.values())


def test_a_cohort_without_outcomes_gets_reasons_and_no_values() -> None:
    b, p = population(30, 3)
    empty = replace(b, label=b.label * 0, credit=b.credit * 0, pair_row=b.pair_row[:0], pair_event=b.pair_event[:0])
    document = evaluate(empty, [Ranking("score", "a", p, p)], capacity=5, replicates=10, seed=1, freshness=p)
    named = {one["name"]: one for one in document["rankings"][0]["figures"]}
    for name in ("recall_at_capacity", "auc", "lift_at_capacity"):
        assert named[name]["value"] is None
        assert named[name]["reason"] == "no outcomes in the window"
    assert named["precision_at_capacity"]["value"] == 0.0
    assert "Only 0 outcome events" in document["warnings"][0]
