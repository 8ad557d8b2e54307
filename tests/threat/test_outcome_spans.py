"""When an outcome counts for a row: ahead, in its label window, left out, or on record; always exactly one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures.history_rows import BATCH, events, persons, relationships
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.asof import DAY, on_record
from threat.history import Rows, Store
from threat.history.sightings import NO_PERSON
from threat.outcomes import label, occurrences, unrecorded
from training.cohorts.feed_lag import delayed

S, P, OTHER = 1, 2, 3
DAY_5 = 5 * DAY


@st.composite
def outcome(draw: st.DrawFn) -> dict[str, int]:
    """A moment, a day or a course, between pairs or of the person at risk alone, on record at once or later."""
    occurred = draw(st.integers(0, 40))
    subject, at_risk = draw(st.sampled_from([(S, P), (S, OTHER), (OTHER, P), (NO_PERSON, P), (S, NO_PERSON)]))
    return {
        "subject_id": subject,
        "person_at_risk_id": at_risk,
        "occurred_at": occurred,
        "end_at": occurred + draw(st.sampled_from([1, 10, 25])),
        "recorded_at": occurred + draw(st.integers(0, 40)),
    }


@settings(deadline=None)  # frames take long on a busy machine
@given(st.lists(outcome(), max_size=6), st.integers(0, 20))
def test_labels_and_rows_left_out_are_those_of_the_plain_definitions(
    outcomes: list[dict[str, int]], horizon: int
) -> None:
    as_of = np.arange(-25, 100)
    rows = Rows(as_of, np.full(len(as_of), S), np.full(len(as_of), P), as_of)
    frame = pd.DataFrame(outcomes, columns=list(outcome_columns()), dtype=np.int64)
    mine = [o for o in outcomes if o["person_at_risk_id"] == P and o["subject_id"] in (S, NO_PERSON)]

    def ahead(o: dict[str, int], at: int) -> bool:
        began_before = o["occurred_at"] < at < o["end_at"]
        return at <= o["occurred_at"] < at + horizon or (began_before and not on_record(o["recorded_at"], at))

    def late(o: dict[str, int], at: int) -> bool:
        return o["occurred_at"] < at and o["end_at"] <= at and not on_record(o["recorded_at"], at)

    expected = [int(any(ahead(o, at) for o in mine)) for at in as_of.tolist()]
    assert label(frame, rows, (horizon + 0.5) / DAY).tolist() == expected
    assert unrecorded(frame, rows).tolist() == [any(late(o, at) for o in mine) for at in as_of.tolist()]


def outcome_columns() -> tuple[str, ...]:
    return "subject_id", "person_at_risk_id", "occurred_at", "end_at", "recorded_at"


@settings(deadline=None)  # frames take long on a busy machine
@given(outcome().map(lambda o: o | {"subject_id": S, "person_at_risk_id": P}))
def test_every_as_of_from_its_horizon_on_sees_an_outcome_ahead_or_left_out_or_on_record(drawn: dict[str, int]) -> None:
    as_of = np.arange(drawn["occurred_at"] - 19, 120)  # the first as-of whose 20 seconds hold the outcome
    rows = Rows(as_of, np.full(len(as_of), S), np.full(len(as_of), P), as_of)
    frame = pd.DataFrame([drawn])
    held, left_out = label(frame, rows, 20.5 / DAY).astype(int), unrecorded(frame, rows).astype(int)
    known = on_record(drawn["recorded_at"], as_of) & (as_of > drawn["occurred_at"])
    assert (held + left_out + known == 1).all()


@pytest.mark.parametrize("lag", [0, 6 * 3600, 3 * DAY])
@pytest.mark.parametrize("recorded_at", [DAY_5 + 8 * 3600, DAY_5 + DAY - 1, DAY_5 + 2 * DAY])
def test_an_outcome_of_the_as_ofs_own_day_is_ahead_until_the_features_can_see_it(
    tmp_path: Path, lag: int, recorded_at: int
) -> None:
    row: dict[str, Any] = {"event_id": 1, "subject_id": S, "person_at_risk_id": P, "kind": "rape"}
    store = Store.create(tmp_path / "store")
    day = {"occurred_at": DAY_5, "occurred_precision": "day", "recorded_at": recorded_at}
    tables = {"persons": persons(S, P), "relationships": relationships((9, S, P)), "events": events(row | day)}
    store.append(BATCH, tables)
    snapshot, lags = store.snapshot(), {"test": lag}
    visible_from = delayed(snapshot.sightings(), lags).visible_from
    frame = occurrences(snapshot, "Y2", lags=lags)
    assert frame[["occurred_at", "end_at", "recorded_at"]].to_numpy().tolist() == [
        [DAY_5, DAY_5 + DAY, recorded_at + lag]
    ]
    for as_of in range(DAY_5 + 1, DAY_5 + 6 * DAY, 3601):
        rows = snapshot.rows(snapshot.relationships.relationship_id, as_of)
        seen = bool(on_record(visible_from, as_of).all())
        of_the_day = as_of < DAY_5 + DAY
        assert bool(label(frame, rows, 10)[0]) == (of_the_day and not seen)
        assert bool(unrecorded(frame, rows)[0]) == (not of_the_day and not seen)
