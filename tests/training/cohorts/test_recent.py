"""Pairs of a shorter history: the same rows, each with the features of a store whose older records were taken out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features import build
from threat.asof import DAY
from threat.history.sightings import Rows
from threat.history.store import Store
from threat.policy import load_policy
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.force import write
from threat.vocabulary import kinds
from training.cohorts.labelled import LabelledCohort, prepare
from training.cohorts.recent import recent_pairs
from training.config import load


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> LabelledCohort:
    folder: Path = tmp_path_factory.mktemp("force")
    write(ForceSettings(relationships=300, years=4, seed=5), folder, lambda _: None)
    settings = load(
        "demo",
        rung="Y4",
        cohort={"kind": "incident", "fit_rows": ["both"]},
        calendar={"test_cycles": 3, "validation_folds": 2, "validation_cycles": 2},
    )
    return prepare(Store.open(folder / "history").snapshot(), settings, load_policy())


def rows_of(labelled: LabelledCohort) -> list[tuple[Rows, Rows]]:
    """The rows fitted on and the rows measured, fold by fold, as the pairs hold them."""
    out = []
    for fold in labelled.folds.validation:
        measured = labelled.cohort.of(fold.measure)
        kept = measured[~labelled.complete.left_out["test"].rows[measured]]
        out.append((labelled.fit_rows_of(fold), labelled.cohort.rows.take(kept)))
    return out


def by_hand(labelled: LabelledCohort, row: Rows, days: int) -> tuple[NDArray[np.float32], bool]:
    """The features of one row from a store without older records, and whether a party has one that was visible."""
    sightings, as_of = labelled.sightings, int(row.as_of[0])
    start = as_of - days * DAY
    lasting = [kind.number for kind in kinds().values() if kind.lasts in ("stay", "order")]
    kept = sightings.occurred_at >= start
    kept |= np.isin(sightings.kind, lasting) & (sightings.until > start)
    kept |= sightings.kind == kinds()["relationship_recorded"].number
    gone = sightings.visible_at(as_of) & ~kept
    parties = [sightings.rows_of(int(party[0])) for party in (row.subject, row.at_risk)]
    return build(sightings.take(kept), row, labelled.catalogue).values[0], any(gone[part].any() for part in parties)


def test_every_row_reads_its_last_months_and_nothing_else_of_the_pairs_changes(labelled: LabelledCohort) -> None:
    recent = recent_pairs(labelled, 12)
    whole, rows, rng = labelled.pairs(), rows_of(labelled), np.random.default_rng(3)
    assert (recent.months, recent.days) == (12, 365)
    for number, pair in enumerate(recent.pairs):
        for side, sample in enumerate(pair):
            same = whole[number][side]
            for name in ("label", "weight", "person", "cycle"):
                np.testing.assert_array_equal(getattr(sample, name), getattr(same, name))
            flags = recent.older[number][side].values[:, 0] > 0
            np.testing.assert_array_equal(sample.values[~flags], same.values[~flags])
            for i in rng.choice(len(sample.label), 12, replace=False):
                values, older = by_hand(labelled, rows[number][side].take(np.array([i])), 365)
                np.testing.assert_array_equal(sample.values[i], values)
                assert flags[i] == older


def test_the_rows_with_an_older_record_are_counted(labelled: LabelledCohort) -> None:
    counts = recent_pairs(labelled, 12).counts
    fit, measured = ([pair[side] for pair in rows_of(labelled)] for side in (0, 1))
    assert counts["rows"] == sum(map(len, measured))
    assert counts["fit_rows"] == sum(map(len, fit))
    by_row = [by_hand(labelled, rows.take(np.array([i])), 365)[1] for rows in measured for i in range(len(rows))]
    assert 0 < counts["rows_with_older"] == sum(by_row) < counts["rows"]
    assert 0 < counts["fit_rows_with_older"] < counts["fit_rows"]


def test_a_length_beyond_the_record_changes_no_value_and_is_said_not_to_matter(labelled: LabelledCohort) -> None:
    recent = recent_pairs(labelled, 600)
    assert not recent.matters
    assert (recent.counts["rows_with_older"], recent.counts["fit_rows_with_older"]) == (0, 0)
    for cut, whole in zip(recent.pairs, labelled.pairs(), strict=True):
        for side in (0, 1):
            assert cut[side].values.tobytes() == whole[side].values.tobytes()
