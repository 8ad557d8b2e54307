"""Outcomes of a group that are entered late are found by their delays; equal delays set off nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from fixtures.audits import one_group

from fairness.audited import Audited
from fairness.delays import Entries
from fairness.faults import CHECKS
from fairness.maturity import entered_late_in_a_group
from fairness.runs import entries_of
from threat.asof import DAY
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.release.documents.fairness import Fault

ROWS = 1_200


def found(delays: dict[str, float], seed: int) -> list[Fault]:
    """Faults of two years of outcomes, entered after so many days on average by group, by the end of the two years."""
    draw = np.random.default_rng(seed)
    group = draw.choice([*delays], ROWS, p=[0.7, 0.3])
    happened = draw.integers(0, 730 * DAY, ROWS)
    entered = happened + (draw.exponential([delays[code] for code in group]) * DAY).astype(np.int64)
    on_record = np.flatnonzero(entered < 730 * DAY)
    entries = Entries(on_record, np.full(len(on_record), -1), happened[on_record], entered[on_record])
    rows = Labelled.of(label=np.isin(np.arange(ROWS), on_record) & (draw.random(ROWS) < 0.9))
    ranked, items = Ranked(rows=rows, score=draw.normal(size=ROWS)), one_group(group)
    looked_at = Audited(ranked, Cut(capacity=100.0), items, [item.grouping(rows) for item in items], entries)
    return list(entered_late_in_a_group(looked_at))


@pytest.mark.parametrize("days", [5.0, 60.0, 300.0])
def test_equal_delays_set_off_nothing_however_long(days: float) -> None:
    assert [seed for seed in range(100) if found({"a": days, "b": days}, seed)] == []


def test_a_group_whose_outcomes_are_entered_a_year_late_is_found() -> None:
    for seed in range(10):
        [fault] = found({"a": 10.0, "b": 350.0}, seed)
        assert fault.kind == "outcomes of a group entered late"
        assert fault.cell == "column/group"
        assert fault.counts.startswith("b: entered ")
        assert " days after they happened, of others " in fault.counts
        assert fault.counts.split("by now, of others ")[1] in {"97%", "98%"}


def test_the_check_is_among_those_that_are_made() -> None:
    assert entered_late_in_a_group in CHECKS


def test_an_outcome_of_several_rows_counts_once_for_a_person_at_risk() -> None:
    """Incident 5 is credited to rows 3 and 4, of two people at risk; incidents 6 and 7 are outside."""
    columns = {
        "row": [3, 4, 3, -1, -1],
        "incident": [5, 5, 5, 6, 7],
        "person_at_risk_id": [1, 2, 1, 3, 3],
        "occurred_at": [10, 10, 10, 20, 30],
        "recorded_at": [11, 11, 11, 25, 39],
    }
    entries = entries_of(pa.table(columns))
    assert entries is not None
    assert [entries.row.tolist(), entries.outside.tolist()] == [[3, 4, -1, -1], [-1, -1, 0, 1]]
    assert (entries.entered - entries.happened).tolist() == [1, 1, 5, 9]
    assert entries_of(pa.table({"row": [3], "incident": [5]})) is None
