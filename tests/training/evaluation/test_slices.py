"""Freshness, replay, lead time and calibration on hand-made arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fixtures.ranked_rows import drawn

from threat.measuring.ranked import EventKeys, Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling
from training.evaluation.calibration import calibration, recalibration_line
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


def rows() -> Labelled:
    hits = np.flatnonzero(label)
    keys = EventKeys(row=hits, event=100 + hits, outside=hits[:0])
    return Labelled.of(label=label, person=relationship, cycle=cycle, keys=keys)


def without_draws(labelled: Labelled, replicates: int = 0) -> Draws:
    return Draws.of(labelled.persons, Resampling(replicates=replicates, seed=1))


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
    assert (got.events, got.median_days) == (2, 30.0)
    assert lead_time(units[units["row"] < 0], cycle, score, relationship, 2).median_days is None


@pytest.mark.parametrize(("capacity", "sizes"), [(50, [12, 25, 50, 100, 200]), (2, [1, 2, 4, 8]), (1, [1, 2, 4])])
def test_ladder(capacity: int, sizes: list[int]) -> None:
    assert ladder(capacity) == sizes


def crowd(n: int, seed: int) -> tuple[Labelled, np.ndarray]:
    """Each row its own person, with an outcome as likely as its probability says."""
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-rng.normal(-2, 1, n)))
    y = rng.random(n) < p
    return drawn([(i, 0, int(hit), float(hit)) for i, hit in enumerate(y)]), p


def with_probability(labelled: Labelled, p: np.ndarray) -> Ranked:
    return Ranked(rows=labelled, score=p, probability=p)


def test_calibration_of_true_probabilities_is_right_and_of_squeezed_ones_is_not() -> None:
    labelled, p = crowd(20_000, 1)
    draws = without_draws(labelled, replicates=60)
    got = calibration(with_probability(labelled, p), draws)
    for name, right in (("slope", 1.0), ("observed_over_expected", 1.0)):
        low, high = getattr(got, name).interval
        assert low < right < high
        assert high - low < 0.15
    odds = np.log(p / (1 - p))
    halved = 1 / (1 + np.exp(-odds / 2))
    assert recalibration_line(with_probability(labelled, halved), draws)[1][0] == pytest.approx(
        2 * got.slope.value, rel=0.01
    )
    assert sum(bin_.observed.n for bin_ in got.bins) == 20_000
    for bin_ in got.bins:
        assert bin_.low <= bin_.expected <= bin_.high
        assert bin_.observed.value == pytest.approx(bin_.expected, abs=0.05)
    assert np.isnan(recalibration_line(with_probability(labelled, np.full(20_000, 0.1)), draws)[1]).all()


def test_differences_are_paired() -> None:
    """A ranking against itself differs by nothing in every replicate."""
    labelled, p = crowd(400, 2)
    both = [Ranking("score", "a", p, p), Ranking("same", "b", p, p)]
    measured = evaluate(labelled, both, capacity=20, resampling=Resampling(replicates=30, seed=3))
    differences = {figure.name: figure for figure in measured.rankings[1].figures if "difference" in figure.name}
    assert set(differences) == {"recall_difference", "mean_recall_difference", "auc_difference", "brier_difference"}
    assert all(figure.interval == (0.0, 0.0) and figure.value == 0.0 for figure in differences.values())


def test_a_cohort_without_outcomes_gets_reasons_and_no_values() -> None:
    labelled, p = crowd(30, 3)
    none = labelled.cycle[:0]
    empty = replace(
        labelled,
        label=labelled.label * 0,
        credit=labelled.credit * 0,
        keys=EventKeys(row=none, event=none, outside=none),
    )
    resampling = Resampling(replicates=10, seed=1)
    measured = evaluate(empty, [Ranking("score", "a", p, p)], capacity=5, resampling=resampling, freshness=p)
    named = {figure.name: figure for figure in measured.rankings[0].figures}
    for name in ("recall_at_capacity", "auc", "lift_at_capacity"):
        assert named[name].value is None
        assert named[name].reason == "no outcomes in the window"
    assert named["precision_at_capacity"].value == 0.0
    assert "Only 0 outcome events" in measured.warnings[0]
