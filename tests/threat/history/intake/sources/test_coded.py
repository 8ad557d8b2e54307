"""A code map in the standard shape: free texts become kinds, codes, markers and domestic flags of one record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from fixtures.standard_export import GOOD, NOW, events, profile_text, write

from threat.history import Store, quarantine
from threat.history.intake.load import load
from threat.history.snapshot import Snapshot
from threat.ids import make_id

CODES = """pattern,kind,code,markers,domestic,note
.*STRANG.*DV,non_fatal_strangulation,,injury,yes,
.*ASSAULT.*KNIFE.*,wounding,,weapon_used:knife|injury,no,
.*ASSAULT.*,assault_with_injury,,injury,unknown,
RISK HIGH,risk_grade,high,,unknown,
CANCELLED,withdrawn,,,unknown,
TEST RECORD,not_a_record,,,unknown,
"""


def loaded(folder: Path, *exports: list[dict[str, str]], codes: str = CODES) -> tuple[Snapshot, Any]:
    """Load exports one after the other with the code map; return the history and the last report."""
    document = yaml.safe_load(profile_text("standard_csv")) | {"code_map": "codes.csv"}
    (folder / "own.yaml").write_text(yaml.safe_dump(document))
    (folder / "codes.csv").write_text(codes)
    for i, rows in enumerate(exports):
        export = write(folder / f"export{i}", events=events(*rows))
        report = load(str(folder / "own.yaml"), export, folder / "store", NOW + i)
    return Store.open(folder / "store").snapshot(), report


def kinds_of(snapshot: Snapshot, columns: str = "kind, code, domestic") -> list[tuple[Any, ...]]:
    rows = snapshot.query(f"SELECT {columns} FROM events ORDER BY recorded_at, record_id, kind").to_pylist()
    return [tuple(row.values()) for row in rows]


def test_a_text_becomes_kind_code_markers_and_domestic(tmp_path: Path) -> None:
    rows = [
        GOOD | {"event": "E1", "kind": "ASSAULT WITH KNIFE", "domestic": ""},
        GOOD | {"event": "E2", "kind": "NON FATAL STRANGULATION DV", "domestic": "", "recorded_at": "2024-02-01"},
        GOOD | {"event": "E3", "kind": "COMMON ASSAULT", "domestic": "yes", "recorded_at": "2024-03-01"},
        GOOD | {"event": "E4", "kind": "RISK HIGH", "domestic": "", "recorded_at": "2024-04-01"},
        GOOD | {"event": "E5", "kind": "TEST RECORD"},
        GOOD | {"event": "E6", "kind": "BARRATRY"},
    ]
    snapshot, report = loaded(tmp_path, rows)
    assert kinds_of(snapshot) == [
        ("injury", "ASSAULT WITH KNIFE", "no"),
        ("weapon_used", "knife", "no"),
        ("wounding", "ASSAULT WITH KNIFE", "no"),
        ("injury", "NON FATAL STRANGULATION DV", "yes"),
        ("non_fatal_strangulation", "NON FATAL STRANGULATION DV", "yes"),
        ("assault_with_injury", "COMMON ASSAULT", "yes"),  # the row's own flag counts before the map
        ("injury", "COMMON ASSAULT", "yes"),
        ("risk_grade", "high", "unknown"),
    ]
    assert {item.reason: item.rows for item in report.reasons} == {"not_a_record": 1, "unknown_code": 1}
    assert set(quarantine.read(snapshot)["detail"]) == {"kind: TEST RECORD", "kind: BARRATRY"}
    records = snapshot.query("SELECT DISTINCT record_id, incident_id, subject_id, person_at_risk_id, recorded_at "
                         "FROM events WHERE domestic = 'no'").to_pylist()  # fmt: skip
    assert len(records) == 1
    assert records[0]["record_id"] == make_id("event", "E1", "standard_csv")


def test_a_correction_replaces_the_markers_of_its_row(tmp_path: Path) -> None:
    first = GOOD | {"event": "E1", "kind": "ASSAULT WITH KNIFE"}
    lesser = GOOD | {"event": "E2", "kind": "COMMON ASSAULT", "supersedes": "E1", "recorded_at": "2024-02-01"}
    gone = {"event": "E3", "kind": "CANCELLED", "supersedes": "E2", "recorded_at": "2024-03-01"}
    for i, exports in enumerate(([[first, lesser, gone | {"occurred_at": "2024-03-01"}]],
                                 [[first], [lesser], [gone | {"occurred_at": "2024-03-01"}]])):  # fmt: skip
        folder = tmp_path / str(i)
        folder.mkdir()
        snapshot, report = loaded(folder, *exports)
        assert report.rows_quarantined == 0
        rows = snapshot.table("events", ["event_id", "kind", "supersedes_event_id"]).to_pylist()
        superseded = {row["supersedes_event_id"] for row in rows}
        in_force = [row["kind"] for row in rows if row["event_id"] not in superseded and row["kind"] != "withdrawn"]
        assert in_force == []
        names = {row["event_id"]: row["kind"] for row in rows}
        pairs = sorted((row["kind"], names[row["supersedes_event_id"]]) for row in rows if row["supersedes_event_id"])
        assert pairs == [
            ("assault_with_injury", "wounding"),
            ("injury", "injury"),
            ("withdrawn", "assault_with_injury"),
            ("withdrawn", "injury"),
            ("withdrawn", "weapon_used"),
        ]


def test_a_mended_code_map_adds_what_it_now_knows_and_nothing_twice(tmp_path: Path) -> None:
    rows = [GOOD | {"event": "", "kind": "COMMON ASSAULT"}, GOOD | {"event": "", "kind": "BARRATRY"}]
    loaded(tmp_path, rows)
    snapshot, report = loaded(tmp_path, rows, codes=CODES + "BARRATRY,harassment,,,no,\n")
    assert report.new["events"] == 1
    assert sorted(kind for (kind,) in kinds_of(snapshot, "kind")) == ["assault_with_injury", "harassment", "injury"]
