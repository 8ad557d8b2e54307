"""Times as sources write them: the hours that daylight saving repeats and skips, offsets, several formats."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from fixtures.standard_export import GOOD, NOW, events, profile_text, write

from threat.asof import parse_as_of
from threat.history import Store
from threat.history.intake.load import load
from threat.history.intake.times import TimeRule, read_times


@pytest.mark.parametrize(
    ("written", "ambiguous", "expected"),
    [
        ("2024-10-27T01:30", "earlier", "2024-10-27T00:30+00:00"),
        ("2024-10-27T01:30", "later", "2024-10-27T01:30+00:00"),
        ("2024-10-27T01:30", "quarantine", "ambiguous_time"),
        ("2024-10-27T00:59:59", "quarantine", "2024-10-26T23:59:59+00:00"),
        ("2024-10-27T02:00", "quarantine", "2024-10-27T02:00+00:00"),
        ("2024-10-27T01:30+01:00", "quarantine", "2024-10-27T00:30+00:00"),
        ("2024-10-27T01:30Z", "quarantine", "2024-10-27T01:30+00:00"),
        ("2024-03-31T01:30", "quarantine", "nonexistent_time"),
        ("2024-03-31T02:00", "quarantine", "2024-03-31T01:00+00:00"),
        ("2024-07-01", "quarantine", "2024-06-30T23:00+00:00"),
    ],
)
def test_daylight_saving(tmp_path: Path, written: str, ambiguous: str, expected: str) -> None:
    document = yaml.safe_load(profile_text("standard_csv"))
    document["time"]["ambiguous"] = ambiguous
    del document["files"]["events"]["columns"]["occurred_at"]["ambiguous"]
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    row = GOOD | {"occurred_at": written, "recorded_at": "2024-12-01"}
    export = write(tmp_path / "export", events=events(row))
    report = load(str(tmp_path / "own.yaml"), export, tmp_path / "store", NOW)
    if report.reasons:
        assert report.reasons[0].reason == expected
    else:
        occurred = Store.open(tmp_path / "store").snapshot().table("events", ["occurred_at"]).to_pylist()
        assert occurred == [{"occurred_at": parse_as_of(expected)}]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("01-06-2024", "2024-05-31T23:00+00:00"),
        ("01-06-2024 10:00", "2024-06-01T09:00+00:00"),
        ("2024-06-01T10:00:00-0500", "2024-06-01T15:00+00:00"),
        ("2024-06-01 10:00+01:00", "2024-06-01T09:00+00:00"),
    ],
)
def test_a_year_at_the_end_is_no_offset(written: str, expected: str) -> None:
    rule = TimeRule("Europe/London", ("%d-%m-%Y", "%d-%m-%Y %H:%M"), "later", "quarantine", 0)
    times = read_times(pd.Series([written], dtype="str"), rule)
    assert (times.seconds.tolist(), times.reasons.tolist()) == ([parse_as_of(expected)], [""])


def test_the_shipped_profile_never_knows_too_early(tmp_path: Path) -> None:
    row = GOOD | {"occurred_at": "2024-10-27T01:40", "recorded_at": "2024-10-27T01:30"}
    export = write(tmp_path / "export", events=events(row))
    assert load("standard_csv", export, tmp_path / "store", NOW).rows_quarantined == 0
    occurred = Store.open(tmp_path / "store").snapshot().table("events", ["occurred_at", "recorded_at"]).to_pylist()
    assert occurred == [
        {"occurred_at": parse_as_of("2024-10-27T00:40+00:00"), "recorded_at": parse_as_of("2024-10-27T01:30+00:00")}
    ]
