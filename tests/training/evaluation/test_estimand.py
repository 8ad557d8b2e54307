"""What a test estimated, in counts drawn by hand; recall without the first days begins at the headline."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fixtures import evidence
from fixtures.estimands import estimand

from features import load_catalogue
from features.matrix import Matrix
from threat.asof import DAY
from threat.history.sightings import NO_PERSON, Rows
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.cohort import CompetingDeaths
from threat.release.documents.evaluation import MODEL
from training.cohorts.credit import CreditedOutcomes
from training.evaluation.estimand import attribution, blanking, exposure
from training.evaluation.summary import estimand_lines
from training.evaluation.table import Ranking, evaluate

RESAMPLING = Resampling(replicates=40, seed=3)
LINES = pd.DataFrame(
    [
        # Event 0 is shared by two lists; event 1 was of nobody on a list; event 2 is of two relationships.
        (0, 0, 0, 1, 11, 0, 3 * DAY, 0.5),
        (2, 0, 1, 1, 11, 2 * DAY, 3 * DAY, 0.5),
        (1, 2, 0, 2, 12, 0, 20 * DAY, 0.5),
        (3, 2, 0, 2, 13, 0, 20 * DAY, 0.5),
        (-1, 1, 0, 9, NO_PERSON, 0, 5 * DAY, 1.0),
    ],
    columns=["row", "incident", "fold", "subject_id", "person_at_risk_id", "as_of", "occurred_at", "credit"],
)
ROWS = Labelled.of(
    label=[1, 1, 1, 1, 0, 0],
    credit=[0.5, 0.5, 0.5, 0.5, 0, 0],
    person=[1, 2, 1, 2, 3, 4],
    cycle=[0, 0, 1, 0, 0, 1],
    outside_person=[9],
    outside_credit=[1.0],
)
SCORES = np.array([9.0, 5.0, 1.0, 4.0, 3.0, 2.0])
"""Of the first list rows 0 and 1 are its first two, of the second row 5 is its first and row 2 its second."""


def test_who_is_credited() -> None:
    said = attribution(LINES)
    assert (said.events, said.outside_alone, said.several_relationships, said.unknown_person_at_risk) == (3, 1, 1, 1)
    assert said.lists_per_event == pytest.approx((2 + 1 + 1) / 3)
    nothing = attribution(LINES[:0])
    assert (nothing.events, nothing.outside_alone, nothing.lists_per_event) == (0, 0, None)


def test_recall_without_the_first_days_leaves_out_the_lines_that_came_too_soon() -> None:
    """Lists of one hold row 0 (half of event 0) and row 5 (nothing)."""
    lines = blanking(CreditedOutcomes(ROWS, LINES), SCORES, 1, RESAMPLING)
    assert [(line.days, line.events) for line in lines] == [(0, 3), (1, 3), (7, 1), (14, 1)]
    # 0.5 of 3; of event 0 the second list's line is a day ahead of it and stays; from a week on event 2 alone is left.
    assert [line.recall.value for line in lines] == pytest.approx([0.5 / 3, 0.5 / 3, 0.0, 0.0])
    longer = blanking(CreditedOutcomes(ROWS, LINES), SCORES, 2, RESAMPLING)
    assert [line.recall.value for line in longer] == pytest.approx([1.5 / 3, 1.5 / 3, 0.5, 0.5])


def test_a_line_just_at_the_gap_stays_and_one_a_second_sooner_does_not() -> None:
    at_the_gap = LINES.assign(occurred_at=LINES["as_of"] + [DAY, DAY - 1, 7 * DAY, 7 * DAY - 1, 14 * DAY])
    lines = blanking(CreditedOutcomes(ROWS, at_the_gap), SCORES, 9, RESAMPLING)
    assert [line.recall.value for line in lines] == pytest.approx([2 / 3, 1.5 / 2.5, 0.5 / 1.5, 0.0])


def test_with_nothing_left_out_the_recall_is_the_headline_with_its_interval() -> None:
    rng = np.random.default_rng(5)
    label = (rng.random(600) < 0.1).astype(float)
    rows = Labelled.of(label=label, person=np.arange(600) // 2, outside_person=[1, 2, 900], outside_credit=[1, 1, 1])
    inside = np.flatnonzero(label)
    credited = pd.DataFrame(
        {
            "row": np.append(inside, [-1] * 3),
            "incident": np.arange(len(inside) + 3),
            "as_of": 0,
            "occurred_at": 30 * DAY,
            "credit": 1.0,
        }
    )
    scores = rng.normal(size=600) + label
    measured = evaluate(rows, [Ranking(MODEL, "Model", scores)], length=ListLength(60), resampling=RESAMPLING)
    headline = measured.figure(MODEL, "recall_at_capacity")
    for line in blanking(CreditedOutcomes(rows, credited), scores, 60, RESAMPLING):
        assert (line.recall.value, line.recall.interval) == (headline.value, headline.interval)
        assert (line.recall.n, line.recall.events, line.recall.method) == (600, headline.events, headline.method)


def custody(names: list[str] | None = None) -> Matrix:
    catalogue = load_catalogue() if names is None else load_catalogue().only(names)
    values = np.full((4, len(catalogue.names)), np.nan, np.float32)
    if names is None:
        values[:, catalogue.names.index("in_custody")] = [0, 1, 1, 1]
        values[:, catalogue.names.index("days_until_release")] = [np.nan, 90, np.nan, 400]
    ids = np.arange(4)
    return Matrix.of(values, Rows(ids, ids, ids, ids), catalogue)


def test_what_competes_with_the_outcome() -> None:
    settings = evidence.config(settings__horizon_days=180).settings
    said = exposure(custody(), CompetingDeaths(rows=3, people=2), settings)
    assert (said.rows, said.in_custody, said.release_known, said.deaths, said.people_who_died) == (4, 3, 2, 3, 2)
    assert said.share_at_liberty == pytest.approx((1 + 0.5 + 0.15 + 0.02) / 4)
    without = exposure(custody(["kind_partner"]), CompetingDeaths(rows=3, people=2), settings)
    assert (without.in_custody, without.release_known, without.share_at_liberty) == (None, None, None)


def test_the_estimand_in_two_sentences_and_a_table() -> None:
    first, second, *rows = estimand_lines(estimand())
    assert first.startswith(
        "Estimated is how likely severe domestic harm is to be recorded within 180 days of an as-of"
    )
    assert "no plan of a unit is on record" in first
    assert second.endswith("no figure is corrected for either.")
    said = dict(row.strip().split("  ", 1) for row in rows)
    assert said["Y2, severe domestic harm: rape"].strip() == "30"
    assert said["Y0, a domestic homicide: murder"].strip() == "2"
    assert said["Plans of the unit on record"].strip() == "none"
    assert said["without outcomes of the first 7 days"].strip() == "0.300 (0.200 to 0.400)"
