"""Rows that are fitted on, of the cohort's own kind or of another: dates, groups of subjects, what is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from threat.asof import DAY
from threat.errors import BadInput
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.policy import load_policy
from threat.release.documents.settings import FitRows
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.force import write
from training.checks import _dates
from training.cohorts import cohort as cohorts
from training.cohorts.index_incidents import linked_group
from training.cohorts.labelled import LabelledCohort, prepare
from training.config import Settings, load

CALENDAR = {"test_cycles": 3, "validation_folds": 2, "validation_cycles": 2, "look_back_days": 365}
ALL: list[FitRows] = ["index", "monthly", "both", "random_day"]


def settings_of(kind: str, fit_rows: list[FitRows], folds: int = 2) -> Settings:
    cohort = {"kind": kind, "fit_rows": fit_rows}
    return load("demo", rung="Y4", cohort=cohort, calendar=CALENDAR | {"validation_folds": folds}, seed=3)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder: Path = tmp_path_factory.mktemp("force")
    write(ForceSettings(relationships=200, years=4, seed=5), folder, lambda _: None)
    return Store.open(folder / "history").snapshot()


@pytest.fixture(scope="module")
def in_time(snapshot: Snapshot) -> LabelledCohort:
    return prepare(snapshot, settings_of("incident", ALL), load_policy())


@pytest.fixture(scope="module")
def across(snapshot: Snapshot) -> LabelledCohort:
    return prepare(snapshot, settings_of("incident", ALL, folds=0), load_policy())


@pytest.mark.parametrize("fit_rows", ALL)
def test_every_fit_row_obeys_the_dates_of_its_fold_and_checks_read_them(
    in_time: LabelledCohort, fit_rows: FitRows
) -> None:
    labelled = in_time.refitted_on(fit_rows)
    wait = (labelled.folds.horizon_days + labelled.folds.embargo_days) * DAY
    for fold, dates in zip(labelled.folds.all, _dates(labelled).folds, strict=True):
        as_ofs = labelled.fit_rows_of(fold).as_of
        assert len(as_ofs) == len(labelled.fit_sample(fold).label) == labelled.fit_counts[fold.name].sampled_rows
        assert as_ofs.max() + wait <= fold.fit_date
        assert as_ofs.min() >= fold.fit[0].start
        assert dates.holds


def test_a_row_after_the_start_of_a_cycle_waits_until_its_own_window_has_closed(snapshot: Snapshot) -> None:
    """A monthly cohort's last fit cycle has closed for its first instant, not yet for the incidents of the month."""
    labelled = prepare(snapshot, settings_of("monthly", ["monthly", "index", "random_day"]), load_policy())
    wait = (labelled.folds.horizon_days + labelled.folds.embargo_days) * DAY
    test = labelled.folds.test
    assert test.fit[-1].end + wait > test.fit_date
    for kind in ("index", "random_day"):
        cohort, fitted = labelled.rows[kind].cohort, labelled.rows[kind].may_fit["test"]
        late = cohort.rows.as_of + wait > test.fit_date
        assert late.any()
        assert not late[fitted].any()


@pytest.mark.parametrize("fit_rows", ALL)
def test_what_is_measured_does_not_depend_on_what_is_fitted_on(
    in_time: LabelledCohort, across: LabelledCohort, fit_rows: FitRows
) -> None:
    for labelled in (in_time, across):
        pairs = zip(labelled.refitted_on("index").pairs(), labelled.refitted_on(fit_rows).pairs(), strict=True)
        for (_, expected), (_, measured) in pairs:
            np.testing.assert_array_equal(measured.values, expected.values)
            np.testing.assert_array_equal(measured.person, expected.person)
            assert (measured.weight == 1).all()


@pytest.mark.parametrize("fit_rows", ALL)
def test_no_subject_of_a_measured_group_is_fitted_on_by_any_kind_of_row(
    across: LabelledCohort, fit_rows: FitRows
) -> None:
    pairs = across.refitted_on(fit_rows).pairs()
    fitted_rows = across.refitted_on(fit_rows).fit_sample(across.folds.test)
    links = across.snapshot.links
    for fit, measured in pairs:
        fitted, left_out = (set(linked_group(links, sample.person).tolist()) for sample in (fit, measured))
        assert fitted
        assert left_out
        assert not fitted & left_out
    # Each group is left out once: every fit row is in all fits but one.
    assert sum(len(fit.label) for fit, _ in pairs) == (len(pairs) - 1) * len(fitted_rows.label)
    # The groups together are the complete lists of the fit cycles.
    assert sum(len(measured.label) for _, measured in pairs) == len(across.complete.may_fit["test"])


def test_both_are_the_monthly_rows_and_then_the_index_rows(in_time: LabelledCohort) -> None:
    test = in_time.folds.test
    both, monthly, index = (in_time.refitted_on(kind) for kind in ("both", "monthly", "index"))
    np.testing.assert_array_equal(
        both.fit_rows_of(test).as_of, np.concatenate([monthly.fit_rows_of(test).as_of, index.fit_rows_of(test).as_of])
    )
    np.testing.assert_array_equal(
        both.fit_sample(test).weight, np.concatenate([part.fit_sample(test).weight for part in (monthly, index)])
    )
    of_both, *parts = (labelled.fit_counts["test"] for labelled in (both, monthly, index))
    assert of_both.rows == sum(part.rows for part in parts)
    assert of_both.rows_with_outcome == sum(part.rows_with_outcome for part in parts)
    assert max(part.relationships for part in parts) <= of_both.relationships < sum(p.relationships for p in parts)


def test_monthly_rows_that_are_fitted_on_are_those_of_a_monthly_cohort(
    snapshot: Snapshot, in_time: LabelledCohort
) -> None:
    fitted = {cycle for fold in in_time.folds.all for cycle in fold.fit}
    expected = cohorts.monthly(snapshot, sorted(fitted, key=lambda cycle: cycle.start), load_policy(), in_time.lag)
    rows = in_time.rows["monthly"].cohort.rows
    np.testing.assert_array_equal(rows.relationship_id, expected.rows.relationship_id)
    np.testing.assert_array_equal(rows.as_of, expected.rows.as_of)


def test_without_candidates_a_cohort_is_fitted_on_its_own_rows_alone(snapshot: Snapshot) -> None:
    labelled = prepare(snapshot, settings_of("incident", []), load_policy())
    assert (labelled.fitted_on, list(labelled.rows)) == ("index", ["index"])


def test_a_candidate_without_an_outcome_is_refused_by_its_name(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cohorts.indexed

    def nobody(*given: object) -> cohorts.Cohort:
        rows = real(*given)  # type: ignore[arg-type]
        none = np.zeros(0, np.int64)
        return cohorts.Cohort(rows.rows.take(none), none, [])

    monkeypatch.setattr(cohorts, "indexed", nobody)
    with pytest.raises(BadInput, match="No Y4 outcome was on record by the fit date of validation_1") as error:
        prepare(snapshot, settings_of("monthly", ["monthly", "index"]), load_policy())
    assert "0 rows (index)" in str(error.value)
    assert "leave index out of cohort.fit_rows" in str(error.value)
