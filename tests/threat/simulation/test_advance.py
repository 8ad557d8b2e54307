"""A day in the life: appending the next days gives what a longer force would have held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from threat.errors import UsageError
from threat.history import Store
from threat.simulation.force import Settings, carry_on, read_settings, write

START = Settings(relationships=500, years=2, seed=9)


def rows(table: object, *columns: str) -> set[tuple[object, ...]]:
    return set(zip(*(table[c].to_pylist() for c in columns), strict=True))  # type: ignore[index]


@pytest.mark.slow  # four forces
def test_three_steps_are_one_longer_force(tmp_path: Path) -> None:
    write(START, tmp_path / "stepwise")
    counts = [carry_on(tmp_path / "stepwise", days)["rows"]["events"] for days in (1, 30, 89)]
    assert sum(counts) > 100
    whole = replace(START, until=START.end + timedelta(days=120))
    write(whole, tmp_path / "whole")
    step = Store.open(tmp_path / "stepwise" / "history").snapshot()
    once = Store.open(tmp_path / "whole" / "history").snapshot()
    assert len(step.batches) == 4
    later = step.table("events").filter(pc.greater_equal(step.table("events")["recorded_at"], START.now))
    assert "death" in later["kind"].to_pylist()
    versions = step.table("relationships")["relationship_id"].to_pylist()
    assert len(versions) > len(set(versions))
    for name, columns in {
        "events": ("event_id", "kind", "occurred_at", "recorded_at", "subject_id", "person_at_risk_id", "person_id"),
        "relationships": ("relationship_id", "recorded_at", "subject_id", "kind", "valid_from"),
        "persons": ("person_id", "recorded_at", "birth_year"),
        "person_links": ("source_person_id", "person_id", "recorded_at"),
    }.items():
        a, b = rows(step.table(name), *columns), rows(once.table(name), *columns)
        assert len(step.table(name)) == len(once.table(name)), name
        assert a == b, name
    for name in ("relationships", "incidents"):
        a, b = (pq.read_table(tmp_path / f / "truth" / f"{name}.parquet") for f in ("stepwise", "whole"))
        assert a.equals(b)
    assert read_settings(tmp_path / "stepwise").now == whole.now


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf")])
def test_a_span_that_is_none_is_refused(tmp_path: Path, days: float) -> None:
    with pytest.raises(UsageError, match=f"needs a span above 0 days.*got {days:g}"):
        carry_on(tmp_path, days)
