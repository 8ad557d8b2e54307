"""Rows of which nothing was left to foresee: after a death or an outcome that nobody could know of yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.history_rows import BATCH, events, links, persons, relationships

from threat.asof import DAY, NEVER
from threat.history import Rows, Snapshot, Store
from threat.history.deaths import Deaths
from threat.outcomes import occurrences
from training.cohorts.left_out import Hindsight

S, P, OTHER = 1, 2, 3
PAIR = {"subject_id": S, "person_at_risk_id": P}


def history(folder: Path, *rows: dict[str, Any], **more: Any) -> Snapshot:
    store = Store.create(folder / "store")
    tables = {"persons": persons(S, P, OTHER), "relationships": relationships((9, S, P)), "events": events(*rows)}
    store.append(BATCH, tables | more)
    return store.snapshot()


def hindsight(snapshot: Snapshot, rung: str = "Y2", cut: int = NEVER, horizon_days: int = 30) -> Hindsight:
    deaths = Deaths.of(snapshot.sightings()).known_before(cut)
    return Hindsight(deaths, occurrences(snapshot, rung, cut), snapshot.relationships, cut, horizon_days)


def rows(snapshot: Snapshot, *days: float) -> Rows:
    """Rows of S towards P, the first relationship of the history."""
    return snapshot.rows(np.full(len(days), relationship(snapshot)), [int(day * DAY) for day in days])


def relationship(snapshot: Snapshot) -> int:
    everyone = snapshot.relationships
    of_pair = (everyone.subject_id == S) & (everyone.person_at_risk_id == P)
    return int(everyone.relationship_id[of_pair][0])


@pytest.mark.parametrize(
    "death",
    [
        {"kind": "death", "person_id": P},
        {"kind": "suspected_suicide", "person_id": S},
        {"kind": "murder", "subject_id": OTHER, "person_at_risk_id": P},
    ],
    ids=lambda death: death["kind"],
)
def test_rows_between_a_death_and_its_recording(tmp_path: Path, death: dict[str, Any]) -> None:
    died = {"event_id": 1, "occurred_at": 10 * DAY, "recorded_at": 20 * DAY}
    snapshot = history(tmp_path, death | died)
    drawn = rows(snapshot, 10, 10.5, 20)
    left_out = hindsight(snapshot).left_out(drawn)
    assert left_out.by_death.tolist() == [False, True, True]
    counts = left_out.count(np.arange(3))
    assert (counts.death_not_yet_recorded, counts.outcome_not_yet_recorded, counts.rows) == (2, 0, 2)
    # Of other causes than the relationship's own outcome: the first row, and nobody else's.
    competing = hindsight(snapshot).competing(drawn, among=~left_out.rows)
    assert (competing.rows, competing.people) == (1, 1)


def test_a_fit_knows_no_death_that_was_recorded_after_its_date(tmp_path: Path) -> None:
    row = {"event_id": 1, "kind": "death", "person_id": P, "occurred_at": 10 * DAY, "recorded_at": 20 * DAY}
    snapshot = history(tmp_path, row)
    by_date = [hindsight(snapshot, cut=cut).left_out(rows(snapshot, 15)).rows[0] for cut in (20 * DAY, 20 * DAY + 1)]
    assert by_date == [False, True]


def test_rows_after_an_outcome_that_was_not_yet_on_record(tmp_path: Path) -> None:
    row = PAIR | {"event_id": 1, "kind": "rape", "occurred_at": 10 * DAY, "recorded_at": 20 * DAY}
    snapshot = history(tmp_path, row)
    drawn = rows(snapshot, 10, 11, 20, 21)
    left_out = hindsight(snapshot).left_out(drawn)
    assert left_out.rows.tolist() == left_out.by_outcome.tolist() == [False, True, True, False]
    assert hindsight(snapshot).labels(drawn).tolist() == [1, 0, 0, 0]
    assert left_out.count(np.arange(4)).outcome_not_yet_recorded == 2


def test_the_murder_itself_is_the_outcome_of_its_day_and_no_death_before_it(tmp_path: Path) -> None:
    row = PAIR | {"event_id": 1, "kind": "murder", "occurred_at": 10 * DAY, "occurred_precision": "day"}
    snapshot = history(tmp_path, row | {"recorded_at": 20 * DAY})
    drawn = rows(snapshot, 9, 10.5, 11)
    left_out = hindsight(snapshot, "Y0").left_out(drawn)
    assert hindsight(snapshot, "Y0").labels(drawn).tolist() == [1, 1, 0]
    assert left_out.rows.tolist() == [False, False, True]
    # A row with two reasons is counted as a death.
    assert left_out.count(np.arange(3)).death_not_yet_recorded == 1
    assert hindsight(snapshot, "Y0").competing(drawn, among=~left_out.rows).rows == 0


def test_a_death_on_record_under_an_id_that_was_found_to_be_the_person_later(tmp_path: Path) -> None:
    row = {"event_id": 1, "kind": "death", "person_id": OTHER, "occurred_at": 10 * DAY}
    snapshot = history(tmp_path, row, person_links=links((OTHER, P, 20 * DAY, None)))
    assert hindsight(snapshot).left_out(rows(snapshot, 9, 15)).by_death.tolist() == [False, True]
    twice = history(tmp_path / "twice", row, person_links=links((P, OTHER, 20 * DAY, None)))
    assert hindsight(twice).left_out(rows(twice, 9, 15)).by_death.tolist() == [False, True]
    assert hindsight(twice).competing(rows(twice, 9, 9.5), np.ones(2, bool)).people == 1
