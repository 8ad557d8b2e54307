"""The standard CSV layout: what rows become, every reason for quarantine, every file that cannot be read."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from fixtures.standard_export import GOOD, HEADER, NOW, events, line, person, profile_text, write

from threat.asof import parse_as_of
from threat.cli import main
from threat.errors import BadInput, UsageError
from threat.history import Store, quarantine
from threat.history import identities as identity_table
from threat.history import protected as protected_table
from threat.history.intake.load import lines, load
from threat.history.intake.profile import built_in, load_profile
from threat.history.intake.times import TimeRule, read_times
from threat.ids import make_id


def test_all_seven_tables(tmp_path: Path) -> None:
    export = write(
        tmp_path / "export",
        persons=[
            "person,kind,birth_year,recorded_at",
            "anna,person,1980,2024-01-01",
            "council,organisation,,2024-01-01",
        ],
        identities=["person,names,recorded_at", 'anna,"Doe, Anna",2024-01-01'],
        protected=[
            "person,characteristic,code,scheme,source,recorded_at",
            "anna,sex,female,census,self,2024-01-01",
        ],
        person_links=["source_person,person,recorded_at,method,score", "anna2,anna,2024-02-01,rules,0.9"],
        relationships=["subject,person_at_risk,kind,recorded_at", "anna,ben,ex_partner,2024-01-05"],
        events=events(
            GOOD,
            GOOD | {"event": "", "kind": "harassment", "recorded_at": "2024-01-12T09:00:00Z"},
            {
                "event": "E3",
                "supersedes": "E1",
                "kind": "withdrawn",
                "occurred_at": "2024-03-01",
                "recorded_at": "2024-03-01",
            },
            {
                "event": "E4",
                "person": "ben",
                "kind": "self_harm",
                "occurred_at": "2024-03-02",
                "recorded_at": "2024-03-02",
            },
            {"event": "E5", "subject": "carl", "person_at_risk": "dora", "kind": "wounding", "domestic": "yes"}
            | {"occurred_at": "2024-07-01T12:00", "recorded_at": "2024-07-01T13:00"},
        ),
    )
    report = load("standard_csv", export, tmp_path / "store", NOW)
    assert (report["rows_in"], report["rows_kept"], report["rows_quarantined"]) == (11, 11, 0)
    snapshot = Store.open(tmp_path / "store").snapshot()
    people = {row["person_id"]: row for row in snapshot.table("persons").to_pylist()}
    assert {person(name) for name in ("anna", "anna2", "ben", "council", "carl", "dora")} == set(people)
    assert people[person("anna")]["birth_year"] == 1980
    assert people[person("council")]["kind"] == "organisation"
    assert people[person("ben")]["recorded_at"] == parse_as_of("2024-01-05")
    relationships = {
        (row["subject_id"], row["person_at_risk_id"]): row for row in snapshot.table("relationships").to_pylist()
    }
    assert relationships[person("anna"), person("ben")]["kind"] == "ex_partner"
    # A pair named by a domestic event without a relationship gets one.
    added = relationships[person("carl"), person("dora")]
    assert (added["kind"], added["recorded_at"]) == ("unknown", parse_as_of("2024-07-01T12:00+00:00"))
    rows = snapshot.table("events").to_pylist()
    first = rows[0]
    assert first["event_id"] == make_id("event", "E1", "standard_csv")
    assert first["incident_id"] == rows[1]["incident_id"] == make_id("incident", "I1", "standard_csv")
    assert first["occurred_at"] == parse_as_of("2024-01-10T10:00+00:00")
    assert rows[2]["supersedes_event_id"] == first["event_id"]
    assert rows[4]["occurred_at"] == parse_as_of("2024-07-01T11:00+00:00")
    assert protected_table.read(snapshot)["code"].tolist() == ["female"]
    names = identity_table.read(snapshot, [person("anna")], reason="a test", by="test")["names"]
    assert names.tolist() == ["Doe, Anna"]
    link = snapshot.table("person_links").to_pylist()[0]
    assert (link["source_person_id"], link["person_id"], link["score"]) == (person("anna2"), person("anna"), 0.9)


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
        ({"kind": "withdrawn"}, "missing_value", "supersedes"),
        ({"event": "E0"}, "duplicate_key", "E0"),
        ({"value": "inf"}, "unreadable_number", "value: inf"),
        ({"value": "1e39"}, "unreadable_number", "value: 1e39"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_every_reason_for_quarantine(tmp_path: Path, change: dict[str, str], reason: str, detail: str) -> None:
    export = write(tmp_path / "export", events=events(GOOD | {"event": "E0"}, GOOD | change))
    report = load("standard_csv", export, tmp_path / "store", NOW)
    assert (report["rows_in"], report["rows_kept"], report["rows_quarantined"]) == (2, 1, 1)
    assert [(item["reason"], item["rows"]) for item in report["reasons"]] == [(reason, 1)]
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
    assert [(item["reason"], item["rows"]) for item in report["reasons"]] == [(reason, 1)]
    found = Store.open(tmp_path / "store").snapshot().table("persons", ["person_id", "birth_year"]).to_pylist()
    assert found == [{"person_id": person("ben"), "birth_year": 1985}]


def test_one_reference_of_two_sources_is_two_relationships(tmp_path: Path) -> None:
    rows = ["relationship,subject,person_at_risk,recorded_at", "R1,anna,ben,2024-01-01"]
    export, store = write(tmp_path / "export", relationships=rows), tmp_path / "store"
    document = yaml.safe_load(profile_text("standard_csv")) | {"source_system": "another"}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    for profile in ("standard_csv", str(tmp_path / "own.yaml")):
        assert load(profile, export, store, NOW)["new"]["relationships"] == 1
    assert len(Store.open(store).snapshot().relationships) == 2


def test_known_in_advance_may_lie_ahead(tmp_path: Path) -> None:
    ahead = GOOD | {"kind": "release", "subject": "", "person_at_risk": "", "person": "anna"}
    export = write(tmp_path / "export", events=events(ahead | {"occurred_at": "2024-12-01"}))
    assert load("standard_csv", export, tmp_path / "store", NOW)["rows_quarantined"] == 0


def test_rows_with_too_many_or_too_few_cells(tmp_path: Path) -> None:
    rows = events(GOOD, GOOD | {"event": "E2"}, GOOD | {"event": "E3", "occurred_at": "never"})
    rows[2] += ",surplus"
    rows.insert(2, "stalking,threat_to_kill")
    report = load("standard_csv", write(tmp_path / "export", events=rows), tmp_path / "store", NOW)
    assert (report["rows_in"], report["rows_kept"]) == (4, 1)
    found = quarantine.read(Store.open(tmp_path / "store").snapshot())
    assert list(zip(found["row"], found["reason"], found["severe"], strict=True)) == [
        (4, "unreadable_time", True),
        (2, "wrong_number_of_cells", True),
        (3, "wrong_number_of_cells", True),
    ]


def test_a_file_of_nothing_but_torn_rows(tmp_path: Path) -> None:
    report = load("standard_csv", write(tmp_path / "export", events=[HEADER, "a,b"]), tmp_path / "store", NOW)
    assert (report["rows_in"], report["rows_kept"], report["rows_quarantined"]) == (1, 0, 1)


def test_a_file_without_references(tmp_path: Path) -> None:
    head = '"kind",subject,"person_at_risk",occurred_at,recorded_at'
    row = "stalking,anna,ben,2024-01-01,2024-01-02"
    report = load("standard_csv", write(tmp_path / "export", events=[head, row, row]), tmp_path / "store", NOW)
    assert report["new"]["events"] == 2
    incidents = Store.open(tmp_path / "store").snapshot().table("events", ["incident_id"]).column(0)
    assert len(incidents.unique()) == 2


def test_a_severe_record_in_quarantine_is_an_alarm(tmp_path: Path) -> None:
    quiet, loud = GOOD | {"kind": "theft", "until": "2023-01-01"}, GOOD | {"kind": "rape", "until": "2023-01-01"}
    for i, (row, severe) in enumerate([(quiet, 0), (loud, 1)]):
        export = write(tmp_path / f"export{i}", events=events(row))
        report = load("standard_csv", export, tmp_path / f"store{i}", NOW)
        assert report["severe_quarantined"] == severe
        assert ("ALARM: 1 of" in lines(report)) is bool(severe)


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
    if report["reasons"]:
        assert report["reasons"][0]["reason"] == expected
    else:
        found = Store.open(tmp_path / "store").snapshot().table("events", ["occurred_at"]).to_pylist()
        assert found == [{"occurred_at": parse_as_of(expected)}]


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
    values, reasons = read_times(pd.Series([written], dtype="str"), rule)
    assert (values.tolist(), reasons.tolist()) == ([parse_as_of(expected)], [""])


def test_the_shipped_profile_never_knows_too_early(tmp_path: Path) -> None:
    row = GOOD | {"occurred_at": "2024-10-27T01:40", "recorded_at": "2024-10-27T01:30"}
    export = write(tmp_path / "export", events=events(row))
    assert load("standard_csv", export, tmp_path / "store", NOW)["rows_quarantined"] == 0
    found = Store.open(tmp_path / "store").snapshot().table("events", ["occurred_at", "recorded_at"]).to_pylist()
    assert found == [
        {"occurred_at": parse_as_of("2024-10-27T00:40+00:00"), "recorded_at": parse_as_of("2024-10-27T01:30+00:00")}
    ]


def _bad_gzip(folder: Path) -> None:
    whole = gzip.compress("\n".join(events(*[GOOD] * 500)).encode())
    (folder / "events.csv.gz").write_bytes(whole[: len(whole) // 2])


def _not_gzip(folder: Path) -> None:
    (folder / "events.csv.gz").write_text("\n".join(events(GOOD)))


def _latin(folder: Path) -> None:
    (folder / "events.csv").write_bytes("\n".join(events(GOOD, GOOD | {"subject": "Zoë"})).encode("cp1252"))


def _missing_column(folder: Path) -> None:
    (folder / "events.csv").write_text("event,subject,occurred_at\nE1,anna,2024-01-01\n")


def _unknown_column(folder: Path) -> None:
    (folder / "events.csv").write_text(f"{HEADER},mood\n{line(**GOOD)},bad\n")


def _twice(folder: Path) -> None:
    (folder / "events.csv").write_text(f"{HEADER},kind\n{line(**GOOD)},x\n")


@pytest.mark.parametrize(
    ("make", "problem", "value"),
    [
        (lambda folder: None, "A file of the export is missing.", "persons.csv"),
        (lambda folder: (folder / "events.csv").write_text(""), "The file is empty.", ""),
        (lambda folder: (folder / "events.csv.gz").write_bytes(gzip.compress(b"")), "The file is empty.", ""),
        (lambda folder: (folder / "events.csv").write_text(HEADER), "The file has a header and no rows.", ""),
        (_bad_gzip, "The file is cut off: its compressed data ends early.", ""),
        (_not_gzip, "The file is named .gz but is damaged or not compressed.", ""),
        (_latin, "The file is not in the encoding the profile names (utf-8).", "byte 0xeb"),
        (_missing_column, "Columns are missing.", "kind, recorded_at"),
        (_unknown_column, "The file has columns the profile does not know.", "mood"),
        (_twice, "A column stands twice.", "kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_cannot_be_read(tmp_path: Path, make: Any, problem: str, value: str) -> None:
    export = tmp_path / "export"
    export.mkdir()
    make(export)
    with pytest.raises(BadInput) as told:
        load("standard_csv", export, tmp_path / "store", NOW)
    assert told.value.problem == problem
    assert value in str(told.value.value)
    assert str(export) in told.value.where
    assert told.value.way_out
    assert told.value.exit_code == 3
    if (tmp_path / "store").exists():
        assert Store.open(tmp_path / "store").snapshot().batches == ()


def test_profiles_are_checked_whole(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "name": "own",
                "title": "Own",
                "legal_basis": "x",
                "source_system": "own",
                "colour": "red",
                "shape": "round",
                "encoding": "morse",
                "time": {"zone": "Mars/Olympus", "ambiguous": "perhaps", "earliest": "long ago"},
                "files": {"events": {"columns": {"kind": {"type": "colour"}, "x": {"tpye": "text"}}, "key": ["y"]}},
            }
        )
    )
    with pytest.raises(UsageError) as told:
        load_profile(str(path))
    text = str(told.value)
    for part in (
        "9 problems",
        "colour",
        "round",
        "morse",
        "long ago",
        "Mars/Olympus",
        "perhaps",
        "tpye",
        "A key names a column",
    ):
        assert part in text
    with pytest.raises(UsageError, match="Not a profile"):
        load_profile("unheard_of")
    assert built_in() == ["multnomah", "standard_csv"]
    for name in built_in():
        assert load_profile(name).name == name


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["threat", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    export, store = write(tmp_path / "export", events=events(GOOD)), tmp_path / "store"
    code, out = run("load", "standard_csv", export, "--store", store, "--json")
    assert (code, json.loads(out)["rows_kept"]) == (0, 1)
    write(export, events=events(GOOD, GOOD | {"event": "E2", "kind": "quarrel"}))
    code, out = run("load", "standard_csv", export, "--store", store)
    assert code == 3
    assert "events: 2 rows in = 1 kept + 1 quarantined" in out
    (export / "events.csv").write_text("")
    code, out = run("load", "standard_csv", export, "--store", store, "--json")
    assert (code, json.loads(out)["problem"]) == (3, "The file is empty.")
    assert run("load", "unheard_of", export, "--store", store)[0] == 2
    code, out = run("history", "--store", store, "--verify")
    assert (code, "stalking, in 1 incidents" in out, "3 parts, all as they were written" in out) == (0, True, True)
    held = json.loads(run("history", "--store", store, "--json")[1])
    assert held["rows"]["events"] == 1
    assert held["by_kind"] == [{"kind": "stalking", "events": 1, "incidents": 1}]
    assert held["by_source"][0]["history_start"] == "2024-01-11T09:00:00+00:00"
    assert [batch["rows_quarantined"] for batch in held["batches"]] == [0, 1]
