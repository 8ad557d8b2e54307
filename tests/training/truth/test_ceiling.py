"""The rows a ceiling is fitted on, and the forces that are refused as a reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from threat.errors import UsageError
from threat.history.sightings import Rows
from training.cohorts.cohort import Cohort
from training.truth import ceiling
from training.truth.judged_lists import Lookahead


def test_no_subject_is_both_fitted_on_and_left_out() -> None:
    """Of 5,000 rows of 400 subjects, 3,000 are drawn; about a fifth of the subjects come last, in whole."""
    subject = np.random.default_rng(0).integers(0, 400, 5_000)
    number = np.arange(5_000)
    cohort = Cohort(Rows(number, subject, number, number * 7), number % 12, [])
    drawn = ceiling.draw_rows(cohort, 3_000, seed=3)
    assert len(drawn.rows) == 3_000
    assert len(np.unique(drawn.rows.relationship_id)) == 3_000
    fitted, left_out = drawn.rows.subject[: drawn.fitted], drawn.rows.subject[drawn.fitted :]
    assert not np.intersect1d(fitted, left_out).size
    assert 55 <= len(np.unique(left_out)) <= 105
    np.testing.assert_array_equal(drawn.cycle, drawn.rows.relationship_id % 12)
    np.testing.assert_array_equal(drawn.rows.as_of, drawn.rows.relationship_id * 7)


def test_fewer_rows_than_asked_for_are_all_drawn() -> None:
    number = np.arange(30)
    drawn = ceiling.draw_rows(Cohort(Rows(number, number, number, number), number, []), 1_000_000, seed=1)
    assert sorted(drawn.rows.relationship_id.tolist()) == list(range(30))


def test_a_reference_must_be_independent(tmp_path: Path) -> None:
    from threat.simulation import force

    force.write(force.Settings(relationships=60, years=1, seed=2), tmp_path / "a")
    force.write(force.Settings(relationships=60, years=2, seed=3), tmp_path / "b")
    with pytest.raises(UsageError, match="not independent"):
        ceiling.fit(None, tmp_path / "a", tmp_path / "a", how=Lookahead())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="other dates"):
        ceiling.fit(None, tmp_path / "a", tmp_path / "b", how=Lookahead())  # type: ignore[arg-type]
