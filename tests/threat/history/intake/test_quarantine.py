"""Rows that a load quarantines: every reason, the row as the source wrote it, the alarm of a severe row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.standard_export import GOOD, HEADER, NOW, events, person, write

from threat.history import Store, quarantine
from threat.history.intake.load import load
from threat.history.intake.report import Example, lines


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"kind": "quarrel"}, "unknown_code", "kind: quarrel"),
        ({"kind": ""}, "missing_value", "kind"),
        ({"kind": "risk_grade", "code": "extreme"}, "unknown_code", "code of risk_grade: extreme"),
        ({"domestic": "maybe"}, "unknown_code", "domestic: maybe"),
        ({"occurred_at": "10 January"}, "unreadable_time", "occurred_at: 10 January"),
        ({"occurred_at": "2024-02-30"}, "unreadable_time", "occurred_at: 2024-02-30"),
        ({"occurred_at": ""}, "missing_value", "occurred_at"),
        ({"occurred_at": "1899-12-31"}, "impossible_date", "occurred_at: 1899-12-31"),
        ({"occurred_at": "2024-01-12"}, "impossible_date", "stalking: occurred_at lies after recorded_at"),
        ({"until": "2024-01-09"}, "impossible_date", "stalking: until lies before occurred_at"),
        ({"recorded_at": "2025-06-01"}, "recorded_in_future", ""),
        ({"recorded_at": "2024-03-31T01:30"}, "nonexistent_time", "recorded_at: 2024-03-31T01:30"),
        ({"subject": "", "person_at_risk": ""}, "names_nobody", "stalking"),
        ({"supersedes": "E99"}, "unknown_reference", "supersedes: E99"),
        ({"kind": "withdrawn", "incident": ""}, "missing_value", "supersedes, or else record or incident"),
        ({"person_at_risk": "anna"}, "same_person", "stalking: anna"),
        ({"kind": "relationship_recorded"}, "unknown_code", "kind: relationship_recorded"),
        ({"event": "E0"}, "duplicate_key", "E0"),
        ({"value": "inf"}, "unreadable_number", "value: inf"),
        ({"value": "1e39"}, "unreadable_number", "value: 1e39"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_every_reason_for_quarantine(tmp_path: Path, change: dict[str, str], reason: str, detail: str) -> None:
    export = write(tmp_path / "export", events=events(GOOD | {"event": "E0"}, GOOD | change))
    report = load("standard_csv", export, tmp_path / "store", NOW)
    assert (report.rows_in, report.rows_kept, report.rows_quarantined) == (2, 1, 1)
    assert [(item.reason, item.rows) for item in report.reasons] == [(reason, 1)]
    snapshot = Store.open(tmp_path / "store").snapshot()
    assert snapshot.row_count("events") == 1
    row = quarantine.read(snapshot).iloc[0]
    assert (row["file"], row["row"], row["reason"], row["detail"]) == ("events", 2, reason, detail)
    kept = {name: value for name, value in json.loads(row["record"]).items() if value is not None}
    assert kept == {name: value for name, value in (GOOD | change).items() if value}
    assert f"{reason}: {quarantine.REASONS[reason]}" in lines(report)


@pytest.mark.parametrize(
    ("year", "reason"),
    [
        ("19850101", "impossible_date"),  # a whole date
        ("0", "impossible_date"),
        ("99999999999999999999", "unreadable_number"),
        ("inf", "unreadable_number"),
        ("1985.5", "unreadable_number"),
    ],
)
def test_a_birth_year_that_is_none(tmp_path: Path, year: str, reason: str) -> None:
    rows = ["person,birth_year,recorded_at", f"anna,{year},2024-01-01", "ben,1985,2024-01-01"]
    report = load("standard_csv", write(tmp_path / "export", persons=rows), tmp_path / "store", NOW)
    assert [(item.reason, item.rows) for item in report.reasons] == [(reason, 1)]
    persons = Store.open(tmp_path / "store").snapshot().table("persons", ["person_id", "birth_year"]).to_pylist()
    assert persons == [{"person_id": person("ben"), "birth_year": 1985}]


def test_known_in_advance_may_lie_ahead(tmp_path: Path) -> None:
    ahead = GOOD | {"kind": "release", "subject": "", "person_at_risk": "", "person": "anna"}
    export = write(tmp_path / "export", events=events(ahead | {"occurred_at": "2024-12-01"}))
    assert load("standard_csv", export, tmp_path / "store", NOW).rows_quarantined == 0


def test_rows_with_too_many_or_too_few_cells(tmp_path: Path) -> None:
    rows = events(GOOD, GOOD | {"event": "E2"}, GOOD | {"event": "E3", "occurred_at": "never"})
    rows[2] += ",surplus"
    rows.insert(2, "stalking,threat_to_kill")
    report = load("standard_csv", write(tmp_path / "export", events=rows), tmp_path / "store", NOW)
    assert (report.rows_in, report.rows_kept) == (4, 1)
    rejected = quarantine.read(Store.open(tmp_path / "store").snapshot())
    assert list(zip(rejected["row"], rejected["reason"], rejected["severe"], strict=True)) == [
        (4, "unreadable_time", True),
        (2, "wrong_number_of_cells", True),
        (3, "wrong_number_of_cells", True),
    ]


def test_a_file_of_nothing_but_torn_rows(tmp_path: Path) -> None:
    report = load("standard_csv", write(tmp_path / "export", events=[HEADER, "a,b"]), tmp_path / "store", NOW)
    assert (report.rows_in, report.rows_kept, report.rows_quarantined) == (1, 0, 1)


def test_a_file_without_references(tmp_path: Path) -> None:
    head = '"kind",subject,"person_at_risk",occurred_at,recorded_at'
    row = "stalking,anna,ben,2024-01-01,2024-01-02"
    report = load("standard_csv", write(tmp_path / "export", events=[head, row, row]), tmp_path / "store", NOW)
    assert report.new["events"] == 2
    incidents = Store.open(tmp_path / "store").snapshot().table("events", ["incident_id"]).column(0)
    # What one person did to another on one day is one incident where the source names none.
    assert len(incidents.unique()) == 1


def test_a_severe_record_in_quarantine_is_an_alarm(tmp_path: Path) -> None:
    quiet, loud = GOOD | {"kind": "theft", "until": "2023-01-01"}, GOOD | {"kind": "rape", "until": "2023-01-01"}
    for i, (row, severe) in enumerate([(quiet, 0), (loud, 1)]):
        export = write(tmp_path / f"export{i}", events=events(row))
        report = load("standard_csv", export, tmp_path / f"store{i}", NOW)
        assert report.severe_quarantined == severe
        assert ("ALARM: 1 of" in lines(report)) is bool(severe)


def test_a_reference_used_twice_next_to_rows_without_one(tmp_path: Path) -> None:
    twice, without = GOOD | {"kind": "harassment"}, GOOD | {"event": ""}
    report = load("standard_csv", write(tmp_path / "export", events=events(GOOD, without, twice)), tmp_path / "s", NOW)
    assert [(count.reason, count.rows) for count in report.reasons] == [("duplicate_key", 1)]
    assert report.reasons[0].examples == (Example(file="events", row=3, detail="E1"),)
