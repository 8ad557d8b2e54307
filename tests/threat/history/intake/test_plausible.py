"""Times and birth years that no record can have: open ends, placeholders, ages nobody has, events before a birth."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fixtures.case_force import Force, ev, pid
from fixtures.standard_export import GOOD, NOW, events, profile_text, write

from threat.asof import NEVER, parse_as_of
from threat.history import Store
from threat.history.intake.load import load
from threat.history.intake.report import LoadReport, lines


def loaded(tmp_path: Path, *rows: dict[str, str]) -> tuple[LoadReport, list[dict[str, object]]]:
    report = load("standard_csv", write(tmp_path / "export", events=events(*rows)), tmp_path / "store", NOW)
    return report, Store.open(tmp_path / "store").snapshot().table("events").to_pylist()


STAY = GOOD | {"kind": "custody", "subject": "", "person_at_risk": "", "person": "anna", "domestic": ""}


@pytest.mark.parametrize(
    ("until", "read_as"),
    [
        ("9999-12-31", None),
        ("9999-12-31T23:59:59", None),
        ("2999-12-31", None),
        ("2099-12-31", None),
        ("2124-02-01", None),  # more than 100 years after 2024-01-11
        ("2123-12-31", "2123-12-31T23:59:59+00:00"),
        ("2099-12-30", "2099-12-30T23:59:59+00:00"),
        ("", None),
    ],
)
def test_an_end_centuries_ahead_is_no_end(tmp_path: Path, until: str, read_as: str | None) -> None:
    report, rows = loaded(tmp_path, STAY | {"until": until})
    assert rows[0]["until"] == (None if read_as is None else parse_as_of(read_as))
    open_ends = int(read_as is None and until != "")
    counts = report.files["events"]
    assert counts is not None
    assert (report.rows_kept, counts.open_ends) == (1, open_ends)
    assert ("1 open ends: an end centuries ahead was read as no end" in lines(report)) is bool(open_ends)


def test_a_withdrawal_centuries_ahead_is_none(tmp_path: Path) -> None:
    rows = ["subject,person_at_risk,kind,recorded_at,withdrawn_at", "anna,ben,ex_partner,2024-01-01,9999-12-31"]
    load("standard_csv", write(tmp_path / "export", relationships=rows), tmp_path / "store", NOW)
    stored = Store.open(tmp_path / "store").snapshot().table("relationships", ["withdrawn_at"]).to_pylist()
    assert stored == [{"withdrawn_at": None}]


@pytest.mark.parametrize("day", ["9999-12-31", "2999-12-31", "2099-12-31", "2125-01-01"])
def test_what_is_planned_for_such_a_day_is_quarantined(tmp_path: Path, day: str) -> None:
    release = STAY | {"kind": "release"}
    report, rows = loaded(
        tmp_path, release | {"occurred_at": day}, release | {"event": "E2", "occurred_at": "2030-01-01"}
    )
    assert [(reason.reason, reason.rows) for reason in report.reasons] == [("impossible_date", 1)]
    assert [row["source_id"] for row in rows] == ["E2"]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"occurred_at": "1900-01-01"}, "occurred_at: 1900-01-01"),
        ({"occurred_at": "1969-05-01", "recorded_at": "1969-06-01"}, "recorded_at: 1969-06-01"),
        ({"occurred_at": "1970-01-01", "recorded_at": "1970-01-01"}, "recorded_at: 1970-01-01"),
        ({"occurred_at": "1931-05-01", "until": "1899-12-30"}, "until: 1899-12-30"),
    ],
)
def test_placeholders_of_the_past_are_quarantined_and_move_nothing(
    tmp_path: Path, changes: dict[str, str], detail: str
) -> None:
    report, rows = loaded(tmp_path, GOOD, GOOD | {"event": "E2"} | changes)
    assert [(reason.reason, reason.examples[0].detail) for reason in report.reasons] == [("impossible_date", detail)]
    assert len(rows) == 1
    start = Store.open(tmp_path / "store").snapshot().sightings().history_start
    assert start.tolist() == [parse_as_of("2024-01-11T09:00+00:00")]


@pytest.mark.parametrize(
    ("year", "recorded", "kept"),
    [
        ("1913", "2024-01-01", False),
        ("1914", "2024-01-01", True),
        ("2024", "2024-12-31", True),
        ("2025", "2024-12-31", False),
        ("1900", "2010-12-31", True),
        ("1900", "2011-01-01", False),
        ("2190", "2024-01-01", False),
    ],
)
def test_an_age_is_possible_when_it_was_recorded(tmp_path: Path, year: str, recorded: str, kept: bool) -> None:
    rows = ["person,birth_year,recorded_at", f"anna,{year},{recorded}"]
    report = load("standard_csv", write(tmp_path / "export", persons=rows), tmp_path / "store", NOW)
    assert report.rows_kept == int(kept)
    assert [reason.reason for reason in report.reasons] == [] if kept else ["impossible_date"]


def born(**years: int) -> list[dict[str, object]]:
    return [{"person": name, "birth_year": year, "recorded_at": "2024-01-01"} for name, year in years.items()]


def test_an_event_before_the_birth_of_a_person_in_it_is_quarantined() -> None:
    tables = {
        "persons": born(s=1985, v=1990),
        "events": [
            ev("stalking", "1931-05-01", "2024-05-02", event="E1"),  # 2031 cut to two digits
            ev("stalking", "1989-05-01", "2024-05-02", event="E2"),
            ev("stalking", "2024-05-01", event="E3"),
            ev("stalking", "2024-05-02", event="E4"),
        ],
    }
    # Of the three events of v on record, one is before 1990; of those of s, one is before 1985.
    force = Force(tables)
    assert force.reasons() == {"impossible_date": 2}
    assert [row["source_id"] for row in force.q("SELECT source_id FROM events ORDER BY source_id")] == ["E3", "E4"]


def test_a_birth_year_after_most_of_a_persons_events_is_the_slip() -> None:
    days = ["2024-05-01", "2024-05-02", "2024-05-03"]
    tables = {
        "persons": [{"person": "v", "birth_year": 2025, "recorded_at": "2025-06-01"}],
        "events": [ev("stalking", day) for day in days],
    }
    force = Force(tables)
    assert force.reasons() == {"impossible_date": 1}
    assert force.q("SELECT count(*) AS n FROM events") == [{"n": 3}]
    assert force.q(f"SELECT birth_year FROM persons WHERE person_id = {pid('v')} AND birth_year IS NOT NULL") == []


def test_a_birth_year_of_an_earlier_load_is_compared_too() -> None:
    force = Force({"persons": born(s=1985)}, {"events": [ev("stalking", "1931-05-01", "2024-05-02")]})
    assert force.reasons() == {"impossible_date": 1}


def test_never_is_beyond_every_open_end() -> None:
    assert parse_as_of("9999-12-31") < NEVER


def test_an_impossible_birth_year_takes_no_event_of_the_person_with_it() -> None:
    born_later = {"person": "s", "birth_year": "2030", "recorded_at": "2024-03-01"}
    force = Force({"events": [ev("stalking", "2024-03-01")], "persons": [born_later]})
    assert force.reasons() == {"impossible_date": 1}
    assert force.rows("2024-04-01") == [(pid("s"), pid("v"))]


def test_a_placeholder_birth_year_does_not_make_a_person_of_who_is_unknown() -> None:
    nobody = {"person": "s", "birth_year": "1900", "kind": "unknown", "recorded_at": "2024-02-01"}
    force = Force({"events": [ev("stalking", "2024-03-01")], "persons": [nobody]})
    assert force.reasons() == {}
    assert force.q("select kind, birth_year from persons") == [{"kind": "unknown", "birth_year": None}]
    assert force.rows("2024-04-01") == []


@pytest.mark.parametrize(("year", "kept", "said"), [("1915", 0, 0), ("1925", 1, 1), ("1963", 1, 1), ("1965", 1, 0)])
def test_what_happened_long_before_its_recording_is_said_and_beyond_a_hundred_years_quarantined(
    tmp_path: Path, year: str, kept: int, said: int
) -> None:
    document = yaml.safe_load(profile_text("standard_csv"))
    document["time"]["earliest"] = "1900-01-01"
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    rows = events(GOOD, GOOD | {"event": "E2", "occurred_at": f"{year}-01-05", "recorded_at": "2024-01-11T09:00"})
    report = load(str(tmp_path / "own.yaml"), write(tmp_path / "export", events=rows), tmp_path / "store", NOW)
    assert report.rows_kept == 1 + kept
    sentence = f"1 event happened more than 60 years before it was recorded, the earliest in {year}: is the year right?"
    assert (sentence in report.notices) == bool(said)
    assert report.exit_code == (0 if kept else 6)
    # The history begins where records begin: no date of one row moves the start.
    start = Store.open(tmp_path / "store").snapshot().sightings().history_start
    assert start.tolist() == [parse_as_of("2024-01-11T09:00+00:00")]
