"""Cohorts and outcome credit on the golden force: twelve relationships drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import golden_force as golden

from threat.asof import parse_as_of, show
from threat.history.snapshot import Snapshot
from threat.measuring.list_length import ListLength
from threat.measuring.resampling import Resampling
from threat.outcomes import label, occurrences
from threat.policy import load_policy
from training.cohorts import cohort as cohorts
from training.cohorts.cohort import Lists
from training.cohorts.credit import OutcomeEvents, credit_outcomes
from training.cohorts.folds import Cycle, cycles
from training.config import CohortSettings
from training.evaluation.table import Ranking, evaluate

NAMES = {golden.relationship_id(name): name for name in golden.KINDS}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return golden.build(tmp_path_factory.mktemp("golden") / "history").snapshot()


def months(first: str, last: str, *, spread: bool) -> list[Cycle]:
    return cycles(parse_as_of(first), parse_as_of(last), "month", spread=spread)


def test_monthly_cohort_keeps_its_attrition(snapshot: Snapshot) -> None:
    got = cohorts.monthly(snapshot, months("2024-06-01", "2024-06-01", spread=False), load_policy())
    assert sorted(NAMES[r] for r in got.rows.relationship_id) == list(golden.ORDER)
    dropped = {step.step: step.dropped for step in got.attrition[0].steps if step.dropped}
    assert dropped == {"one_person": 1, "twice": 1, "window": 1}


def test_indexed_cohort_is_each_relationship_an_hour_after_a_domestic_incident_was_recorded(snapshot: Snapshot) -> None:
    got = cohorts.indexed(snapshot, months("2024-05-01", "2024-05-31T23:59:59+00:00", spread=True), 3600, load_policy())
    rows = [(NAMES[r], show(at)[:16]) for r, at in zip(got.rows.relationship_id, got.rows.as_of, strict=True)]
    assert rows == [
        ("G06", "2024-05-07T09:00"),
        ("G01", "2024-05-10T21:00"),
        ("G05", "2024-05-15T06:00"),
        ("G04", "2024-05-20T07:00"),
        ("G03", "2024-05-24T05:00"),
        ("G08", "2024-05-25T03:00"),  # recorded against the wrong pair, withdrawn three days later: not known yet
        ("G02", "2024-05-27T04:00"),
        ("G01", "2024-05-30T03:00"),
    ]
    # Not: G07, whose incident of 20 May was recorded in June; the unit's own visit; a marker about one person.


def test_a_merge_that_makes_both_parties_one_person_leaves_no_row(snapshot: Snapshot) -> None:
    month = months("2024-01-01", "2024-01-31T23:59:59+00:00", spread=True)
    before = cohorts.indexed(snapshot, month, 3600, load_policy())
    assert "G12" in {NAMES[r] for r in before.rows.relationship_id}
    after = cohorts.indexed(
        snapshot, [Cycle(0, month[0].start, month[0].end + 30 * 86_400, 0)], 30 * 86_400, load_policy()
    )
    assert "G12" not in {NAMES[r] for r in after.rows.relationship_id}
    assert {step.step: step.dropped for step in after.attrition[0].steps if step.dropped} == {"two parties": 1}


def credit_of(snapshot: Snapshot, lists: Lists, every_row=None):
    outcomes = occurrences(snapshot, "Y2")
    got = credit_outcomes(snapshot, OutcomeEvents.of(outcomes), lists, 180, index_rows=every_row)
    assert (got.rows.label == label(outcomes, lists.rows, 180)).all()
    return got.rows, got.credit_lines


def test_every_outcome_counts_once_over_the_lists_that_could_have_foreseen_it(snapshot: Snapshot) -> None:
    lists = months("2024-05-01", "2024-06-01", spread=False)
    got = cohorts.monthly(snapshot, lists, load_policy())
    labelled, units = credit_of(snapshot, got.lists(lists))
    drawn = {
        (NAMES[r], int(c)): float(w)
        for r, c, w in zip(got.rows.relationship_id, got.cycle, labelled.credit, strict=True)
        if w
    }
    assert drawn == {
        # G01 on 15 August and G03 on 10 July: both lists. G02 on 27 and G07 on 20 May: the first list only.
        ("G01", 0): 0.5, ("G01", 1): 0.5, ("G03", 0): 0.5, ("G03", 1): 0.5, ("G02", 0): 1.0, ("G07", 0): 1.0,
    }  # fmt: skip
    # G11's murder on 1 October: outside both. G02's rape was withdrawn.
    assert labelled.outside_credit.tolist() == [0.5, 0.5]
    assert (labelled.events, labelled.events_inside) == (5, 4)
    assert units["credit"].sum() == pytest.approx(5)
    scores = np.array([-golden.ORDER.index(NAMES[r]) for r in got.rows.relationship_id], float)
    order = [Ranking("score", "hand-drawn order", scores)]
    measured = evaluate(labelled, order, length=ListLength(1), resampling=Resampling(replicates=20, seed=1))
    wanted = ("recall_at_capacity", "coverage", "in_cohort_recall")
    values = {name: measured.figure("score", name).value for name in wanted}
    assert values == {
        "recall_at_capacity": 0.2,  # G01 on both lists: one of five
        "coverage": 0.8,
        "in_cohort_recall": 0.25,
    }
    assert measured.figure("score", "precision_at_capacity").value == 1.0
    assert measured.figure("score", "prevalence").value == pytest.approx(6 / len(got.rows))


def test_an_outcome_after_several_index_incidents_is_shared_among_them(snapshot: Snapshot) -> None:
    every = months("2024-01-01", "2024-05-31T23:59:59+00:00", spread=True)
    whole = cohorts.indexed(snapshot, every, 3600, load_policy())
    may = whole.lists(every[-1:])
    rows = may.rows
    labelled, _ = credit_of(snapshot, may, whole.rows)
    drawn = [
        (NAMES[r], show(at)[:10], round(float(w), 4))
        for r, at, w in zip(rows.relationship_id, rows.as_of, labelled.credit, strict=True)
        if w
    ]
    # G01's outcome of 15 August lies within 180 days of 20 March, 10 and 30 May; G03's of 10 July of 20 February too.
    assert drawn == [("G01", "2024-05-10", 0.3333), ("G03", "2024-05-24", 0.5), ("G01", "2024-05-30", 0.3333)]
    # In May itself G07's outcome (20 May) followed an index of 23 April: neither in this cohort nor beyond all others.
    assert len(labelled.outside_credit) == 0
    later = (Cycle(9, parse_as_of("2024-09-15"), parse_as_of("2024-11-01"), parse_as_of("2024-10-31")),)
    labelled, units = credit_of(snapshot, Lists(later, cohorts.joined([]), np.zeros(0, np.int64)), whole.rows)
    # G11's murder of 1 October followed no index incident within 180 days: outside.
    assert units["credit"].tolist() == [1.0]
    assert NAMES_OF_SUBJECT[int(units["subject_id"].iloc[0])] == "S11"
    assert labelled.outside_person.tolist() == [0]


def test_an_outcome_after_an_index_incident_that_no_fold_uses_is_not_outside(snapshot: Snapshot) -> None:
    may = months("2024-05-01", "2024-05-31T23:59:59+00:00", spread=True)
    settings = CohortSettings(kind="incident")
    got = cohorts.indexed(snapshot, may, settings.after_seconds, load_policy())
    alone, _ = credit_of(snapshot, got.lists(may), got.rows)
    assert len(alone.outside_credit) == 2  # among them G07's of 20 May, indexed in April: wrongly nobody's
    every = cohorts.index_rows(snapshot, may, settings, load_policy(), 180)
    assert every is not None
    assert {*got.rows.as_of.tolist()} < {*every.as_of.tolist()}
    labelled, _ = credit_of(snapshot, got.lists(may), every)
    assert len(labelled.outside_credit) == 0
    assert sorted(labelled.credit[labelled.credit > 0].round(4).tolist()) == [0.3333, 0.3333, 0.5]
    assert cohorts.index_rows(snapshot, may, CohortSettings(), load_policy(), 180) is None


NAMES_OF_SUBJECT = {golden.person_id(name): name for name in golden.PERSONS}


def test_outcomes_of_the_person_at_risk_go_to_every_row_in_which_they_are_at_risk(snapshot: Snapshot) -> None:
    lists = months("2024-06-01", "2024-06-01", spread=False)
    got = cohorts.monthly(snapshot, lists, load_policy())
    outcomes = occurrences(snapshot, "Y5")
    labelled = credit_outcomes(snapshot, OutcomeEvents.of(outcomes), got.lists(lists), 180).rows
    assert [NAMES[r] for r in got.rows.relationship_id[labelled.label == 1]] == ["G08"]
    assert labelled.persons == 10  # each row whose subject is not an outcome's keeps its own
