"""Times as sources write them: the hours that daylight saving repeats and skips, offsets, several formats."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml
from fixtures.standard_export import GOOD, NOW, events, profile_text, write
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("column", "written", "expected", "precision"),
    [
        ("recorded_at", "2024-05-01", "2024-05-01T23:59:59+01:00", "day"),
        ("recorded_at", "2024-05-01T00:00", "2024-05-01T00:00+01:00", None),
        ("recorded_at", "2024-05-01T00:00Z", "2024-05-01T00:00+00:00", None),
        # The days on which summer time begins and ends have 23 and 25 hours.
        ("recorded_at", "2024-03-31", "2024-03-31T23:59:59+01:00", "day"),
        ("recorded_at", "2024-10-27", "2024-10-27T23:59:59+00:00", "day"),
        ("occurred_at", "2024-01-10", "2024-01-10T00:00+00:00", "day"),
        ("occurred_at", "2024-01-10T10:00", "2024-01-10T10:00+00:00", None),
        ("until", "2024-05-01", "2024-05-01T23:59:59+01:00", None),
    ],
)
def test_a_date_without_a_time_is_a_day(
    tmp_path: Path, column: str, written: str, expected: str, precision: str | None
) -> None:
    row = GOOD | {"recorded_at": "2024-12-01T09:00", column: written}
    load("standard_csv", write(tmp_path / "export", events=events(row)), tmp_path / "store", NOW)
    (stored,) = Store.open(tmp_path / "store").snapshot().table("events").to_pylist()
    assert stored[column] == parse_as_of(expected)
    if column != "until":
        name = {"recorded_at": "recorded_precision", "occurred_at": "occurred_precision"}[column]
        assert stored[name] == precision


def test_rows_of_one_day_are_no_contradiction(tmp_path: Path) -> None:
    afternoon = GOOD | {"occurred_at": "2024-05-01T14:00", "recorded_at": "2024-05-01", "until": "2024-05-01"}
    by_day = GOOD | {"event": "E2", "occurred_at": "2024-05-01", "recorded_at": "2024-05-01T09:00"}
    export = write(tmp_path / "export", events=events(afternoon, by_day))
    assert load("standard_csv", export, tmp_path / "store", NOW).rows_quarantined == 0


@pytest.mark.parametrize(
    ("recorded", "reasons"),
    [
        ("2024-06-03", []),  # the day of the load, which was made at noon
        ("2024-06-04", ["recorded_in_future"]),
        ("2024-06-03T12:00", []),
        ("2024-06-03T12:01", ["recorded_in_future"]),
    ],
)
def test_a_row_dated_by_the_day_of_the_load_is_not_of_the_future(
    tmp_path: Path, recorded: str, reasons: list[str]
) -> None:
    noon = parse_as_of("2024-06-03T12:00+01:00")
    export = write(tmp_path / "export", events=events(GOOD | {"recorded_at": recorded}))
    report = load("standard_csv", export, tmp_path / "store", noon)
    assert [reason.reason for reason in report.reasons] == reasons


def test_days_written_as_midnight_are_said_and_a_format_reads_them(tmp_path: Path) -> None:
    rows = [GOOD | {"event": f"E{i}", "recorded_at": f"2024-05-{i + 1:02}T00:00:00"} for i in range(20)]
    export = write(tmp_path / "export", events=events(*rows))
    report = load("standard_csv", export, tmp_path / "store", NOW)
    assert report.notices[0].startswith("20 times in the column recorded_at are 00:00.")
    document = yaml.safe_load(profile_text("standard_csv"))
    document["time"]["formats"].insert(0, "%Y-%m-%dT00:00:00")
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    report = load(str(tmp_path / "own.yaml"), export, tmp_path / "other", NOW)
    assert not any("00:00" in notice for notice in report.notices)
    stored = Store.open(tmp_path / "other").snapshot().table("events", ["recorded_at", "recorded_precision"])
    assert stored.column("recorded_at")[0].as_py() == parse_as_of("2024-05-01T23:59:59+01:00")
    assert set(stored.column("recorded_precision").to_pylist()) == {"day"}


@given(st.dates(min_value=date(1971, 1, 1)), st.sampled_from(["Europe/London", "America/Santiago", "Asia/Beirut"]))
def test_a_day_begins_at_its_first_second_and_ends_before_the_next(day: date, zone: str) -> None:
    rules = [TimeRule(zone, ("%Y-%m-%d",), "quarantine", "quarantine", 0, last) for last in (False, True)]
    first, last = (read_times(pd.Series([day.isoformat()], dtype="str"), rule) for rule in rules)
    assert first.reasons.tolist() == last.reasons.tolist() == [""]
    assert bool(first.is_day[0])
    assert bool(last.is_day[0])
    hours, rest = divmod(int(last.seconds[0]) - int(first.seconds[0]) + 1, 3600)
    assert rest == 0
    assert 23 <= hours <= 25
    if day < date.max:
        following = pd.Series([(day + timedelta(days=1)).isoformat()], dtype="str")
        assert read_times(following, rules[0]).seconds[0] == last.seconds[0] + 1
