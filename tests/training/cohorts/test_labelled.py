"""Labels as known at each fit date: a record within the feed's lag of the date had not reached us by then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import build
from threat.asof import DAY
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.outcomes import label, occurrences
from threat.policy import load_policy
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.force import write
from training.cohorts import labelled as module
from training.cohorts.labelled import LabelledCohort, prepare
from training.cohorts.outcomes import recorded_outcomes
from training.cohorts.sample import draw_fit_rows
from training.config import Settings, load

SETTINGS = load("demo", rung="Y4", calendar={"test_cycles": 3, "validation_folds": 2, "validation_cycles": 2})
LAG = 30 * DAY


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder: Path = tmp_path_factory.mktemp("force")
    write(ForceSettings(relationships=400, years=4, seed=5), folder, lambda _: None)
    return Store.open(folder / "history").snapshot()


def prepared(snapshot: Snapshot, lags: dict[str, int], settings: Settings = SETTINGS) -> LabelledCohort:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "feed_lags", lambda _: lags)
        return prepare(snapshot, settings, load_policy())


def test_a_label_counts_what_had_reached_us_from_the_slowest_feed_by_the_fit_date(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def recorded(
        snapshot: Snapshot, settings: Settings, recorded_before: int | None, lags: dict[str, int]
    ) -> pd.DataFrame:
        assert lags == {"crimes": 0, "custody": LAG}
        asked.append(recorded_before)
        return recorded_outcomes(snapshot, settings, recorded_before, lags)

    monkeypatch.setattr(module, "recorded_outcomes", recorded)
    labelled = prepared(snapshot, {"crimes": 0, "custody": LAG})
    assert labelled.lag == LAG
    assert asked == [fold.fit_date - LAG for fold in labelled.folds.all]
    for fold in labelled.folds.all:
        by_then = label(occurrences(snapshot, "Y4", fold.fit_date - LAG), labelled.cohort.rows, SETTINGS.horizon_days)
        assert (labelled.complete.labels[fold.name] == by_then).all()


def test_every_fold_draws_its_own_rows_and_counts_them(snapshot: Snapshot) -> None:
    few = SETTINGS.model_copy(update={"sampling": SETTINGS.sampling.model_copy(update={"floor": 200})})
    labelled = prepared(snapshot, {}, few)
    for number, fold in enumerate(labelled.folds.all):
        drawn, counts = labelled.complete.drawn[fold.name], labelled.fit_counts[fold.name]
        of_fold, left_out = labelled.cohort.of(fold.fit), labelled.complete.left_out[fold.name]
        rows = of_fold[~left_out.rows[of_fold]]
        assert counts.left_out == left_out.count(of_fold)
        assert counts.left_out.rows == len(of_fold) - len(rows)
        again = draw_fit_rows(labelled.complete.labels[fold.name], rows, few.sampling, few.seed + number)
        assert (drawn.positions == again.positions).all()
        assert (counts.rows, counts.sampled_rows) == (len(rows), len(drawn))
        assert counts.rows_with_outcome == int(labelled.complete.labels[fold.name][rows].sum())


def test_rows_of_the_test_come_with_their_own_features(snapshot: Snapshot) -> None:
    labelled = prepared(snapshot, {})
    lists, matrix = labelled.test_lists, labelled.test_matrix()
    assert len(lists) == len(matrix) == len(labelled.cohort.of(labelled.folds.test.measure))
    assert set(np.unique(lists.cycle)) == {cycle.number for cycle in labelled.folds.test.measure}
    assert (matrix.rows.relationship_id == lists.rows.relationship_id).all()
    np.testing.assert_array_equal(matrix.values, build(labelled.sightings, lists.rows, labelled.catalogue).values)


def test_measured_rows_stand_together_and_are_not_copied(snapshot: Snapshot) -> None:
    labelled = prepared(snapshot, {})
    for fold in labelled.folds.validation:
        rows, measured = labelled.cohort.of(fold.measure), labelled.measured(fold)
        kept = rows[~labelled.complete.left_out["test"].rows[rows]]
        expected = build(labelled.sightings, labelled.cohort.rows.take(kept), labelled.catalogue)
        np.testing.assert_array_equal(measured.values, expected.values)
        assert np.shares_memory(measured.values, labelled.complete.matrix.values)


def test_a_row_without_features_is_refused(snapshot: Snapshot) -> None:
    labelled = prepared(snapshot, {})
    of_test = labelled.cohort.of(labelled.folds.test.measure)
    for rows in (of_test, of_test[:1], of_test[:0:-1]):
        with pytest.raises(IndexError):
            labelled.complete.values_of(rows)


def test_a_sample_says_of_each_row_whose_it_is_and_on_which_list(snapshot: Snapshot) -> None:
    labelled = prepared(snapshot, {})
    fold = labelled.folds.validation[0]
    measured, lists = labelled.measured(fold), labelled.cohort.lists(fold.measure)
    kept = ~labelled.complete.left_out["test"].rows[labelled.cohort.of(fold.measure)]
    np.testing.assert_array_equal(measured.person, lists.rows.subject[kept])
    np.testing.assert_array_equal(measured.cycle, lists.cycle[kept])
    fit, drawn = labelled.fit_sample(labelled.folds.test), labelled.complete.drawn["test"].positions
    np.testing.assert_array_equal(fit.person, labelled.cohort.rows.subject[drawn])
    np.testing.assert_array_equal(fit.cycle, labelled.cohort.cycle[drawn])
